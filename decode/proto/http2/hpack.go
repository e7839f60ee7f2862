package http2

import (
	"bytes"
	"errors"

	"golang.org/x/net/http2/hpack"
)

// Errors of header blocks.
var (
	errShort    = errors.New("header block ends too early")
	errIndex    = errors.New("index without an entry")
	errInteger  = errors.New("integer is too large")
	errSize     = errors.New("table size is not allowed")
	errHuffman  = errors.New("code of Huffman is broken")
	errTooLarge = errors.New("header block is too large")
)

// entryOverhead is what an entry of a table counts besides its bytes (RFC 7541
// section 4.1).
const entryOverhead = 32

// table is the dynamic table of one direction (RFC 7541 section 2.3.2).
type table struct {
	entries []entry // oldest first
	text    []byte  // of the entries, in their order
	first   int     // entries before it are evicted
	size    int     // as section 4.1 counts
	max     int     // set by size updates
	allowed int     // set by the other side's settings
	huff    bytes.Buffer
}

type entry struct{ off, name, value int }

func (t *table) reset() {
	t.entries, t.text, t.first, t.size = t.entries[:0], t.text[:0], 0, 0
	t.max, t.allowed = 4096, 4096
}

// lookup returns the entry of an index of both tables.
func (t *table) lookup(i uint64) (name, value []byte, ok bool) {
	if i == 0 {
		return nil, nil, false
	}
	if i <= uint64(len(static)) {
		s := &staticBytes[i-1]
		return s[0], s[1], true
	}
	i -= uint64(len(static)) + 1
	if n := uint64(len(t.entries) - t.first); i >= n {
		return nil, nil, false
	}
	e := t.entries[len(t.entries)-1-int(i)]
	return t.text[e.off : e.off+e.name], t.text[e.off+e.name : e.off+e.name+e.value], true
}

// add puts an entry in front; one that is too large empties the table.
func (t *table) add(name, value []byte) {
	n := len(name) + len(value) + entryOverhead
	t.evict(n)
	if n > t.max {
		return
	}
	if t.first > 0 && t.first == len(t.entries) {
		t.entries, t.text, t.first = t.entries[:0], t.text[:0], 0
	} else if t.first > 256 {
		t.compact()
	}
	t.entries = append(t.entries, entry{len(t.text), len(name), len(value)})
	t.text = append(append(t.text, name...), value...)
	t.size += n
}

// evict makes room for n bytes.
func (t *table) evict(n int) {
	for t.first < len(t.entries) && t.size+n > t.max {
		e := &t.entries[t.first]
		t.size -= e.name + e.value + entryOverhead
		t.first++
	}
}

// compact forgets what is evicted.
func (t *table) compact() {
	if t.first == len(t.entries) {
		return
	}
	off := t.entries[t.first].off
	t.text = t.text[:copy(t.text, t.text[off:])]
	t.entries = t.entries[:copy(t.entries, t.entries[t.first:])]
	t.first = 0
	for i := range t.entries {
		t.entries[i].off -= off
	}
}

// decoder reads one header block.
type decoder struct {
	t *table
	b []byte
}

// integer reads an integer with a prefix of n bits (RFC 7541 section 5.1).
func (d *decoder) integer(n uint) (uint64, error) {
	if len(d.b) == 0 {
		return 0, errShort
	}
	mask := uint64(1)<<n - 1
	v := uint64(d.b[0]) & mask
	d.b = d.b[1:]
	if v < mask {
		return v, nil
	}
	for shift := uint(0); ; shift += 7 {
		if len(d.b) == 0 {
			return 0, errShort
		}
		if shift > 28 {
			return 0, errInteger
		}
		c := d.b[0]
		d.b = d.b[1:]
		v += uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			return v, nil
		}
	}
}

// text reads a string literal (RFC 7541 section 5.2). It is valid until the next
// one that is Huffman coded; into is where that one goes.
func (d *decoder) text(into []byte) ([]byte, error) {
	if len(d.b) == 0 {
		return nil, errShort
	}
	huffman := d.b[0]&0x80 != 0
	n, err := d.integer(7)
	if err != nil {
		return nil, err
	}
	if n > uint64(len(d.b)) {
		return nil, errShort
	}
	s := d.b[:n]
	d.b = d.b[n:]
	if !huffman {
		return append(into, s...), nil
	}
	d.t.huff.Reset()
	if _, err := hpack.HuffmanDecode(&d.t.huff, s); err != nil {
		return nil, errHuffman
	}
	return append(into, d.t.huff.Bytes()...), nil
}

// block decodes a header block and calls emit for each pair, and sized for each
// size update.
func (t *table) block(b []byte, m *message) error {
	d := decoder{t, b}
	for len(d.b) > 0 {
		c := d.b[0]
		switch {
		case c&0x80 != 0: // indexed (section 6.1)
			i, err := d.integer(7)
			if err != nil {
				return err
			}
			name, value, ok := t.lookup(i)
			if !ok {
				return errIndex
			}
			if !m.add(name, value) {
				return errTooLarge
			}
		case c&0xe0 == 0x20: // size update (section 6.3)
			n, err := d.integer(5)
			if err != nil {
				return err
			}
			if n > uint64(t.allowed) {
				return errSize
			}
			t.max = int(n)
			t.evict(0)
			m.updates = append(m.updates, update{len(m.headers), n})
		default: // literal (section 6.2)
			prefix := uint(4)
			if c&0x40 != 0 {
				prefix = 6
			}
			i, err := d.integer(prefix)
			if err != nil {
				return err
			}
			if err := d.literal(m, i, prefix == 6); err != nil {
				return err
			}
		}
	}
	return nil
}

// literal reads a pair whose name is that of entry i, or a literal if i is 0.
func (d *decoder) literal(m *message, i uint64, index bool) (err error) {
	at := len(m.text)
	if i > 0 {
		name, _, ok := d.t.lookup(i)
		if !ok {
			return errIndex
		}
		m.text = append(m.text, name...)
	} else if m.text, err = d.grow(m.text); err != nil {
		m.text = m.text[:at]
		return err
	}
	mid := len(m.text)
	if m.text, err = d.grow(m.text); err != nil {
		m.text = m.text[:at]
		return err
	}
	if index {
		d.t.add(m.text[at:mid], m.text[mid:])
	}
	if !m.keep(at, mid) {
		return errTooLarge
	}
	return nil
}

// grow appends a string literal; on an error it returns what was there.
func (d *decoder) grow(b []byte) ([]byte, error) {
	out, err := d.text(b)
	if err != nil {
		return b, err
	}
	return out, nil
}

// staticBytes is static as bytes; nobody changes them.
var staticBytes = func() (out [len(static)][2][]byte) {
	for i, s := range static {
		out[i] = [2][]byte{[]byte(s[0]), []byte(s[1])}
	}
	return out
}()

// static is the static table (RFC 7541 appendix A).
var static = [61][2]string{
	{":authority", ""}, {":method", "GET"}, {":method", "POST"}, {":path", "/"}, {":path", "/index.html"}, {":scheme", "http"},
	{":scheme", "https"}, {":status", "200"}, {":status", "204"}, {":status", "206"}, {":status", "304"}, {":status", "400"},
	{":status", "404"}, {":status", "500"}, {"accept-charset", ""}, {"accept-encoding", "gzip, deflate"}, {"accept-language", ""},
	{"accept-ranges", ""}, {"accept", ""}, {"access-control-allow-origin", ""}, {"age", ""}, {"allow", ""}, {"authorization", ""},
	{"cache-control", ""}, {"content-disposition", ""}, {"content-encoding", ""}, {"content-language", ""}, {"content-length", ""},
	{"content-location", ""}, {"content-range", ""}, {"content-type", ""}, {"cookie", ""}, {"date", ""}, {"etag", ""}, {"expect", ""},
	{"expires", ""}, {"from", ""}, {"host", ""}, {"if-match", ""}, {"if-modified-since", ""}, {"if-none-match", ""}, {"if-range", ""},
	{"if-unmodified-since", ""}, {"last-modified", ""}, {"link", ""}, {"location", ""}, {"max-forwards", ""}, {"proxy-authenticate", ""},
	{"proxy-authorization", ""}, {"range", ""}, {"referer", ""}, {"refresh", ""}, {"retry-after", ""}, {"server", ""}, {"set-cookie", ""},
	{"strict-transport-security", ""}, {"transfer-encoding", ""}, {"user-agent", ""}, {"vary", ""}, {"via", ""}, {"www-authenticate", ""},
}
