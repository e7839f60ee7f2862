// Package dnp3 parses the distributed network protocol over TCP (IEEE 1815-2012):
// link frames (clause 9), transport segments (clause 8), and the application
// fragments that they make up (clause 4) with their objects (annex A).
//
// A transaction is one fragment, of a request or of a response; confirmations of
// the master are none. A fragment has at most maxFragment bytes. Where objects
// begin is found when a fragment is complete; their points are read again where
// a record shows them. A frame that is broken is passed over, and the next one
// looked for by its start bytes.
package dnp3
