// Package afpacket reads frames of an interface from a ring that kernel and
// process share: AF_PACKET with TPACKET_V3 (packet(7), the kernel's
// packet_mmap.rst), in pure Go.
//
// The ring is made of blocks. The kernel fills one with frames until it is full or
// its time is over, and hands it over; it is the caller's until Block.Release.
// A ring whose blocks are all taken loses frames, which the kernel counts.
package afpacket
