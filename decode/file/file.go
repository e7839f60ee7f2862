// Package file follows files through transactions: their name, their bytes in
// order, hashes, type, and whether they are kept.
//
// A parser opens a File on a List with Store.Open, appends its bytes in order
// and closes it. Bytes are held only as long as inspection needs them, or until it
// is decided whether the file is stored; hashes are computed as they pass. All of
// it belongs to one worker.
package file

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"weir/decode/buffer"
	"weir/decode/file/magic"
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

// File is one file in transit.
type File struct {
	ID    uint32
	TxID  uint64
	Name  []byte
	State State
	Size  uint64 // bytes seen, and missing in gaps
	Gaps  bool
	// HasRange: a part of a larger file, from Start to End, both included.
	HasRange   bool
	Start, End uint64
	// Stored: kept by the file store; Store: a rule or the configuration asks for
	// it; NoStore: nothing will. Set the latter two by Keep and Drop.
	Stored, Store, NoStore bool
	Logged                 bool

	MD5    [md5.Size]byte
	SHA1   [sha1.Size]byte
	SHA256 [sha256.Size]byte
	Have   Hashes // digests that are ready

	hashes [hashKinds]hash.Hash
	want   Hashes
	typed  bool   // the type is wanted
	head   []byte // then the first bytes, at most magic.Need
	window []byte // bytes that inspection or the store may still need
	pool   *buffer.Pool
	base   uint64 // offset of window[0] in the file
	done   uint64 // bytes that inspection is done with
	limit  uint64
	hold   bool // not decided: window keeps all bytes
	magic  string
	sink   Sink
	cut    bool    // by Cut
	kept   *uint64 // Store.Kept
}

// Append adds bytes; b is not kept beyond what inspection needs. window says
// that inspection does.
func (f *File) Append(b []byte, window bool) {
	if f.State != Open || len(b) == 0 {
		return
	}
	cut := f.limit > 0 && f.Size+uint64(len(b)) > f.limit
	if cut {
		b = b[:f.limit-f.Size]
	}
	f.hash(f.want, b)
	if n := magic.Need - len(f.head); n > 0 && f.typed {
		f.head = append(f.head, b[:min(n, len(b))]...)
		f.magic = ""
	}
	switch {
	case f.hold && len(f.window)+len(b) > maxHeld:
		f.Drop()
	case f.Store:
		f.sink.Write(f, b)
	}
	f.Size += uint64(len(b))
	if window || f.hold {
		f.window = f.pool.Append(f.window, b)
		if !window {
			f.done = f.Size
		}
	} else {
		f.forget()
	}
	if cut {
		f.close(Truncated)
	}
}

// Gap notes that n bytes are missing: they count in the size, and nothing before
// them can be looked at with what comes behind.
func (f *File) Gap(n uint64) {
	if f.State != Open || n == 0 {
		return
	}
	f.Gaps = true
	f.Size += n
	f.Drop()
	f.forget()
}

// forget gives up the window.
func (f *File) forget() {
	f.window = f.pool.Free(f.window)
	f.base, f.done = f.Size, f.Size
}

// Close ends the file: whole, unless cut says that the rest is not followed. The
// record of a file that is not whole has its SHA256 only, of what was seen.
func (f *File) Close(cut bool) {
	if cut || f.cut || f.Gaps {
		f.close(Truncated)
	} else {
		f.close(Closed)
	}
}

// Cut says that bytes at the end will be missing, whenever the file is closed.
func (f *File) Cut() { f.cut = true }

// Abandon ends the file because its flow has ended. Unless it is stored, it has no
// digests.
func (f *File) Abandon() { f.end(Truncated, 0) }

// Fail ends the file because what carries it is broken.
func (f *File) Fail() { f.end(Error, 0) }

func (f *File) close(s State) {
	ready := SHA256
	if s == Closed {
		ready |= MD5 | SHA1
	}
	f.end(s, ready)
}

func (f *File) end(s State, ready Hashes) {
	if f.State != Open {
		return
	}
	f.State = s
	if f.Store {
		ready |= SHA256
	}
	f.sum(ready)
	if f.Store {
		f.sink.Close(f)
	}
}

// Magic returns the type of the file as libmagic words it, by the first bytes
// that have come; "" if there are none, or Store.Magic is not set.
func (f *File) Magic() string {
	if f.magic == "" && len(f.head) > 0 {
		f.magic = magic.Type(f.head)
	}
	return f.magic
}

// View returns the bytes that inspection is not done with, the offset of the
// first, and whether nothing more comes. It is valid until the next Append.
func (f *File) View() (b []byte, offset uint64, end bool) {
	return f.window[f.done-f.base:], f.done, f.State != Open
}

// Inspected says that inspection does not need the bytes before offset again.
func (f *File) Inspected(offset uint64) {
	if offset <= f.done {
		return
	}
	f.done = min(offset, f.base+uint64(len(f.window)))
	if !f.hold {
		f.release()
	}
}

// release forgets the bytes that inspection is done with.
func (f *File) release() {
	left := f.window[f.done-f.base:]
	f.base = f.done
	if len(left) == 0 {
		f.window = f.pool.Free(f.window)
		return
	}
	f.window = f.window[:copy(f.window, left)]
}

// Keep asks for the file to be stored. It reports false if bytes that would be
// needed are gone, or nothing stores files.
func (f *File) Keep() bool {
	if f.Store {
		return true
	}
	if f.sink == nil || f.NoStore || f.Size > 0 && !f.hold {
		return false
	}
	all := f.window
	if !f.Want(SHA256) {
		return false
	}
	f.Store, f.hold = true, false
	*f.kept++
	if len(all) > 0 {
		f.sink.Write(f, all)
	}
	f.release()
	if f.State != Open {
		f.sum(SHA256)
		f.sink.Close(f)
	}
	return true
}

// Drop says that the file will not be stored.
func (f *File) Drop() {
	if f.Store {
		return
	}
	f.NoStore = true
	if f.hold {
		f.hold = false
		f.release()
	}
}
