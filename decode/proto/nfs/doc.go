// Package nfs parses the network file system, versions 2 and 3 (RFC 1094, 1813), over
// ONC RPC (RFC 5531) on UDP and TCP. Calls of version 4 are recognised and passed over.
//
// A transaction is a call and its reply, or a file that is read, or in version 3
// written, piece by piece. Over TCP a record is put together from one fragment of at most maxRecord
// bytes; longer or further fragments are passed over. Of a connection maxCalls calls
// wait for their reply, and the names of maxNames handles are known.
package nfs
