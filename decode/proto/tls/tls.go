package tls

import (
	"slices"
	"strings"
	"sync"

	"weir/decode/buffer"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// Progress of a session, by direction.
const (
	clientInProgress = iota
	clientHelloDone
	clientCertDone
	clientHandshakeDone
	clientFinished
)

const (
	serverInProgress = iota
	serverHello
	serverCertDone
	serverHelloDone
	serverHandshakeDone
	serverFinished
)

// Frames of a record that rules can match.
const (
	framePDU = iota
	frameHeader
	frameData
)

// stateFinished is the last progress by direction.
var stateFinished = [2]uint8{clientFinished, serverFinished}

// Protocol is TLS.
var Protocol = &proto.Protocol{
	Name:     "tls",
	Families: []string{"ssl"},
	Certs: func(tx proto.Transaction, dir field.Dir) proto.Certs {
		ch := tx.(*Tx).sides[dir.Index()].chain()
		return proto.Certs{Chain: ch.certs, Subject: ch.cert.subject, Issuer: ch.cert.issuer, Fingerprint: ch.fingerprint()}
	},
	Doc:       "Transport layer security, and SSL before it, up to where it is encrypted.",
	Transport: proto.TCP,
	FirstDir:  field.ToServer,
	Patterns:  patterns(),
	Probes:    []proto.Probe{{Transport: proto.TCP, Ports: "443", Min: 3, Func: probe}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Setup:     setup,
	Fields:    fields,
	Uncounted: true,
	Events:    events,
	Frames:    []string{framePDU: "pdu", frameHeader: "hdr", frameData: "data"},
	States: [2][]proto.State{
		{
			{Name: "client_in_progress", Doc: "nothing yet"},
			{Name: "client_hello_done", Doc: "the ClientHello is whole"},
			{Name: "client_cert_done", Doc: "the client's certificate was seen"},
			{Name: "client_handshake_done", Doc: "the client has finished its handshake"},
			{Name: "client_finished", Doc: "nothing more can be read"},
		},
		{
			{Name: "server_in_progress", Doc: "nothing yet"},
			{Name: "server_hello", Doc: "the ServerHello is whole"},
			{Name: "server_cert_done", Doc: "the server's certificate was seen"},
			{Name: "server_hello_done", Doc: "the server awaits the client"},
			{Name: "server_handshake_done", Doc: "the server has finished its handshake"},
			{Name: "server_finished", Doc: "nothing more can be read"},
		},
	},
	Done: stateFinished,
	Records: []proto.Record{{
		Type:    "tls",
		Doc:     "A TLS session.",
		At:      &[2]uint8{0, serverHelloDone},
		Due:     clientAnswered,
		Options: logOptions,
		Append:  appendRecord,
		Alert:   appendAlert,
	}},
}

// clientAnswered reports whether the client has sent the certificate it was
// asked for, or need not.
func clientAnswered(tx proto.Transaction) bool {
	t := tx.(*Tx)
	c, s := &t.sides[0], &t.sides[1]
	return s.seen&seenCertRequest == 0 || c.seen&(seenCert|seenCCS) != 0 || c.encrypted
}

// patterns recognise the first record of each side: a handshake, an alert or
// data of the versions there are, and hellos of SSLv2.
func patterns() []proto.Pattern {
	var ps []proto.Pattern
	for v := byte(0); v <= 3; v++ {
		head := string([]byte{recordHandshake, 3, v})
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.Both, Bytes: head, Depth: 3, Confirm: confirmHandshake})
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.Both, Bytes: string([]byte{recordAlert, 3, v}), Depth: 3})
	}
	for _, v := range [...]string{"\x01\x00\x02", "\x01\x03\x00", "\x01\x03\x01", "\x01\x03\x02", "\x01\x03\x03"} {
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToServer, Bytes: v, Offset: 2, Depth: 5, Confirm: confirmSSLv2})
	}
	return ps
}

// confirmHandshake wants the first message to be a hello of the right side.
func confirmHandshake(b []byte, dir field.Dir) proto.Verdict {
	if len(b) < 6 {
		return proto.More
	}
	switch {
	case b[5] == hsClientHello && dir == field.ToServer, b[5] == hsServerHello && dir == field.ToClient, b[5] == hsHelloRequest:
		return proto.Yes
	case b[5] == hsClientHello || b[5] == hsServerHello:
		return proto.Reversed
	}
	return proto.Yes
}

func confirmSSLv2(b []byte, _ field.Dir) proto.Verdict {
	if b[0]&0x80 == 0 {
		return proto.No
	}
	return proto.Yes
}

// probe takes what looks like a record on a port of TLS.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if b[0]&0x80 != 0 && dir == field.ToServer && b[2] == ssl2ClientHello {
		return proto.Yes
	}
	if b[0] < recordCCS || b[0] > recordHeartbeat || b[1] != 3 {
		return proto.No
	}
	return proto.Yes
}

// What becomes of a flow once it is encrypted: encryption-handling.
const (
	encryptTrackOnly = iota // stop raw inspection; "default" and "track-only"
	encryptBypass
	encryptFull
)

// settings are those of app-layer.protocols.tls.
type settings struct {
	encryption int
	ja3, ja4   fingerprinting
	// old: sessions end as in version 7.0.
	old bool
	// chains holds the certificates that each worker has seen, by its buffers.
	chains sync.Map
}

// chain reads a Certificate message for the worker that the buffers belong to.
func (o *settings) chain(worker *buffer.Pool, b []byte) *chain {
	if worker == nil {
		return readChain(slices.Clone(b))
	}
	c, ok := o.chains.Load(worker)
	if !ok {
		c, _ = o.chains.LoadOrStore(worker, newChains())
	}
	return c.(*chains).read(b)
}

// fingerprinting says whether a fingerprint is made.
type fingerprinting uint8

const (
	auto fingerprinting = iota // if a rule asks for it
	off
	on
)

// setup reads app-layer.protocols.tls.
func setup(o event.Options) (any, error) {
	s := &settings{ja3: finger(o, "ja3-fingerprints"), ja4: finger(o, "ja4-fingerprints")}
	s.old = strings.HasPrefix(o.String("suricata-version", ""), "7.")
	switch v := o.String("encryption-handling", ""); v {
	case "", "default", "track-only":
		if o.Bool("no-reassemble", false) {
			s.encryption = encryptBypass
		}
	case "bypass":
		s.encryption = encryptBypass
	case "full":
		s.encryption = encryptFull
	default:
		o.Reject("encryption-handling", "track-only, bypass, full")
	}
	return s, nil
}

func finger(o event.Options, key string) fingerprinting {
	switch o.String(key, "auto") {
	case "auto":
		return auto
	default:
		if o.Bool(key, true) {
			return on
		}
		return off
	}
}

// Tx is one session.
type Tx struct {
	proto.Tx
	sides   [2]side // client, server
	resumed bool
	// dark: TLS 1.3 has said all it says in the clear.
	dark     bool
	opt      *settings
	upgraded string // protocol that asked for TLS

	// Fingerprints, made when somebody asks.
	ja3, ja3Hash, ja3s, ja3sHash, ja4Hash []byte
	// spare is memory of an earlier session for what is made.
	spare [numMade][]byte
}

// keep copies b to the memory of a side.
func (t *Tx) keep(s *side, b []byte) []byte {
	off := len(s.store)
	if off+len(b) > cap(s.store) {
		// Earlier slices keep the old array; nothing is moved under them.
		s.store = make([]byte, 0, max(len(b), 512))
		off = 0
	}
	s.store = append(s.store, b...)
	return s.store[off:len(s.store):len(s.store)]
}

// handshakeDone reports whether both sides have sent all that is in the clear.
func (t *Tx) handshakeDone() bool {
	c, s := &t.sides[0], &t.sides[1]
	if t.dark {
		return s.appData || c.appData || c.seen&seenCCS != 0 && s.seen&seenCCS != 0
	}
	return c.encrypted && s.encrypted
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	opt  *settings
	txs  proto.TxList[Tx, *Tx]
	tx   *Tx
	at   int    // where the record in work stands in the input
	skip [2]int // bytes left of a record of application data, by direction
	done bool
	dark bool // application data was seen
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	p.opt, _ = env.Options.(*settings)
	if p.opt == nil {
		p.opt = &settings{}
	}
	p.tx, p.done, p.dark, p.skip = nil, false, false, [2]int{}
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}}
	t.spare = old.spare
	for i, b := range [numMade][]byte{
		madeJA3: old.ja3, madeJA3Hash: old.ja3Hash, madeJA3S: old.ja3s, madeJA3SHash: old.ja3sHash, madeJA4: old.ja4Hash,
	} {
		if cap(b) > 0 {
			t.spare[i] = b[:0]
		}
	}
	for i := range t.sides {
		t.sides[i].reuse(&old.sides[i])
	}
}

// What a session makes when somebody asks, by place in Tx.spare.
const (
	madeJA3 = iota
	madeJA3Hash
	madeJA3S
	madeJA3SHash
	madeJA4
	numMade
)

// Free implements proto.Parser. What comes late opens no other session.
func (p *parser) Free(tx proto.Transaction) {
	p.txs.Free(tx)
	p.tx, p.done = nil, true
}

// open makes the flow's transaction.
func (p *parser) open() {
	if p.tx != nil || p.done {
		return
	}
	p.tx = p.txs.Open(p.env.Now, resetTx)
	p.tx.Moved = [2]bool{true, true} // that it has begun is a state too
	p.tx.opt, p.tx.upgraded = p.opt, p.env.From
}

// end closes a direction that turned out not to be TLS.
func (p *parser) end(dir field.Dir) {
	p.tx.Advance(dir, stateFinished[dir.Index()])
}

// progress moves the states on after a record of dir.
func (p *parser) progress(dir field.Dir) {
	t := p.tx
	s := &t.sides[dir.Index()]
	var at uint8
	if dir == field.ToServer {
		switch {
		case s.encrypted || t.handshakeDone():
			at = clientHandshakeDone
		case s.seen&seenCert != 0 || s.seen&seenKeyExchange != 0:
			at = clientCertDone
		case s.seen&seenHello != 0:
			at = clientHelloDone
		}
	} else {
		switch {
		case s.encrypted || t.dark && t.handshakeDone():
			at = serverHandshakeDone
		case s.seen&seenHelloDone != 0:
			at = serverHelloDone
		case s.seen&seenCert != 0:
			at = serverCertDone
		case s.seen&seenHello != 0:
			at = serverHello
		}
	}
	t.Advance(dir, at)
}
