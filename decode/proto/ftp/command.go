package ftp

import "bytes"

// commands are those that records and rules know by name (RFC 959 section 4.1,
// RFC 2228, 2428, 3659 and what servers add).
var commands = [...]string{
	"ABOR", "ACCT", "ALLO", "APPE", "AUTH TLS", "CDUP", "CHMOD", "CWD", "DELE", "EPRT", "EPSV", "HELP", "IDLE", "LIST", "MAIL", "MDTM",
	"MKD", "MLFL", "MODE", "MRCP", "MRSQ", "MSAM", "MSND", "MSOM", "NLST", "NOOP", "PASS", "PASV", "PORT", "PWD", "QUIT",
	"REIN", "REST", "RETR", "RMD", "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU", "SYST",
	"TYPE", "UMASK", "USER",
}

// findCommand returns the index of the command that a line begins with, or -1.
func findCommand(line []byte) int {
	for i, c := range commands {
		if len(line) >= len(c) && bytes.EqualFold(line[:len(c)], []byte(c)) && (len(line) == len(c) || line[len(c)] == ' ') {
			return i
		}
	}
	return -1
}
