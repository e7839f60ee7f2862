// Package enip parses EtherNet/IP over TCP and UDP (ODVA, The CIP Networks
// Library volume 2, chapter 2: encapsulation) and the messages of the Common
// Industrial Protocol in it (volume 1, chapter 2 and appendices B and C).
//
// A transaction is a request with its response, by command, session and sender
// context; what is not answered is complete at once. Of a message at most
// maxMessages CIP messages are read, those of a multiple service packet or of an
// unconnected send one level down among them, each with at most maxSegments
// segments of its path. The data of services is passed over.
package enip
