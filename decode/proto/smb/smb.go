package smb

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
)

// unlimited is the depth of the stream: files are long.
var unlimited uint32

// Protocol is SMB.
var Protocol = &proto.Protocol{
	Name:      "smb",
	Families:  []string{"dcerpc"},
	Doc:       "Server message block, versions 1 to 3.",
	Transport: proto.TCP,
	Patterns: []proto.Pattern{
		{Transport: proto.TCP, Dir: field.Both, Bytes: "\xffSMB", Offset: 4, Depth: 8, Confirm: confirm},
		{Transport: proto.TCP, Dir: field.Both, Bytes: "\xfeSMB", Offset: 4, Depth: 8, Confirm: confirm},
		{Transport: proto.TCP, Dir: field.Both, Bytes: "\xfdSMB", Offset: 4, Depth: 8},
	},
	Probes: []proto.Probe{{Transport: proto.TCP, Ports: "139,445", Min: 4, Func: probe}},
	Setup:  setup,
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Files:  true,
	Fields: fields,
	Events: events,
	Frames: []string{
		"nbss.pdu", "nbss.hdr", "nbss.data", "smb1.pdu", "smb1.hdr", "smb1.data",
		"smb2.pdu", "smb2.hdr", "smb2.data", "smb3.pdu", "smb3.hdr", "smb3.data",
	},
	StreamDepth: &unlimited,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the request is known"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the response is known"}},
	},
	Done:    [2]uint8{msrpc.Done, msrpc.Done},
	Records: []proto.Record{{Type: "smb", Doc: "A request and its response, or a file in transit.", Append: appendRecord}},
	Little:  func(tx proto.Transaction, d field.Dir) bool { return tx.(*Tx).call.Little[d.Index()] },
}

// Indices into Protocol.Frames; those of a version follow in the order of
// frameNBSS.
const (
	frameNBSS = 0
	frameSMB1 = 3
	frameSMB2 = 6
	frameSMB3 = 9
)

// Bounds of what is known of a connection.
const (
	maxMessage = 1 << 20 // bytes of a message that is read as a whole
	maxTrees   = 64
	maxHandles = 256
	maxReads   = 256
	maxTx      = 1024 // open transactions; the oldest is given up
)

// limits are bounds of the settings for one direction of files.
type limits struct {
	size       uint64 // of one read or write, bytes
	queueBytes uint64 // of pieces that came too early
	queueCount uint64
}

// settings are those of the protocol's section.
type settings struct {
	format      msrpc.Format
	read, write limits
}

// defaults are the settings without a configuration.
var defaults = settings{
	format: msrpc.Format9,
	read:   limits{16 << 20, 64 << 20, 64},
	write:  limits{16 << 20, 64 << 20, 64},
}

func setup(o event.Options) (any, error) {
	s := defaults
	s.format = msrpc.FormatOf(o.String("suricata-version", ""))
	for _, x := range []struct {
		name string
		l    *limits
	}{{"read", &s.read}, {"write", &s.write}} {
		x.l.size = o.Uint("max-"+x.name+"-size", x.l.size)
		x.l.queueBytes = o.Uint("max-"+x.name+"-queue-size", x.l.queueBytes)
		x.l.queueCount = o.Uint("max-"+x.name+"-queue-cnt", x.l.queueCount)
	}
	return &s, nil
}

// parser is the state of one connection.
type parser struct {
	env   *proto.Env
	opt   *settings
	txs   proto.TxList[Tx, *Tx]
	sides [2]side

	dialect uint16 // of version 2 and 3, 0 if it is not known
	smb1    bool   // version 1 was agreed on
	offered []byte // dialects of version 1 that the client offers, each behind its length
	trees   []tree
	handles []handle
	reads   []read
	clock   uint32 // counts handles, for the oldest
	chained []byte // name of the file that a chain of messages has opened

	frameTx proto.Tx // stands for the transaction of frames
}

// pool holds transactions for reuse.
var pool sync.Pool

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	if p.opt, _ = env.Options.(*settings); p.opt == nil {
		p.opt = &defaults
	}
	p.sides = [2]side{}
	p.dialect, p.smb1, p.offered = 0, false, p.offered[:0]
	p.trees, p.handles, p.reads = p.trees[:0], p.handles[:0], p.reads[:0]
	p.frameTx = proto.Tx{}
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	t := tx.(*Tx)
	for i := range p.sides {
		if p.sides[i].into == t {
			p.sides[i].into = nil
		}
	}
	for i := range t.Files {
		if t.Files[i] != nil {
			p.env.Files.Free(t.Files[i])
			t.Files[i] = nil
		}
	}
	t.file.drop()
	p.txs.Free(tx)
}

// confirm wants a message that travels in the right direction.
func confirm(b []byte, dir field.Dir) proto.Verdict {
	if len(b) < 4+20 {
		return proto.More
	}
	reply := b[4+9]&0x80 != 0
	if b[4] == 0xfe {
		reply = b[4+16]&1 != 0
	}
	if reply != (dir == field.ToClient) {
		return proto.Reversed
	}
	return proto.Yes
}

// probe wants a request of the session service, which comes before the first
// message on port 139 (RFC 1002 section 4.3.2).
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	switch {
	case b[0] == nbssRequest && b[1] == 0 && b[2] == 0 && b[3] >= 2*34-1 && dir == field.ToServer:
		return proto.Yes
	case b[0] == nbssPositive && b[1] == 0 && b[2] == 0 && b[3] == 0 && dir == field.ToClient:
		return proto.Yes
	}
	return proto.No
}
