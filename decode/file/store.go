package file

import "weir/decode/buffer"

const (
	// maxHeld bounds the bytes held for a file while it is not decided whether it
	// is stored. Rules decide on the first bytes, or at the end of small files.
	maxHeld = 1 << 20

	maxIdle = 64 // files kept for reuse
)

// Sink keeps the bytes of stored files.
type Sink interface {
	// Write takes the next bytes of f. It does not keep b.
	Write(f *File, b []byte)
	// Close ends f, whose SHA256 is ready, and sets f.Stored if it was kept.
	Close(f *File)
}

// Store is the set-up of file tracking that all parsers of a worker share.
type Store struct {
	Hashes Hashes // digests of every file
	Magic  bool   // type of every file
	Limit  uint64 // bytes followed of each file; 0 is unlimited
	// Window: bytes are kept for inspection; nobody asks otherwise.
	Window bool
	Sink   Sink // nil: nothing is stored
	All    bool // store every file
	// Ask: rules may ask for a file to be stored by File.Keep after bytes of it
	// have come; they are held until then.
	Ask     bool
	Buffers *buffer.Pool // of the worker; nil: memory of one's own

	// Kept counts the files whose storing has begun.
	Kept uint64

	next uint32
	idle []*File
}

// List is the files of one direction of a transaction, oldest first.
type List struct {
	Files []*File
}

// Open adds a file to l.
func (s *Store) Open(l *List, name []byte, tx uint64) *File {
	var f *File
	if n := len(s.idle); n > 0 {
		f, s.idle = s.idle[n-1], s.idle[:n-1]
	} else {
		f = &File{}
	}
	s.next++
	*f = File{
		ID: s.next, TxID: tx, Name: append(f.Name[:0], name...), limit: s.Limit, sink: s.Sink, typed: s.Magic, pool: s.Buffers, kept: &s.Kept,
		hashes: f.hashes, head: f.head[:0], window: f.window,
	}
	f.Want(s.Hashes)
	switch {
	case s.Sink == nil:
	case s.All:
		f.Keep()
	default:
		f.hold = s.Ask
	}
	l.Files = append(l.Files, f)
	return f
}

// Free gives the files of a list back. Those still open are abandoned.
func (s *Store) Free(l *List) {
	for i, f := range l.Files {
		f.Abandon()
		f.forget()
		if len(s.idle) < maxIdle {
			s.idle = append(s.idle, f)
		}
		l.Files[i] = nil
	}
	l.Files = l.Files[:0]
}
