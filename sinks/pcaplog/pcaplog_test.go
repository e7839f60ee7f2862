package pcaplog

import (
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/pierrec/lz4/v4"

	"weir/decode/packet"
)

func frame(ns int64, data string, link packet.LinkType) *packet.Frame {
	return &packet.Frame{Time: ns, Data: []byte(data), Wire: uint32(len(data)) + 1, Link: link}
}

func TestWriter(t *testing.T) {
	const s = 1_000_000_000
	for _, tt := range []struct {
		name   string
		opt    Options
		frames []*packet.Frame
		want   map[string]int // bytes of each file
	}{
		{"none", Options{Limit: 100}, nil, map[string]int{}},
		{"one file", Options{Limit: 100}, []*packet.Frame{frame(5*s+7000, "ab", 1), frame(6*s, "c", 1)}, map[string]int{"x.5": 24 + 18 + 17}},
		{"with microseconds", Options{Limit: 100, Micros: true}, []*packet.Frame{frame(5*s+7000, "ab", 1)}, map[string]int{"x.5.000007": 42}},
		{"a full one", Options{Limit: 50}, []*packet.Frame{frame(5*s, "ab", 1), frame(6*s, "c", 1)}, map[string]int{"x.5": 42, "x.6": 41}},
		{"full within a second", Options{Limit: 50}, []*packet.Frame{frame(5*s, "ab", 1), frame(5*s, "c", 1)}, map[string]int{"x.5": 42, "x.5.1": 41}},
		{"links", Options{Limit: 100}, []*packet.Frame{frame(5*s, "ab", 1), frame(6*s, "c", 101)}, map[string]int{"x.5": 42, "x.6": 41}},
		{"oldest goes", Options{Limit: 1, MaxFiles: 1}, []*packet.Frame{frame(5*s, "ab", 1), frame(6*s, "c", 1)}, map[string]int{"x.6": 41}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			tt.opt.Path = filepath.Join(dir, "x")
			w := New(tt.opt)
			for _, f := range tt.frames {
				if !w.Write(f) {
					t.Fatal("not written")
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			files, _ := os.ReadDir(dir)
			if len(files) != len(tt.want) {
				t.Errorf("files %v, want %v", files, tt.want)
			}
			for name, size := range tt.want {
				b, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil || len(b) != size {
					t.Errorf("%s: %d bytes, %v, want %d", name, len(b), err, size)
				}
			}
		})
	}
}

// TestBegin names the first file by the beginning of the log, the others not.
func TestBegin(t *testing.T) {
	dir := t.TempDir()
	w := New(Options{Path: filepath.Join(dir, "x"), Limit: 1})
	w.Begin(3e9)
	w.Begin(4e9)
	w.Write(frame(5e9, "ab", 1))
	w.Write(frame(6e9, "ab", 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x.3", "x.6"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

// TestFrame looks at what is written of a frame.
func TestFrame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	w := New(Options{Path: path, Limit: 1000})
	w.Write(frame(5_000_007_999, "ab", 1))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path + ".5")
	if err != nil {
		t.Fatal(err)
	}
	var got []uint32
	for i := 0; i < 40; i += 4 {
		got = append(got, binary.LittleEndian.Uint32(b[i:]))
	}
	if want := []uint32{0xa1b2c3d4, 4<<16 | 2, 0, 0, snapLen, 1, 5, 7, 2, 3}; !slices.Equal(got, want) || string(b[40:]) != "ab" {
		t.Errorf("%x %q, want %x", got, b[40:], want)
	}
}

// TestLZ4 reads a compressed file back.
func TestLZ4(t *testing.T) {
	dir := t.TempDir()
	for _, level := range []int{0, 3, 9, 16} {
		w := New(Options{Path: filepath.Join(dir, strconv.Itoa(level)+"-%t"), Limit: 1000, LZ4: &LZ4{level, true}})
		w.Write(frame(5e9, "abc", 1))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(filepath.Join(dir, strconv.Itoa(level)+"-5.lz4"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(lz4.NewReader(f))
		if err != nil || len(b) != 24+16+3 || string(b[40:]) != "abc" {
			t.Errorf("level %d: %d bytes, %v", level, len(b), err)
		}
		f.Close()
	}
}

// TestNoFolder tells that nothing can be kept.
func TestNoFolder(t *testing.T) {
	w := New(Options{Path: filepath.Join(t.TempDir(), "none", "x"), Limit: 1000})
	if w.Write(frame(0, "ab", 1)) {
		t.Error("written")
	}
	if err := w.Close(); err == nil {
		t.Error("no error")
	}
}
