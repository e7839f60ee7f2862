package ssh

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
)

// Protocol is Secure Shell over TCP.
var Protocol = &proto.Protocol{
	Name:      "ssh",
	Doc:       "Secure shell (RFC 4253).",
	Transport: proto.TCP,
	FirstDir:  field.ToServer | field.ToClient,
	Patterns: []proto.Pattern{
		{Transport: proto.TCP, Dir: field.ToServer, Bytes: "SSH-", Depth: 4},
		{Transport: proto.TCP, Dir: field.ToClient, Bytes: "SSH-", Depth: 4},
	},
	Setup:  setup,
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Fields: fields,
	Events: []proto.EventDef{
		{Name: "invalid_banner", Doc: "The connection does not begin with an identification line."},
		{Name: "long_banner", Doc: "The identification line has 256 bytes or more."},
		{Name: "invalid_record", Doc: "The length of a record cannot be."},
		{Name: "long_kex_record", Doc: "A key exchange message is too long to be looked at."},
	},
	Frames: []string{"record.hdr", "record.data", "record.pdu"},
	States: [2][]proto.State{states("request"), states("response")},
	Done:   [2]uint8{progFinished, progFinished},
	Records: []proto.Record{{
		Type: "ssh", Doc: "A connection: what both sides say they are.", At: &[2]uint8{progBanner, progBanner}, Due: due, Append: appendRecord,
	}},
}

// Progress of a direction.
const (
	progStarted  = iota
	progWaitEOL  // the identification line is too long: its end is waited for
	progBanner   // it is known
	progFinished // what follows is encrypted
)

func states(side string) []proto.State {
	return []proto.State{
		{Name: side + "_started", Doc: "nothing yet"},
		{Name: side + "_banner_wait_eol", Doc: "the identification line is too long"},
		{Name: side + "_banner_done", Doc: "the identification line is known"},
		{Name: side + "_finished", Doc: "what follows is encrypted"},
	}
}

// Indices into Protocol.Events.
const (
	evInvalidBanner = iota
	evLongBanner
	evInvalidRecord
	evLongKex
)

// Indices into Protocol.Frames.
const (
	frameHeader = iota
	frameData
	framePDU
)

// Bounds of what is looked at, bytes.
const (
	maxBanner = 256
	maxKex    = 64 << 10
)

// settings are those of the protocol's section.
type settings struct {
	hassh   fingerprinting
	encrypt encryption
}

// fingerprinting says whether fingerprints are part of the record.
type fingerprinting uint8

const (
	auto fingerprinting = iota // if a rule asks for them
	off
	on
)

// encryption says what is done with a connection that is encrypted.
type encryption uint8

const (
	encryptTrack  encryption = iota // it is not inspected any more
	encryptBypass                   // its packets are shed
	encryptFull                     // it is inspected as any other
)

func setup(o event.Options) (any, error) {
	s := &settings{}
	switch v := o.String("hassh", "auto"); v {
	case "auto":
	default:
		s.hassh = off
		if o.Bool("hassh", false) {
			s.hassh = on
		}
	}
	switch v := o.String("encryption-handling", "track-only"); v {
	case "track-only", "default":
	case "bypass":
		s.encrypt = encryptBypass
	case "full":
		s.encrypt = encryptFull
	default:
		o.Reject("encryption-handling", "track-only, bypass, full")
	}
	return s, nil
}

// Tx is one connection.
type Tx struct {
	proto.Tx
	sides [2]side // client, server
	opt   *settings
	asked bool // a rule has asked for a fingerprint
}

// fingerprinted reports whether the record has fingerprints.
func (t *Tx) fingerprinted() bool { return t.opt.hassh == on || t.opt.hassh == auto && t.asked }

// side is what one end has said.
type side struct {
	version, software []byte // of the identification line
	hassh             []byte // what the fingerprint is made of; nil without
	hash              []byte // its MD5 in hexadecimal
	left              int    // bytes of a record that are still to come, and passed over
}

// due reports whether a record may be written: with fingerprints, when both
// sides have come to the new keys.
func due(tx proto.Transaction) bool {
	t := tx.(*Tx)
	return !t.fingerprinted() || t.Progress == [2]uint8{progFinished, progFinished}
}

// parser is the state of one connection.
type parser struct {
	env *proto.Env
	opt *settings
	txs proto.TxList[Tx, *Tx]
}

// pool holds transactions for reuse.
var pool sync.Pool

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	if p.opt, _ = env.Options.(*settings); p.opt == nil {
		p.opt = &settings{}
	}
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) { p.txs.Free(tx) }

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	old := t.sides
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}}
	for i := range t.sides {
		o := &old[i]
		t.sides[i] = side{version: o.version[:0], software: o.software[:0], hassh: o.hassh[:0], hash: o.hash[:0]}
	}
}

// tx returns the connection's transaction, opened at its first bytes. It is nil
// once it has been given back.
func (p *parser) tx(start bool) *Tx {
	if p.txs.Len() > 0 {
		return p.txs.At(0)
	}
	if !start {
		return nil
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.opt = p.opt
	return t
}
