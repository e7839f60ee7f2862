package pcapfile

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"github.com/klauspost/compress/zstd"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// start is the time of the first frame of made captures.
var start = time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC)

// classic makes a pcap file of n frames of 60 bytes and more.
func classic(t testing.TB, n int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		data := bytes.Repeat([]byte{byte(i)}, 60+i%1400)
		ci := gopacket.CaptureInfo{Timestamp: start.Add(time.Duration(i) * time.Millisecond), CaptureLength: len(data), Length: len(data) + i%3}
		if err := w.WritePacket(ci, data); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// swapped returns a pcap file in the other byte order.
func swapped(b []byte) []byte {
	b = bytes.Clone(b)
	swap := func(at, n int) {
		for i, j := at, at+n-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	swap(0, 4)
	swap(4, 2)
	swap(6, 2)
	for at := 8; at < 24; at += 4 {
		swap(at, 4)
	}
	for at := 24; at < len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+8:]))
		for i := range 4 {
			swap(at+4*i, 4)
		}
		at += 16 + n
	}
	return b
}

// readAll reads all frames, copied.
func readAll(r *Reader) (sizes []int, times []int64, err error) {
	var b Batch
	for {
		err = r.Next(&b)
		for i := range b.Frames {
			f := &b.Frames[i]
			if f.Num != uint64(len(sizes)+1) {
				return sizes, times, errors.New("frames are misnumbered")
			}
			sizes, times = append(sizes, len(f.Data)), append(times, f.Time)
		}
		b.Release()
		if err != nil {
			return sizes, times, err
		}
	}
}

func TestFormats(t *testing.T) {
	const n = 3000
	le := classic(t, n)
	var gz, zs bytes.Buffer
	gw := gzip.NewWriter(&gz)
	gw.Write(le)
	gw.Close()
	zw, _ := zstd.NewWriter(&zs)
	zw.Write(le)
	zw.Close()
	var ng bytes.Buffer
	w, err := pcapgo.NewNgWriter(&ng, layers.LinkTypeEthernet)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		data := make([]byte, 60+i%1400)
		ci := gopacket.CaptureInfo{Timestamp: start.Add(time.Duration(i) * time.Millisecond), CaptureLength: len(data), Length: len(data)}
		if err := w.WritePacket(ci, data); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	for _, c := range []struct {
		name string
		b    []byte
	}{{"little endian", le}, {"big endian", swapped(le)}, {"gzip", gz.Bytes()}, {"zstd", zs.Bytes()}, {"pcapng", ng.Bytes()}} {
		t.Run(c.name, func(t *testing.T) {
			for _, in := range []io.Reader{bytes.NewReader(c.b), iotest.OneByteReader(bytes.NewReader(c.b))} {
				u, stop, err := unpack(in)
				if err != nil {
					t.Fatal(err)
				}
				r, err := NewReader(c.name, u)
				if err != nil {
					t.Fatal(err)
				}
				sizes, times, err := readAll(r)
				if err != io.EOF || len(sizes) != n {
					t.Fatalf("got %d frames, %v, want %d", len(sizes), err, n)
				}
				for i := range sizes {
					if want := start.Add(time.Duration(i) * time.Millisecond).UnixNano(); sizes[i] != 60+i%1400 || times[i] != want {
						t.Fatalf("frame %d: %d bytes at %d, want %d at %d", i, sizes[i], times[i], 60+i%1400, want)
					}
				}
				r.Close()
				stop()
			}
		})
	}
}

func TestBroken(t *testing.T) {
	b := classic(t, 10)
	huge := bytes.Clone(b)
	binary.LittleEndian.PutUint32(huge[24+8:], 1<<30)
	later := bytes.Clone(b)
	first := 24 + 16 + int(binary.LittleEndian.Uint32(b[24+8:]))
	binary.LittleEndian.PutUint32(later[first+8:], 1<<30)
	kuzn := bytes.Clone(b)
	binary.LittleEndian.PutUint32(kuzn, magicKuzn)
	for _, c := range []struct {
		name   string
		b      []byte
		frames int
		want   string
	}{
		{"empty", nil, 0, "x: byte 0: file is empty"},
		{"text", []byte("hello, world"), 0, "x: byte 0: not a capture: it starts with 68 65 6c 6c"},
		{"header cut", b[:20], 0, "x: byte 0: capture ends in the middle of a record"},
		{"record header cut", b[:24+8], 0, "x: byte 24: capture ends in the middle of a record"},
		{"record cut", b[:len(b)-1], 9, "capture ends in the middle of a record"},
		{"record too long", huge, 0, "x: byte 24: record of 1073741824 bytes: want at most 16777216"},
		{"later record too long", later, 1, "record of 1073741824 bytes: rest of the capture is damaged"},
		{"modified format", kuzn, 0, "x: byte 0: capture of a modified pcap format, which is not read; convert it to pcapng"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := NewReader("x", bytes.NewReader(c.b))
			n := 0
			if err == nil {
				var sizes []int
				sizes, _, err = readAll(r)
				n = len(sizes)
			}
			if err == nil || !strings.HasSuffix(err.Error(), c.want) || n != c.frames {
				t.Errorf("got %d frames, %v; want %d, %s", n, err, c.frames, c.want)
			}
		})
	}
}

func TestFolderByTime(t *testing.T) {
	dir := t.TempDir()
	late := classic(t, 1)
	early := bytes.Clone(late)
	binary.LittleEndian.PutUint32(early[24:], binary.LittleEndian.Uint32(early[24:])-10)
	for name, b := range map[string][]byte{"a.pcap": late, "b.pcap": early, "notes.txt": []byte("no capture")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, notes, err := List([]string{dir})
	if err != nil || len(files) != 2 || filepath.Base(files[0]) != "b.pcap" || len(notes) != 1 {
		t.Errorf("got %v, %v, %v", files, notes, err)
	}
}

func TestTimeResolutions(t *testing.T) {
	for _, c := range []struct {
		name string
		i    iface
		v    uint64
		want int64
	}{
		{"microseconds", iface{exp: 6}, 1_500_000, 1_500_000_000},
		{"nanoseconds", iface{exp: 9}, 1_500_000_001, 1_500_000_001},
		{"seconds", iface{exp: 0}, 7, 7_000_000_000},
		{"2^-10", iface{exp: 10, binary: true}, 1536, 1_500_000_000},
		{"2^-63", iface{exp: 63, binary: true}, 3 << 62, 1_500_000_000},
		{"offset", iface{exp: 6, offset: 100}, 1, 100_000_001_000},
		{"absurd offset", iface{exp: 6, offset: -1 << 62}, 1, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.i.time(c.v); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func FuzzPcap(f *testing.F) {
	frames := packettest.Every(1e6, []byte("first"), nil, make([]byte, 300))
	for _, p := range []packettest.Pcap{{Link: packet.LinkEthernet}, {Big: true}, {Nano: true, Snap: 100}, {Big: true, Nano: true}} {
		b := p.File(frames)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(readFuzzed)
}

func FuzzPcapng(f *testing.F) {
	frames := packettest.Every(1e6, []byte("first"), nil, make([]byte, 300))
	frames[1].Iface = 1
	for _, big := range []bool{false, true} {
		b := packettest.PcapNG(big, []packettest.Interface{{Link: packet.LinkEthernet}, {Link: packet.LinkRaw, Resolution: 0x8a, Offset: 100}}, frames)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(readFuzzed)
}

// readFuzzed reads what may be a capture: never more bytes than there are.
func readFuzzed(t *testing.T, in []byte) {
	r, err := NewReader("x", bytes.NewReader(in))
	if err != nil {
		return
	}
	defer r.Close()
	var b Batch
	total := 0
	for {
		err := r.Next(&b)
		for i := range b.Frames {
			fr := &b.Frames[i]
			total += len(fr.Data)
			if int(fr.Wire) < len(fr.Data) {
				t.Fatalf("wire %d below captured %d", fr.Wire, len(fr.Data))
			}
		}
		b.Release()
		if err != nil {
			break
		}
	}
	if total > len(in) {
		t.Fatalf("%d bytes out of %d", total, len(in))
	}
}

// TestMade reads one conversation from files of every format.
func TestMade(t *testing.T) {
	const dir = "../../../testdata/captures/format"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		t.Run(e.Name(), func(t *testing.T) {
			f, err := Open(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			sizes, times, err := readAll(f.Reader)
			if err != io.EOF || len(sizes) != 10 {
				t.Fatalf("%d frames, %v; want 10", len(sizes), err)
			}
			for i, at := range times {
				if off := at - packettest.Start - int64(i)*1000123; off > 0 || off < -1e6 {
					t.Errorf("frame %d is %d ns off", i+1, off)
				}
			}
		})
	}
}

// TestSnap: of a record longer than the file's snap length says, no more counts.
func TestSnap(t *testing.T) {
	r, err := NewReader("x", bytes.NewReader(packettest.Pcap{Snap: 3}.File(packettest.Every(1, []byte("12345"), []byte("67")))))
	if err != nil {
		t.Fatal(err)
	}
	if sizes, _, _ := readAll(r); !slices.Equal(sizes, []int{3, 2}) {
		t.Errorf("frames of %v bytes, want 3 and 2", sizes)
	}
}

func BenchmarkNext(b *testing.B) {
	file := classic(b, 50_000)
	var batch Batch
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	frames := 0
	for b.Loop() {
		r, err := NewReader("x", bytes.NewReader(file))
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			err = r.Next(&batch)
			frames += len(batch.Frames)
			batch.Release()
		}
		r.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(frames), "ns/frame")
}
