// Package file follows files through transactions: their name, their bytes in
// order, hashes, type, and whether they are kept.
//
// A parser opens a File on a List with Store.Open, appends its bytes in order
// and closes it. The bytes are not held beyond what inspection needs; hashes are
// computed as they pass.
package file

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
)

// State of a file.
type State uint8

// States.
const (
	Open      State = iota
	Closed          // all of it was seen
	Truncated       // cut: a limit, a gap at the end, the flow's end
	Error
)

// String returns the name that records use: an open file is UNKNOWN there.
func (s State) String() string { return [...]string{"UNKNOWN", "CLOSED", "TRUNCATED", "ERROR"}[s&3] }

// Hashes say which digests are wanted.
type Hashes uint8

// Digests.
const (
	MD5 Hashes = 1 << iota
	SHA1
	SHA256
)

// headSize is how many bytes are kept to tell the type.
const headSize = 1024

// File is one file in transit.
type File struct {
	ID    uint32
	TxID  uint64
	Name  []byte
	State State
	Size  uint64 // bytes seen
	Gaps  bool
	// HasRange: a part of a larger file, from Start to End, both included.
	HasRange   bool
	Start, End uint64
	// Stored: kept by the file store; Store: a rule or the configuration asks for it.
	Stored, Store, NoStore bool
	Logged                 bool

	MD5    [md5.Size]byte
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte
	Have   Hashes // digests that are ready

	hashes [3]hash.Hash
	want   Hashes
	head   []byte
	window []byte // bytes that inspection may still need
	base   uint64 // offset of window[0] in the file
	limit  uint64
	magic  string
	sink   Sink
}

// Sink keeps the bytes of stored files.
type Sink interface {
	Write(f *File, b []byte)
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
		ID: s.next, TxID: tx, Name: append(f.Name[:0], name...), want: s.Hashes, limit: s.Limit,
		hashes: f.hashes, head: f.head[:0], window: f.window[:0], sink: s.Sink, Store: s.All && s.Sink != nil,
	}
	for i, h := range f.hashes {
		if h != nil && f.want&(1<<i) != 0 {
			h.Reset()
		}
	}
	l.Files = append(l.Files, f)
	return f
}

// Free gives the files of a list back.
func (s *Store) Free(l *List) {
	const maxIdle = 64
	for i, f := range l.Files {
		if len(s.idle) < maxIdle && cap(f.window) <= 1<<17 {
			s.idle = append(s.idle, f)
		}
		l.Files[i] = nil
	}
	l.Files = l.Files[:0]
}

// Want asks for digests of a file that has only begun; it reports false if
// bytes have passed already.
func (f *File) Want(h Hashes) bool {
	if f.want&h == h {
		return true
	}
	if f.Size > 0 {
		return false
	}
	f.want |= h
	return true
}

// Append adds bytes; b is not kept beyond what inspection needs. window says
// that inspection does.
func (f *File) Append(b []byte, window bool) {
	if f.State != Open || len(b) == 0 {
		return
	}
	if f.limit > 0 && f.Size+uint64(len(b)) > f.limit {
		b = b[:f.limit-f.Size]
		defer f.close(Truncated)
	}
	for i := range f.hashes {
		if f.want&(1<<i) == 0 {
			continue
		}
		if f.hashes[i] == nil {
			f.hashes[i] = [...]func() hash.Hash{md5.New, sha1.New, sha256.New}[i]()
		}
		f.hashes[i].Write(b)
	}
	if n := headSize - len(f.head); n > 0 {
		f.head = append(f.head, b[:min(n, len(b))]...)
	}
	if window {
		f.window = append(f.window, b...)
	} else {
		f.base = f.Size + uint64(len(b))
	}
	f.Size += uint64(len(b))
	if f.Store && f.sink != nil {
		f.sink.Write(f, b)
	}
}

// Gap notes that bytes are missing.
func (f *File) Gap(n uint64) {
	if f.State == Open {
		f.Gaps = true
	}
}

// Close ends the file: whole, unless cut says that the rest never came.
func (f *File) Close(cut bool) {
	if cut || f.Gaps {
		f.close(Truncated)
	} else {
		f.close(Closed)
	}
}

func (f *File) close(s State) {
	if f.State != Open {
		return
	}
	f.State = s
	for i, h := range f.hashes {
		if h == nil || f.want&(1<<i) == 0 || s == Truncated && f.Gaps {
			continue
		}
		switch i {
		case 0:
			h.Sum(f.MD5[:0])
		case 1:
			h.Sum(f.SHA1[:0])
		case 2:
			h.Sum(f.SHA256[:0])
		}
		f.Have |= 1 << i
	}
	if f.Store && f.sink != nil {
		f.sink.Close(f)
	}
}

// Head returns the first bytes, up to headSize, for telling the type.
func (f *File) Head() []byte { return f.head }

// View returns the bytes that are held for inspection, the offset of the first,
// and whether nothing more comes.
func (f *File) View() (b []byte, offset uint64, end bool) {
	return f.window, f.base, f.State != Open
}

// Inspected forgets the bytes before offset.
func (f *File) Inspected(offset uint64) {
	if offset <= f.base {
		return
	}
	n := min(int(offset-f.base), len(f.window))
	f.window = f.window[:copy(f.window, f.window[n:])]
	f.base += uint64(n)
}
