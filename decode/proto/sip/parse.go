package sip

import (
	"bytes"
	"strconv"

	"weir/decode/field"
	"weir/decode/proto"
)

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	udp  bool
	txs  proto.TxList[Tx, *Tx]
	skip [2]int // bytes of a body still to be passed over
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	p.udp = env.Flow.Proto == 17
	p.skip = [2]int{}
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.udp {
		p.datagram(in.Dir, in.Data)
		return proto.Result{Consumed: len(in.Data)}
	}
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	d := in.Dir.Index()
	used := min(p.skip[d], len(in.Data))
	p.skip[d] -= used
	for used < len(in.Data) {
		b := in.Data[used:]
		// Empty lines keep the connection open (RFC 5626 section 3.5.1).
		if n := len(b) - len(bytes.TrimLeft(b, "\r\n")); n > 0 {
			used += n
			continue
		}
		end := bytes.Index(b[:min(len(b), maxHead)], blankLine)
		if end < 0 {
			switch {
			case len(b) >= maxHead:
				p.broken(in.Dir, evInvalid)
				return proto.Result{Consumed: used, Status: proto.Stop}
			case in.End:
				p.broken(in.Dir, evIncomplete)
				return proto.Result{Consumed: len(in.Data)}
			}
			return proto.Result{Consumed: used, Need: len(b) + 1, Status: proto.Incomplete}
		}
		size := end + len(blankLine)
		t := p.message(in.Dir, b[:end+2])
		if t == nil {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
		body := t.bodySize()
		p.frames(t, in.Dir, used, size, body)
		n := min(size+body, len(b))
		p.skip[d] = size + body - n
		used += n
	}
	return proto.Result{Consumed: used}
}

// blankLine ends the headers.
var blankLine = []byte("\r\n\r\n")

// datagram handles a message that is all of a datagram.
func (p *parser) datagram(dir field.Dir, b []byte) {
	if len(bytes.Trim(b, "\r\n\x00 ")) == 0 {
		return // keeps a way through an address translator open
	}
	end := bytes.Index(b, blankLine)
	if end < 0 {
		p.broken(dir, evIncomplete)
		return
	}
	t := p.message(dir, b[:end+2])
	if t == nil {
		return
	}
	size := end + len(blankLine)
	p.frames(t, dir, 0, size, len(b)-size)
}

// message opens the transaction of a message, whose lines are b; nil if it is none.
func (p *parser) message(dir field.Dir, b []byte) *Tx {
	if len(b) > maxHead {
		p.broken(dir, evInvalid)
		return nil
	}
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.Dirs = dir
	t.Inspected[dir.Reverse().Index()] = true
	// The client asks and the server answers: what comes the other way round is not
	// taken, as in other engines.
	if !t.read(b) || t.request != (dir == field.ToServer) {
		p.txs.Undo(t)
		p.broken(dir, evInvalid)
		return nil
	}
	t.Advance(dir, done)
	return t
}

// broken notes what is no message on the one before it.
func (p *parser) broken(dir field.Dir, ev uint8) {
	if n := p.txs.Len(); n > 0 {
		p.txs.At(n-1).AddEvent(ev, dir)
	}
}

// frames names the parts of a message: head bytes with the blank line, then body.
func (p *parser) frames(t *Tx, dir field.Dir, at, head, body int) {
	if !p.env.Frames {
		return
	}
	h, tx := p.env.Host, t.Base()
	line, headers, rest := uint8(frameRequestLine), uint8(frameRequestHeaders), uint8(frameRequestBody)
	if !t.request {
		line, headers, rest = frameResponseLine, frameResponseHeaders, frameResponseBody
	}
	first := t.line.to + 2
	h.Frame(dir, framePDU, at, int64(head+body), tx)
	h.Frame(dir, line, at, int64(first), tx)
	if n := head - 2 - first; n > 0 {
		h.Frame(dir, headers, at+first, int64(n), tx)
	}
	if body > 0 {
		h.Frame(dir, rest, at+head, int64(body), tx)
	}
}

// read takes the lines of a message apart; false if it is none.
func (t *Tx) read(b []byte) bool {
	t.head = append(t.head, b...)
	b = t.head
	t.line = span{0, max(bytes.Index(b, []byte("\r\n")), 0)}
	line := t.at(t.line)
	i := bytes.IndexByte(line, ' ')
	if i <= 0 {
		return false
	}
	t.request = !bytes.HasPrefix(line, []byte("SIP/"))
	j := bytes.IndexByte(line[i+1:], ' ')
	switch {
	case j >= 0:
		j += i + 1
		t.parts = [3]span{{0, i}, {i + 1, j}, {j + 1, len(line)}}
	case t.request:
		return false
	default: // a response without a reason
		t.parts = [3]span{{0, i}, {i + 1, len(line)}, {len(line), len(line)}}
	}
	if t.request && !bytes.HasPrefix(t.at(t.parts[2]), []byte("SIP/")) || !t.request && !isCode(t.at(t.parts[1])) {
		return false
	}
	for at := t.line.to + 2; at < len(b); {
		end := at
		for { // lines that begin with a blank go on with the one before
			n := bytes.Index(b[end:], []byte("\r\n"))
			if n < 0 {
				end = len(b)
				break
			}
			end += n
			if end+2 >= len(b) || b[end+2] != ' ' && b[end+2] != '\t' {
				break
			}
			end += 2
		}
		if colon := bytes.IndexByte(b[at:end], ':'); colon > 0 {
			t.headers = append(t.headers, header{t.trim(at, at+colon), t.trim(at+colon+1, end)})
		}
		at = end + 2
	}
	return true
}

// isCode reports whether b is a status code.
func isCode(b []byte) bool {
	if len(b) != 3 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// trim returns a part of the head without blanks around it.
func (t *Tx) trim(from, to int) span {
	blank := func(c byte) bool { return c == ' ' || c == '\t' }
	for from < to && blank(t.head[from]) {
		from++
	}
	for to > from && blank(t.head[to-1]) {
		to--
	}
	return span{from, to}
}

// compact are the short names of headers (RFC 3261 section 7.3.3).
var compact = map[string]byte{"from": 'f', "to": 't', "via": 'v', "content-type": 'c', "content-length": 'l'}

// value returns value i of the headers with that name, which is in lower case.
func (t *Tx) value(name string, i int) ([]byte, bool) {
	short := compact[name]
	for k := range t.headers {
		n := t.at(t.headers[k].name)
		if !bytes.EqualFold(n, []byte(name)) && (short == 0 || len(n) != 1 || n[0]|0x20 != short) {
			continue
		}
		if i == 0 {
			v := t.at(t.headers[k].value)
			if v == nil {
				v = []byte{}
			}
			return v, true
		}
		i--
	}
	return nil, false
}

// bodySize returns what Content-Length says; over TCP a message needs it.
func (t *Tx) bodySize() int {
	v, _ := t.value("content-length", 0)
	n, err := strconv.ParseUint(string(v), 10, 30)
	if err != nil {
		return 0
	}
	return int(n)
}
