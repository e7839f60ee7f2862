// Package spool keeps events on disk between the packet path and whoever takes
// them away.
//
// A Producer belongs to one goroutine. It collects records in a buffer and hands
// it over a bounded lock-free ring to the one writer, which numbers the records
// and appends them to segment files. A producer never waits for the disk: a full
// ring drops and counts (Options.Wait makes it wait, for captures read from
// files). The writer groups its syncs: a record of a durable class is on the
// platter at most Options.SyncEvery and one fdatasync after it was written.
//
// # Format, version 1
//
// A folder holds segments, named by their number in 16 hexadecimal digits and
// ".seg", a file for each cursor, the ledger, and a lock. Numbers are little-endian. A segment begins with a head of 24
// bytes: "weirspl\n", version (2), 6 zero bytes, CRC32C of what precedes (4), 4
// zero bytes. Records follow:
//
//	length of the body (4)   CRC32C of all that follows (4)
//	sequence number (8)      class (1)   zero (3)   body
//
// A segment with a higher version is refused by name, not guessed at; so is a
// file with another magic. A record that is cut short or does not fit its
// checksum ends its segment: everything before it is good, as records are only
// ever appended.
//
// # Recovery, quota, full disks
//
// Open cuts the last segment behind its last whole record and starts a new one.
// A segment is removed when all cursors are behind it. Each class has a share of
// the quota from which on it is shed, so that the cheap ones go first; what is
// shed has used up its sequence number, and so shows as a gap, which the file "ledger"
// explains (Losses). A write that fails
// (a full disk) is taken back whole, counted, and tried again with the next
// records.
package spool
