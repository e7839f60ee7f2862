package pop3

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/proto"
)

// parser is the state of one connection.
type parser struct {
	env *proto.Env
	opt *settings
	txs proto.TxList[Tx, *Tx]

	long     [2]bool // the rest of a line that was too long is passed over
	greeted  bool
	sasl     bool // what the client says next is no command
	data     *Tx  // whose response has further lines, or nil
	inData   bool // they come, whether data is there or not
	upgraded bool
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{maxTx: defaultMaxTx}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	if p.data == tx.(*Tx) {
		p.data = nil
	}
	p.txs.Free(tx)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if in.Gap > 0 {
		return proto.Result{Status: proto.Stop}
	}
	d := in.Dir.Index()
	b := in.Data
	used := 0
	for used < len(b) && !p.upgraded {
		rest := b[used:]
		n := bytes.IndexByte(rest, '\n')
		if n < 0 && len(rest) <= maxLine {
			break
		}
		line, ended := rest, n >= 0
		if ended {
			line = rest[:n]
			used += n + 1
		} else {
			used = len(b)
		}
		if p.long[d] {
			p.long[d] = !ended
			continue
		}
		p.long[d] = !ended
		line = bytes.TrimSuffix(line, []byte{'\r'})
		cut := len(line) > maxLine
		line = line[:min(len(line), maxLine)]
		if in.Dir == field.ToServer {
			p.request(line, cut)
		} else if !p.response(line, cut) {
			return proto.Result{Consumed: used, Status: proto.Stop}
		}
	}
	if used < len(b) && !p.upgraded {
		return proto.Result{Consumed: used, Need: len(b) - used + 1, Status: proto.Incomplete}
	}
	return proto.Result{Consumed: used}
}

// open starts a transaction. If too many wait, the oldest is given up.
func (p *parser) open() *Tx {
	if n := p.txs.Len(); n >= p.opt.maxTx {
		t := p.txs.At(n - p.opt.maxTx) // those before it are complete
		t.AddEvent(evTooMany, field.Both)
		t.complete()
	}
	return p.txs.Open(p.env.Now, resetTx)
}

func (t *Tx) complete() {
	t.Advance(field.ToServer, 1)
	t.Advance(field.ToClient, 1)
}

// request handles a line of the client.
func (p *parser) request(line []byte, cut bool) {
	if p.sasl {
		p.sasl = false
		return
	}
	t := p.open()
	t.asked = true
	t.line = append(t.line[:0], line...)
	if cut {
		t.AddEvent(evRequestTooLong, field.ToServer)
	}
	if !t.known() {
		t.AddEvent(evUnknownCommand, field.ToServer)
	}
	t.Advance(field.ToServer, 1)
}

// waiting returns the oldest transaction without a response, or nil.
func (p *parser) waiting() *Tx {
	for i := range p.txs.Len() {
		if t := p.txs.At(i); !t.answered && t.Progress[1] == 0 {
			return t
		}
	}
	return nil
}

// response handles a line of the server; it returns false if it is none of the
// protocol.
func (p *parser) response(line []byte, cut bool) bool {
	if p.inData {
		p.dataLine(line, cut)
		return true
	}
	if bytes.HasPrefix(line, []byte("+ ")) || string(line) == "+" {
		p.sasl = true // RFC 5034 section 4
		return true
	}
	ok := hasWord(line, "+OK")
	if !ok && !hasWord(line, "-ERR") {
		return false
	}
	p.sasl = false
	t := p.waiting()
	if t == nil {
		t = p.open()
		if p.greeted {
			t.AddEvent(evReplyWithoutRequest, field.ToClient)
		}
		t.Advance(field.ToServer, 1)
	}
	p.greeted = true
	t.answered, t.success, t.status = true, ok, "ERR"
	if ok {
		t.status = "OK"
	}
	_, header, _ := bytes.Cut(line, []byte{' '})
	t.text = append(t.text[:0], header...)
	t.header = len(t.text)
	if cut {
		t.AddEvent(evResponseTooLong, field.ToClient)
	}
	if ok && t.asked && t.multiline() {
		p.data, p.inData = t, true
		t.Touch(field.ToClient)
		return true
	}
	t.Advance(field.ToClient, 1)
	if ok && t.is("STLS") {
		p.upgraded = true
		p.env.Host.Upgrade("", "tls")
	}
	return true
}

// hasWord reports whether a line begins with a word in any case.
func hasWord(line []byte, word string) bool {
	return len(line) >= len(word) && bytes.EqualFold(line[:len(word)], []byte(word)) && (len(line) == len(word) || line[len(word)] == ' ')
}

// dataLine handles a further line of a response (RFC 1939 section 3).
func (p *parser) dataLine(line []byte, cut bool) {
	t := p.data
	if string(line) == "." {
		p.data, p.inData = nil, false
		if t != nil {
			t.Advance(field.ToClient, 1)
		}
		return
	}
	if t == nil {
		return
	}
	if cut {
		t.AddEvent(evResponseTooLong, field.ToClient)
	}
	if len(line) > 0 && line[0] == '.' {
		line = line[1:]
	}
	if len(t.text)+len(line)+1 <= maxData && len(t.ends) < maxData/16 {
		t.text = append(t.text, line...)
		t.ends = append(t.ends, len(t.text))
	}
}
