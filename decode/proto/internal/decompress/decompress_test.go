package decompress

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"testing"

	"github.com/andybalholm/brotli"
)

// sample is text with repetitions, near and far, and bytes of every value.
var sample = func() []byte {
	var b []byte
	b = append(b, bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog. "), 20)...)
	for range 3 {
		for c := range 256 {
			b = append(b, byte(c))
		}
	}
	return append(b, bytes.Repeat([]byte("Lorem ipsum dolor sit amet, "), 30)...)
}()

// large is longer than the window, and random enough to fill blocks.
var large = func() []byte {
	b := make([]byte, 0, 300<<10)
	x := uint32(1)
	for len(b) < 300<<10 {
		x = x*1664525 + 1013904223
		if x>>30 == 0 && len(b) > 1000 {
			at := len(b) - 1 - int(x>>8)%min(len(b)-1, 32000)
			n := min(258, len(b)-at, 3+int(x>>3)%200)
			b = append(b, b[at:at+n]...)
			continue
		}
		b = append(b, byte(x>>24)&0x3f+' ')
	}
	return b
}()

// lzmaSample is sample as xz --format=lzma writes it.
const lzmaSample = "XQAAgAD//////////wAqGgiiAyVm8Ut4xaIF/y7m2dIgGq00+OId6EE2+twGabs85BA0Jwnrs2bj7TeY7ZKt1Sc8yBDB869Xt6yg" +
	"k5XOKTiwDdooIZaF6cLcpu01GX0eYBII849ab/RZXkoE7iu7EisgOa28L22hfwnwj4n0Cv0a12aokM8UK4y7Z+NL2VuamMrGEMMU" +
	"dGDiGiAdUxqiVV9qXcXjDdYWEEtN6PrQytJN1b8cB9GKhz69pBKzu2ehXm9jneuR+w+AnfK/wrGYq4Df4bvkHg2bI81Y8L5bnYax" +
	"Ave/lIU6manMfIf8oe6MFGLoK3EyUTXqtp0ZTcFBwJwsAQDrYFzzXrCKm4EVhxjf71gAHqUKJEESRdOMjRFgJlMc/juT7wsNhLH1" +
	"Es+xmLn5XYgRGHac4/wA6o6SF+c3mYvqtzQCxb/891jA"

type buffer struct {
	bytes.Buffer
	limit int
}

func (b *buffer) Decoded(p []byte) bool {
	b.Write(p)
	return b.limit == 0 || b.Len() < b.limit
}

func pack(t testing.TB, data []byte, open func(w io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gz(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
func zl(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
func br(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }
func raw(level int) func(w io.Writer) io.WriteCloser {
	return func(w io.Writer) io.WriteCloser {
		f, err := flate.NewWriter(w, level)
		if err != nil {
			panic(err)
		}
		return f
	}
}

func named(w io.Writer) io.WriteCloser {
	g := gzip.NewWriter(w)
	g.Name, g.Comment, g.Extra = "a.txt", "comment", []byte("xx")
	return g
}

func TestDecode(t *testing.T) {
	lz, err := base64.StdEncoding.DecodeString(lzmaSample)
	if err != nil {
		t.Fatal(err)
	}
	newFlate := func() Decoder { return NewFlate() }
	for _, c := range []struct {
		name string
		open func() Decoder
		in   []byte
		want []byte
	}{
		{"gzip", newFlate, pack(t, sample, gz), sample},
		{"gzip with name, comment, extra", newFlate, pack(t, sample, named), sample},
		{"gzip large", newFlate, pack(t, large, gz), large},
		{"zlib", newFlate, pack(t, sample, zl), sample},
		{"bare", newFlate, pack(t, sample, raw(9)), sample},
		{"bare large", newFlate, pack(t, large, raw(6)), large},
		{"stored", newFlate, pack(t, large, raw(0)), large},
		{"Huffman only", newFlate, pack(t, large, raw(flate.HuffmanOnly)), large},
		{"empty", newFlate, pack(t, nil, gz), nil},
		{"brotli", func() Decoder { return NewBrotli() }, pack(t, sample, br), sample},
		{"brotli large", func() Decoder { return NewBrotli() }, pack(t, large, br), large},
		{"lzma", func() Decoder { return NewLZMA(8 << 20) }, lz, sample},
	} {
		for _, cut := range []int{1, 7, 1460, 1 << 30} {
			t.Run(fmt.Sprintf("%s/%d", c.name, cut), func(t *testing.T) {
				d := c.open()
				defer d.Release()
				var out buffer
				for in := c.in; len(in) > 0; {
					n := min(cut, len(in))
					if err := d.Write(in[:n], &out); err != nil {
						t.Fatalf("after %d bytes: %v", out.Len(), err)
					}
					in = in[n:]
				}
				if err := d.Finish(&out); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(out.Bytes(), c.want) {
					t.Errorf("got %d bytes, want %d", out.Len(), len(c.want))
				}
				if f, ok := d.(*Flate); ok && !f.Ended() {
					t.Error("end not seen")
				}
			})
		}
	}
}

func TestBroken(t *testing.T) {
	g := pack(t, sample, gz)
	crc := bytes.Clone(g)
	crc[len(crc)-8] ^= 1
	for _, c := range []struct {
		name string
		in   []byte
		want int // bytes decoded before the error
		err  error
	}{
		{"text", []byte("<html>this is no gzip</html>"), 0, ErrData},
		{"wrong checksum", crc, len(sample), ErrChecksum},
		{"reserved block type", []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 7, 0, 0, 0}, 0, ErrData},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := NewFlate()
			defer d.Release()
			var out buffer
			if err := d.Write(c.in, &out); err != c.err {
				t.Errorf("got error %v, want %v", err, c.err)
			}
			if out.Len() != c.want {
				t.Errorf("got %d bytes, want %d", out.Len(), c.want)
			}
		})
	}
}

func TestSinkStops(t *testing.T) {
	d := NewFlate()
	defer d.Release()
	out := buffer{limit: 1}
	if err := d.Write(pack(t, large, gz), &out); err != nil || !d.Ended() {
		t.Errorf("got error %v, ended %v, want none, true", err, d.Ended())
	}
	if out.Len() >= len(large) {
		t.Errorf("got all %d bytes", out.Len())
	}
}

func TestLZMAMemory(t *testing.T) {
	lz, _ := base64.StdEncoding.DecodeString(lzmaSample)
	d := NewLZMA(1 << 20)
	defer d.Release()
	if err := d.Write(lz, &buffer{}); err != ErrMemory {
		t.Errorf("got %v, want %v", err, ErrMemory)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), pack(f, sample, gz), uint8(9))
	f.Add(uint8(0), pack(f, sample, raw(6)), uint8(3))
	f.Add(uint8(1), pack(f, sample, br), uint8(100))
	lz, _ := base64.StdEncoding.DecodeString(lzmaSample)
	f.Add(uint8(2), lz, uint8(50))
	f.Fuzz(func(t *testing.T, kind uint8, in []byte, cut uint8) {
		open := func() Decoder {
			switch kind % 3 {
			case 1:
				return NewBrotli()
			case 2:
				return NewLZMA(1 << 24)
			}
			return NewFlate()
		}
		whole := buffer{limit: 1 << 20}
		d := open()
		err := d.Write(in, &whole)
		if err == nil {
			err = d.Finish(&whole)
		}
		d.Release()
		parts := buffer{limit: 1 << 20}
		d = open()
		var perr error
		for b := in; len(b) > 0 && perr == nil; {
			n := min(int(cut)+1, len(b))
			perr = d.Write(b[:n], &parts)
			b = b[n:]
		}
		if perr == nil {
			perr = d.Finish(&parts)
		}
		d.Release()
		if n := min(whole.Len(), parts.Len()); !bytes.Equal(whole.Bytes()[:n], parts.Bytes()[:n]) {
			t.Errorf("cut at %d decodes to other bytes", int(cut)+1)
		}
		if kind%3 == 0 && whole.Len() < 1<<20 && (whole.Len() != parts.Len() || (err == nil) != (perr == nil)) {
			t.Errorf("cut at %d: got %d bytes, error %v; whole: %d, %v", int(cut)+1, parts.Len(), perr, whole.Len(), err)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	in := pack(b, large, gz)
	b.SetBytes(int64(len(large)))
	b.ReportAllocs()
	var out discard
	for b.Loop() {
		out = 0
		d := NewFlate()
		for in := in; len(in) > 0; {
			n := min(1460, len(in))
			if err := d.Write(in[:n], &out); err != nil {
				b.Fatal(err)
			}
			in = in[n:]
		}
		d.Release()
		if int(out) != len(large) {
			b.Fatalf("got %d bytes", out)
		}
	}
}

type discard int

func (d *discard) Decoded(b []byte) bool {
	*d += discard(len(b))
	return true
}
