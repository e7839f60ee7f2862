package http2

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/proto"
	"weir/decode/proto/internal/decompress"
)

// Bounds of the header blocks of one direction of a stream.
const (
	maxText    = 64 << 10 // bytes of names and values
	maxHeaders = 1024
)

// Tx is a stream, or a frame of stream 0.
type Tx struct {
	proto.Tx
	stream uint32
	sides  [2]message // request, response
	doh    *doh       // of a stream that carries DNS
	spare  *doh       // memory for it
}

// message is what one side has sent in a stream.
type message struct {
	headers []header
	text    []byte // names and values, each followed by what buffers need
	updates []update
	frames  uint32 // types seen, a bit each

	settings    []setting
	windows     []uint32
	priority    uint8
	hasPriority bool
	errorCode   uint32
	hasError    bool

	// built are buffers put together from the headers, when a rule asks.
	built   [numBuilt][]byte
	builtAt [numBuilt]int
	pairs   [][]byte

	list    file.List
	file    *file.File
	decoder decompress.Decoder
	failed  bool
}

// header is a pair, by place in message.text.
type header struct{ off, mid, end int }

// update is a size update of the header table before header at.
type update struct {
	at   int
	size uint64
}

type setting struct {
	id    uint16
	value uint32
}

// Buffers that are put together.
const (
	builtBlock = iota
	builtNames
	numBuilt
)

// add keeps a pair. It reports false if there is no room.
func (m *message) add(name, value []byte) bool {
	at := len(m.text)
	m.text = append(m.text, name...)
	mid := len(m.text)
	m.text = append(m.text, value...)
	return m.keep(at, mid)
}

// keep makes a pair of the end of text, from at on, with the value from mid on.
func (m *message) keep(at, mid int) bool {
	if len(m.text) > maxText || len(m.headers) == maxHeaders {
		m.text = m.text[:at]
		return false
	}
	m.headers = append(m.headers, header{at, mid, len(m.text)})
	return true
}

func (m *message) name(i int) []byte  { h := &m.headers[i]; return m.text[h.off:h.mid:h.mid] }
func (m *message) value(i int) []byte { h := &m.headers[i]; return m.text[h.mid:h.end:h.end] }

// header returns the value of the first header of that name, in lower case; nil
// without.
func (m *message) header(name string) []byte {
	for i := range m.headers {
		if string(m.name(i)) == name {
			if v := m.value(i); v != nil {
				return v
			}
			return []byte{}
		}
	}
	return nil
}

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	old := t.sides
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, spare: t.spare}
	for i := range t.sides {
		o := &old[i]
		t.sides[i] = message{
			headers: o.headers[:0], text: o.text[:0], updates: o.updates[:0], settings: o.settings[:0], windows: o.windows[:0],
			built: [numBuilt][]byte{o.built[0][:0], o.built[1][:0]}, pairs: o.pairs[:0], list: o.list,
		}
		t.sides[i].list.Files = t.sides[i].list.Files[:0]
	}
}

// giveBack releases what a transaction holds of others.
func (t *Tx) giveBack(files *file.Store) {
	for i := range t.sides {
		m := &t.sides[i]
		if m.decoder != nil {
			m.decoder.Release()
			m.decoder = nil
		}
		if len(m.list.Files) > 0 && files != nil {
			files.Free(&m.list)
		}
		m.file = nil
	}
}

// data takes bytes of a DATA frame.
func (t *Tx) data(p *parser, dir field.Dir, b []byte) {
	m := &t.sides[dir.Index()]
	if t.Progress[dir.Index()] < progData {
		t.Advance(dir, progData)
		m.begin(p, t, dir)
	}
	t.Touch(dir)
	t.dataDNS(dir, b)
	if m.file == nil || len(b) == 0 {
		return
	}
	if m.decoder == nil || m.failed {
		m.file.Append(b, p.env.Files.Window)
		return
	}
	if err := m.decoder.Write(b, &sink{m, p}); err != nil {
		t.AddEvent(evFailedDecompression, dir)
		if m.failed = true; !m.decoder.Started() {
			m.file.Append(b, p.env.Files.Window)
		}
	}
}

// begin opens the file of a direction.
func (m *message) begin(p *parser, t *Tx, dir field.Dir) {
	if p.env.Files == nil {
		return
	}
	name := t.sides[0].header(":path")
	if i := bytes.IndexByte(name, '?'); i >= 0 {
		name = name[:i]
	}
	t.Files[dir.Index()] = &m.list
	m.file = p.env.Files.Open(&m.list, name, t.ID)
	switch string(m.header("content-encoding")) {
	case "gzip", "x-gzip", "deflate":
		m.decoder = decompress.NewFlate()
	case "br":
		m.decoder = decompress.NewBrotli()
	}
}

// sink takes decoded data.
type sink struct {
	m *message
	p *parser
}

// Decoded implements decompress.Sink.
func (s *sink) Decoded(b []byte) bool {
	s.m.file.Append(b, s.p.env.Files.Window)
	return true
}

// endData ends the file of a direction.
func (t *Tx) endData(dir field.Dir) {
	m := &t.sides[dir.Index()]
	if m.file == nil {
		return
	}
	m.file.Close(false)
	m.file = nil
	t.Touch(dir)
}

// window is what body buffers show.
func window(t *Tx, dir field.Dir, flush bool) field.Window {
	m := &t.sides[dir.Index()]
	if len(m.list.Files) == 0 {
		return field.Window{}
	}
	b, off, end := m.list.Files[0].View()
	if !end && !flush && (len(b) == 0 || off+uint64(len(b)) < minWindow) {
		return field.Window{}
	}
	return field.Window{Data: b, Offset: off, End: end || flush}
}

// windowSeen lets go of what body buffers have shown, but for what the next
// window begins with.
func windowSeen(t *Tx, dir field.Dir) {
	m := &t.sides[dir.Index()]
	if len(m.list.Files) == 0 {
		return
	}
	f := m.list.Files[0]
	b, off, end := f.View()
	if !end && off+uint64(len(b)) < minWindow {
		return // it was not shown
	}
	f.Inspected(off + uint64(len(b)) - min(uint64(len(b)), keepBehind))
}

// minWindow is how many bytes of a body are waited for before it is inspected.
const minWindow = 32 << 10

// keepBehind is how many bytes are looked at again with those that follow.
const keepBehind = 4096
