// Package pcapfile reads capture files: pcap and pcapng, plain or packed with
// gzip or zstd, from files, folders and standard input.
//
// A Reader reads one stream of bytes in blocks of blockSize and hands out
// batches of frames that alias the block. A batch keeps its block alive until
// it is released, so that it may travel to another goroutine; blocks are used
// again.
//
// What is wrong with a file is an error of type *Error with the file's name and
// the byte offset; the frames before it have been delivered. A file that ends in
// the middle of a record is cut short, not broken: the error is ErrTruncated; so is
// one with nonsense behind good records: ErrDamaged.
//
// Formats: pcap after draft-ietf-opsawg-pcap, pcapng after
// draft-ietf-opsawg-pcapng. Of pcapng all packet blocks are read (EPB, SPB, the
// obsolete PB), with the link type, snap length, time stamp resolution and
// offset of each interface of each section; other blocks are passed over.
package pcapfile
