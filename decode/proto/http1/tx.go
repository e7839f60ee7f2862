package http1

import (
	"math/bits"
	"sync"

	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/mime"
)

// Protocol versions, as numbers that compare.
const (
	versionNone    = -2 // no version in the line
	versionInvalid = -1
	version09      = 9
	version10      = 100
	version11      = 101
)

// span is a place in one of the two arenas of a message: head by default,
// derived if the top bit of off is set. The zero span is empty.
type span struct{ off, end uint32 }

const inDerived = 1 << 31

// set reports whether the span holds anything, even if empty of bytes.
func (s span) set() bool { return s.off|s.end != 0 }

// header is one field of a message.
type header struct {
	name, value span
	flags       headerFlags
}

type headerFlags uint8

const (
	unparseable headerFlags = 1 << iota // without a colon
	repeated
	folded
)

// transfer codings of a message.
const (
	codingUnknown = iota
	codingNone    // no body
	codingIdentity
	codingChunked
	codingInvalid
)

// message is a request or a response.
type message struct {
	head    []byte // first line, headers and trailers as they came
	derived []byte // values made of them
	headers []header

	line     span // without its end
	protocol span
	version  int
	raw      span // headers with the empty line, and trailers
	// pending is a header line that may go on in the next one.
	pending       span
	pendingFolded bool
	// held: the pending line is no header by itself.
	held        bool
	repetitions int
	dropped     int // headers beyond the limit

	coding  uint8
	length  int64  // Content-Length; -1 if there is none
	wire    uint64 // bytes of the body as sent, with the framing of chunks
	entity  uint64 // bytes of the body after decoding
	body    body
	codings codings
	warned  warnings
	// names holds buffers that are put together when a rule asks for them, pairs
	// the headers as "name: value".
	names   []byte
	built   [3]span
	builtAt [3]int // headers that were there then, plus one
	pairs   []span
}

// warnings are oddities reported once for a message.
type warnings uint8

const (
	warnedColon warnings = 1 << iota
	warnedName
	warnedFolding
)

// at returns the bytes of a span.
func (m *message) at(s span) []byte {
	if s.off&inDerived != 0 {
		return m.derived[s.off&^inDerived : s.end&^inDerived : s.end&^inDerived]
	}
	return m.head[s.off:s.end:s.end]
}

// optional returns the bytes of a span, or nil if it is not set.
func (m *message) optional(s span) []byte {
	if !s.set() {
		return nil
	}
	return m.at(s)
}

// keep copies b to the derived arena.
func (m *message) keep(b []byte) span {
	off := len(m.derived)
	m.derived = append(m.derived, b...)
	return m.since(off)
}

// lower brings a span of the derived arena to lower case.
func (m *message) lower(s span) {
	b := m.at(s)
	for i, c := range b {
		b[i] = toLower(c)
	}
}

// since is the span of what was appended to the derived arena from off on.
func (m *message) since(off int) span {
	return span{uint32(off) | inDerived, uint32(len(m.derived)) | inDerived}
}

// header returns the first header of that name (in lower case), or nil. NUL
// bytes in names do not count.
func (m *message) header(name string) *header {
	for i := range m.headers {
		if n := m.at(m.headers[i].name); len(n) == len(name) && equalFold(n, name) ||
			len(n) > len(name) && equal0(n, name) {
			return &m.headers[i]
		}
	}
	return nil
}

// value returns the value of a header, or nil if there is none.
func (m *message) value(name string) []byte {
	if h := m.header(name); h != nil {
		return m.at(h.value)
	}
	return nil
}

// reset empties the message and keeps its memory.
func (m *message) reset() {
	m.body.release()
	m.codings.reset()
	*m = message{
		head: m.head[:0], derived: m.derived[:0], headers: m.headers[:0], names: m.names[:0], pairs: m.pairs[:0],
		body: m.body, codings: m.codings,
		length: -1, version: versionNone,
	}
}

// Tx is one request and its response.
type Tx struct {
	proto.Tx
	cfg      *serverConfig
	req, res message

	method, uri         span // of req
	parsed              uri
	normalized          span // of req
	host                span // of req: lower case, from the URI or the Host header
	port                int  // of the host; 0 is none
	statusText, message span // of res
	status              int  // 0 is none, -1 is invalid

	knownMethod  bool
	is09         bool
	hasReq       bool // a request line was seen
	seen100      bool
	auth         authKind
	transfers    [2]transfer
	parts        mime.Multipart
	swf          []byte // unpacked Flash file, for the rules
	flags        uint64 // events of the request's head that are reported twice
	headersRead  bool   // of the request
	bodyAsHeader bool   // the status line was taken for the body
}

// side returns the message that goes in dir.
func (t *Tx) side(dir field.Dir) *message {
	if dir == field.ToClient {
		return &t.res
	}
	return &t.req
}

// Method, URI and the like are views of the transaction's memory.

// Method returns the request's method as written.
func (t *Tx) Method() []byte { return t.req.optional(t.method) }

// URI returns the request's URI as written.
func (t *Tx) URI() []byte { return t.req.optional(t.uri) }

// Status returns the number of the response's status; not above 0 if it has none.
func (t *Tx) Status() int { return t.status }

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	t.req.reset()
	t.res.reset()
	t.transfers[0].reset()
	t.transfers[1].reset()
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, req: t.req, res: t.res, transfers: t.transfers, parts: t.parts, swf: t.swf[:0]}
}

// maxEvents bounds the events of one transaction.
const maxEvents = 250

// warn notes an event that is reported each time it happens.
func (t *Tx) warn(ev uint8, dir field.Dir) {
	if len(t.Events) < maxEvents {
		t.Events = append(t.Events, ev)
		t.Touch(dir)
	}
}

// flag notes an event of the request's head. Suricata looks for those twice, at
// the end of the headers and of the request, and reports them each time.
func (t *Tx) flag(ev uint8) {
	t.flags |= 1 << ev
	t.AddEvent(ev, toServer)
}

// repeatFlags notes those events again.
func (t *Tx) repeatFlags() {
	for f := t.flags; f != 0; f &= f - 1 {
		t.warn(uint8(bits.TrailingZeros64(f)), toServer)
	}
}
