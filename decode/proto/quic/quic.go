package quic

import (
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/tlshello"
)

const (
	maxCrypto = 1<<16 - 1 // bytes of the handshake by direction
	maxOpen   = 64        // transactions that wait for inspection; the oldest gives way
	done      = 1         // Progress of a direction whose packet was read
)

// Protocol is QUIC.
var Protocol = &proto.Protocol{
	Name:      "quic",
	Doc:       "QUIC (RFC 9000).",
	Transport: proto.UDP,
	Probes:    []proto.Probe{{Transport: proto.UDP, Ports: "443,80", Min: 12, Func: probe}},
	Setup:     setup,
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:    fields,
	Events: []proto.EventDef{
		{Name: "failed_decrypt", Doc: "An Initial packet cannot be decrypted."},
		{Name: "error_on_data", Doc: "A packet does not follow its format."},
		{Name: "crypto_frag_too_long", Doc: "The handshake is longer than what is put together."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the packet was read"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the packet was read"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records: []proto.Record{{
		Type: "quic", Doc: "An Initial packet.", Append: appendRecord, Dir: func(tx proto.Transaction) field.Dir { return tx.Base().Dirs },
	}},
}

// Indices into Protocol.Events.
const (
	evFailedDecrypt = iota
	evErrorOnData
	evCryptoTooLong
)

// settings are those of the protocol's section.
type settings struct {
	noJA3, ja4 bool
	old        bool // version 7, which knows no JA4
	full       bool // what is encrypted is inspected too
	bypass     bool
}

var defaults settings

func setup(o event.Options) (any, error) {
	s := &settings{
		noJA3: o.String("ja3-fingerprints", "auto") != "auto" && !o.Bool("ja3-fingerprints", true),
		ja4:   o.String("ja4-fingerprints", "auto") != "auto" && o.Bool("ja4-fingerprints", false),
	}
	s.old = strings.HasPrefix(o.String("suricata-version", ""), "7.")
	switch v := o.String("encryption-handling", "track-only"); v {
	case "track-only", "default":
	case "bypass":
		s.bypass = true
	case "full":
		s.full = true
	default:
		o.Reject("encryption-handling", "track-only, bypass, full")
	}
	return s, nil
}

// Tx is one packet.
type Tx struct {
	proto.Tx
	opt     *settings
	version [4]byte
	raw     []byte // the hello
	hello   tlshello.Hello
	hasTLS  bool
	google  google
	made    [5][]byte // fingerprints: JA3, its digest, JA3S, its digest, JA4
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	o := *t
	*t = Tx{Tx: proto.Tx{Events: o.Events[:0]}, raw: o.raw[:0], hello: o.hello, google: o.google, made: o.made}
	t.hello.Reset()
	t.google.reset()
	for i := range t.made {
		t.made[i] = t.made[i][:0]
	}
}

// parser is the state of one connection.
type parser struct {
	env     *proto.Env
	opt     *settings
	keys    *keys
	crypto  [2]assembly
	hello   [2]bool // seen, by direction
	retried bool
	txs     proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	if p.opt, _ = env.Options.(*settings); p.opt == nil {
		p.opt = &defaults
	}
	p.keys = nil
	p.crypto[0].reset()
	p.crypto[1].reset()
	p.hello, p.retried = [2]bool{}, false
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// Parse implements proto.Parser: it takes one datagram.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.hello != [2]bool{true, true} {
		if p.datagram(in.Dir, in.Data); p.hello == [2]bool{true, true} && !p.opt.full {
			p.env.Host.NoInspect(p.opt.bypass)
		}
	}
	return proto.Result{Consumed: len(in.Data)}
}

// open opens the transaction of a packet.
func (p *parser) open(dir field.Dir, version uint32) *Tx {
	if p.txs.Len() >= maxOpen {
		p.txs.Free(p.txs.At(0))
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.opt, t.Dirs = p.opt, dir
	binary.BigEndian.PutUint32(t.version[:], version)
	t.Inspected[dir.Reverse().Index()] = true
	t.Advance(dir, done)
	return t
}

// assembly puts the bytes of a handshake together.
type assembly struct {
	b    []byte
	have []span // disjoint, in order
}

// span is a range of bytes that are there.
type span struct{ from, to int }

func (a *assembly) reset() { a.b, a.have = a.b[:0], a.have[:0] }

// add takes bytes at an offset; false if they lie beyond what is kept.
func (a *assembly) add(off uint64, b []byte) bool {
	if off > maxCrypto || len(b) > maxCrypto-int(off) {
		return false
	}
	from, to := int(off), int(off)+len(b)
	if n := to - len(a.b); n > 0 {
		a.b = slices.Grow(a.b, n)[:to]
	}
	copy(a.b[from:], b)
	i := 0
	for i < len(a.have) && a.have[i].to < from {
		i++
	}
	k := i
	for k < len(a.have) && a.have[k].from <= to {
		from, to = min(from, a.have[k].from), max(to, a.have[k].to)
		k++
	}
	a.have = slices.Replace(a.have, i, k, span{from, to})
	return true
}

// message returns the first message of the handshake, with its type and length, or
// nil as long as it is not whole.
func (a *assembly) message() []byte {
	if len(a.have) == 0 || a.have[0].from > 0 || a.have[0].to < 4 {
		return nil
	}
	n := 4 + int(a.b[1])<<16 + int(a.b[2])<<8 + int(a.b[3])
	if a.have[0].to < n {
		return nil
	}
	return a.b[:n]
}

// probe wants a long header with a version that is known or of the future (RFC 9000
// section 17.2), or Google's public header with a version.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if b[0]&0x80 != 0 {
		switch v := binary.BigEndian.Uint32(b[1:]); {
		case v == version1, v == version2, v>>8 == 0xff0000, v>>24 == 'Q', v>>24 == 'T', v>>8 == 0xfaceb0, v&0x0f0f0f0f == 0x0a0a0a0a:
			return proto.Yes
		}
		return proto.No
	}
	if b[0]&0x09 == 0x09 && len(b) > 13 && (b[9] == 'Q' || b[9] == 'T') {
		return proto.Yes
	}
	return proto.No
}
