package dnp3

import (
	"bytes"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	done = 1 // Progress of a fragment that is whole

	// maxFragment bounds a fragment: as many segments as the sequence number of
	// the transport function tells apart, each as long as a frame allows.
	maxFragment = 64 * 249

	defaultMaxTx      = 32
	defaultMaxPoints  = 16384
	defaultMaxObjects = 2048

	keptMemory = 4 << 10 // bytes that a transaction keeps for its next use
)

// start are the first bytes of a frame (clause 9.2.4.1).
var start = []byte{0x05, 0x64}

// Protocol is DNP3.
var Protocol = &proto.Protocol{
	Name:         "dnp3",
	Doc:          "Distributed network protocol (IEEE 1815).",
	Transport:    proto.TCP,
	OffByDefault: true,
	Probes:       []proto.Probe{{Transport: proto.TCP, Ports: "20000", Min: headerBytes, Func: probe}},
	Setup:        setup,
	New:          func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:        true,
	Fields:       fields,
	Events:       events,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "a first segment"}, {Name: "request_complete", Doc: "the fragment is whole"}},
		{{Name: "response_started", Doc: "a first segment"}, {Name: "response_complete", Doc: "the fragment is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "dnp3", Doc: "A fragment.", Append: appendRecord, Alert: appendAlert}},
}

// settings are those of the protocol's section.
type settings struct {
	maxTx, maxPoints, maxObjects int
	v7                           bool
}

func setup(o event.Options) (any, error) {
	return &settings{
		maxTx:      int(min(max(o.Uint("max-tx", defaultMaxTx), 1), 1<<12)),
		maxPoints:  int(min(o.Uint("max-points", defaultMaxPoints), 1<<16)),
		maxObjects: int(min(o.Uint("max-objects", defaultMaxObjects), 1<<13)),
		v7:         strings.HasPrefix(o.String("suricata-version", ""), "7"),
	}, nil
}

// link is the header of a frame.
type link struct {
	length   uint8 // from control on, without checksums
	control  uint8
	dst, src uint16
}

// Tx is a fragment.
type Tx struct {
	proto.Tx
	link     link
	whole    bool // all of its segments have come
	complete bool // all of its objects could be read
	v7       bool
	data     []byte // the fragment
	objects  []object
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}}
	if cap(old.data) <= keptMemory {
		t.data = old.data[:0]
	}
	if cap(old.objects)*objectBytes <= keptMemory {
		t.objects = old.objects[:0]
	}
}

// response reports whether the fragment was sent by an outstation.
func (t *Tx) response() bool { return t.Dirs == field.ToClient }

// function returns the function code.
func (t *Tx) function() (uint64, bool) {
	if !t.whole {
		return 0, false
	}
	return uint64(t.data[1]), true
}

// indicators returns the internal indications of a response, the first byte in the
// upper half.
func (t *Tx) indicators() uint16 {
	if !t.whole || !t.response() {
		return 0
	}
	return uint16(t.data[2])<<8 | uint16(t.data[3])
}

// head returns the length of the application header.
func (t *Tx) head() int {
	if t.response() {
		return 4
	}
	return 2
}

// parser is the state of one flow.
type parser struct {
	env  *proto.Env
	opt  *settings
	txs  proto.TxList[Tx, *Tx]
	part [2]*Tx  // fragments whose last segment has not come
	lost [2]bool // after a gap or a broken frame: the next one is looked for
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &settings{maxTx: defaultMaxTx, maxPoints: defaultMaxPoints, maxObjects: defaultMaxObjects}
	}
	p.txs.Reset()
	*p = parser{env: env, opt: opt, txs: p.txs}
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	for i, t := range p.part {
		if tx == proto.Transaction(t) {
			p.part[i] = nil
		}
	}
	p.txs.Free(tx)
}

// probe wants the start of a frame of a possible length. In a connection that was
// picked up in its middle the frame tells which side is the master.
func probe(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict {
	if !bytes.HasPrefix(b, start) || b[2] < minLength {
		return proto.No
	}
	if f.InMiddle() && (b[3]&bitMaster != 0) != (dir == field.ToServer) {
		return proto.Reversed
	}
	return proto.Yes
}
