// Package ftp reads the control connection of FTP (RFC 959, 2428) and the files
// of its data connections.
//
// A command and the lines that answer it are one transaction; what the server
// says unasked, its greeting, is one without a command. A transfer command
// announces the data connection that the reply to PASV, EPSV, PORT or EPRT
// before it has agreed on; that connection is a protocol of its own, ftp-data.
package ftp
