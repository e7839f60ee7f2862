// Package pgsql parses the frontend and backend protocol of PostgreSQL, version 3.0
// (PostgreSQL manual, "Message Formats").
//
// A transaction is a request with all that the server sends up to its next prompt:
// start-up, each step of authentication, a query, the data of a copy. Rows and the
// data of copies are counted and passed over, however long; of any other message at
// most maxTake bytes are kept. Messages of the extended query protocol (Parse, Bind,
// Execute and their kin) make one transaction up to the answer, without their values.
package pgsql
