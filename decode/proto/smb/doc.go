// Package smb parses Server Message Block, version 1 ([MS-CIFS], [MS-SMB]) and
// versions 2 and 3 ([MS-SMB2]), over the session service of NetBIOS (RFC 1002
// section 4.3) or its length prefix alone.
//
// A transaction is a request and its response, or a file that is read or written
// piece by piece until its handle is closed. Calls of DCE RPC in named pipes are
// read through msrpc. What is encrypted (the transform header of version 3) or
// compressed is passed over.
//
// Bounds: messages other than reads and writes are looked at as a whole up to
// maxMessage bytes and passed over beyond; data of reads and writes goes to the
// file as it comes. Of a connection maxTrees trees, maxHandles handles and
// maxReads reads in flight are known, and of a file the settings' queue of pieces
// that came too early is held. Decisions that need the other side (is a share a
// pipe?) are taken when it has answered.
package smb
