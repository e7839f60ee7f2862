package file

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"math/rand"
	"strings"
	"testing"
)

// memory is a sink that keeps the bytes of files.
type memory struct {
	bytes map[*File][]byte
	ended int
}

func (m *memory) Write(f *File, b []byte) {
	if m.bytes == nil {
		m.bytes = map[*File][]byte{}
	}
	m.bytes[f] = append(m.bytes[f], b...)
}

func (m *memory) Close(f *File) { m.ended++; f.Stored = true }

func TestLife(t *testing.T) {
	const all = MD5 | SHA256
	tests := []struct {
		name  string
		limit uint64
		do    func(f *File)
		state State
		size  uint64
		have  Hashes
	}{
		{"whole", 0, func(f *File) { f.Append([]byte("abc"), false); f.Close(false) }, Closed, 3, all},
		{"cut", 0, func(f *File) { f.Append([]byte("abc"), false); f.Close(true) }, Truncated, 3, SHA256},
		{"open at the end of the flow", 0, func(f *File) { f.Append([]byte("abc"), false); f.Abandon() }, Truncated, 3, 0},
		{"cut by the limit", 4, func(f *File) { f.Append([]byte("abc"), false); f.Append([]byte("def"), false) }, Truncated, 4, SHA256},
		{"as long as the limit", 3, func(f *File) { f.Append([]byte("abc"), false); f.Close(false) }, Closed, 3, all},
		{"with a gap", 0, func(f *File) { f.Append([]byte("a"), false); f.Gap(1); f.Append([]byte("c"), false); f.Close(false) }, Truncated, 3, SHA256},
		{"broken", 0, func(f *File) { f.Append([]byte("a"), false); f.Fail() }, Error, 1, 0},
		{"nothing behind the end", 0, func(f *File) { f.Close(false); f.Append([]byte("a"), false); f.Close(true) }, Closed, 0, all},
		{"without bytes", 0, func(f *File) { f.Close(false) }, Closed, 0, all},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, l := Store{Hashes: all, Limit: tt.limit}, List{}
			f := s.Open(&l, []byte("name"), 3)
			tt.do(f)
			if f.State != tt.state || f.Size != tt.size || f.Have != tt.have {
				t.Errorf("got %v, %d bytes, digests %b; want %v, %d, %b", f.State, f.Size, f.Have, tt.state, tt.size, tt.have)
			}
		})
	}
}

// TestDigests: digests do not depend on how the bytes come, nor on what a
// reused File held before.
func TestDigests(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	s, l := Store{Hashes: MD5 | SHA256}, List{}
	for range 20 {
		all := make([]byte, 1+r.Intn(5000))
		r.Read(all)
		f := s.Open(&l, []byte("x"), 0)
		for b := all; len(b) > 0; {
			n := 1 + r.Intn(len(b))
			f.Append(b[:n], r.Intn(2) == 0)
			b = b[n:]
		}
		f.Close(false)
		if f.MD5 != md5.Sum(all) || f.SHA256 != sha256.Sum256(all) || f.Have != MD5|SHA256 {
			t.Fatal("wrong digest")
		}
		s.Free(&l)
	}
}

func TestView(t *testing.T) {
	s, l := Store{}, List{}
	f := s.Open(&l, nil, 0)
	check := func(want string, offset uint64, end bool) {
		t.Helper()
		if b, at, e := f.View(); string(b) != want || at != offset || e != end {
			t.Errorf("got %q at %d, end %v; want %q at %d, %v", b, at, e, want, offset, end)
		}
	}
	check("", 0, false)
	f.Append([]byte("abcdef"), true)
	check("abcdef", 0, false)
	f.Inspected(4)
	check("ef", 4, false)
	f.Inspected(2) // goes back: nothing
	f.Append([]byte("gh"), true)
	check("efgh", 4, false)
	f.Append([]byte("ij"), false) // nobody inspects these
	check("", 10, false)
	f.Append([]byte("kl"), true)
	f.Inspected(99)
	check("", 12, false)
	f.Close(false)
	check("", 12, true)
}

func TestStore(t *testing.T) {
	big := strings.Repeat("x", maxHeld+1)
	tests := []struct {
		name  string
		store Store
		do    func(f *File)
		want  string
		kept  bool
	}{
		{"all files", Store{All: true}, func(f *File) { f.Append([]byte("ab"), false); f.Close(false) }, "ab", true},
		{"nobody asks", Store{Ask: true}, func(f *File) { f.Append([]byte("ab"), true); f.Close(false) }, "", false},
		{"asked for before", Store{Ask: true}, func(f *File) { f.Keep(); f.Append([]byte("ab"), false); f.Close(false) }, "ab", true},
		{"asked for later", Store{Ask: true}, func(f *File) {
			f.Append([]byte("ab"), true)
			f.Inspected(2)
			f.Append([]byte("cd"), false)
			f.Keep()
			f.Append([]byte("ef"), true)
			f.Close(false)
		}, "abcdef", true},
		{"asked for at the end", Store{Ask: true}, func(f *File) { f.Append([]byte("ab"), true); f.Close(false); f.Keep() }, "ab", true},
		{"declined", Store{Ask: true}, func(f *File) { f.Append([]byte("ab"), true); f.Drop(); f.Keep(); f.Close(false) }, "", false},
		{"too much to wait for", Store{Ask: true}, func(f *File) { f.Append([]byte(big), true); f.Keep(); f.Close(false) }, "", false},
		{"asked for too late", Store{}, func(f *File) { f.Append([]byte("ab"), true); f.Keep(); f.Close(false) }, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var m memory
			var l List
			tt.store.Sink = &m
			f := tt.store.Open(&l, nil, 0)
			tt.do(f)
			if got := string(m.bytes[f]); got != tt.want || f.Stored != tt.kept {
				t.Errorf("got %.20q, stored %v; want %q, %v", got, f.Stored, tt.want, tt.kept)
			}
			if want := sha256.Sum256([]byte(tt.want)); tt.kept && f.SHA256 != want {
				t.Error("wrong digest")
			}
			if tt.kept && m.ended != 1 {
				t.Errorf("ended %d times", m.ended)
			}
		})
	}
}

func TestMagic(t *testing.T) {
	s, l := Store{Magic: true}, List{}
	f := s.Open(&l, nil, 0)
	if got := f.Magic(); got != "" {
		t.Errorf("got %q", got)
	}
	f.Append([]byte("%PDF-"), false)
	f.Append([]byte("1.7\n"), false)
	if got := f.Magic(); got != "PDF document, version 1.7" {
		t.Errorf("got %q", got)
	}
}

func TestNoAllocation(t *testing.T) {
	s, l := Store{Hashes: MD5 | SHA1 | SHA256, Magic: true}, List{}
	chunk := bytes.Repeat([]byte("a"), 1000)
	name := []byte("/index.html")
	n := testing.AllocsPerRun(50, func() {
		f := s.Open(&l, name, 1)
		for range 10 {
			f.Append(chunk, true)
			f.Inspected(f.Size - 100)
		}
		f.Close(false)
		s.Free(&l)
	})
	if n != 0 {
		t.Errorf("a file allocates %v times, want 0", n)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, bb := range []struct {
		name   string
		hashes Hashes
	}{{"plain", 0}, {"sha256", SHA256}} {
		b.Run(bb.name, func(b *testing.B) {
			s, l := Store{Hashes: bb.hashes}, List{}
			f := s.Open(&l, nil, 0)
			chunk := make([]byte, 1400)
			b.SetBytes(1400)
			b.ReportAllocs()
			for b.Loop() {
				f.Append(chunk, true)
				f.Inspected(f.Size - 1000)
			}
			if f.State != Open {
				b.Fatal("ended")
			}
		})
	}
}
