package nfs

import (
	"encoding/binary"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	maxRecord = 1<<20 + 4096 // bytes
	maxCalls  = 1024         // open transactions; the oldest is given up
	maxNames  = 256
	done      = 1 // Progress of a direction that is complete

	program = 100003 // of NFS (RFC 1813 section 2.1)
)

// Protocol is NFS.
var Protocol = &proto.Protocol{
	Name:      "nfs",
	Doc:       "Network file system (RFC 1094, 1813).",
	Transport: proto.TCP | proto.UDP,
	Probes: []proto.Probe{
		{Transport: proto.TCP, Ports: "2049", SourcePorts: "2049", Min: 28, Func: probeTCP},
		{Transport: proto.UDP, Ports: "2049", SourcePorts: "2049", Min: 24, Func: probeUDP},
	},
	Setup:  func(o event.Options) (any, error) { return &settings{old: isOld(o)}, nil },
	New:    func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:  true,
	Files:  true,
	Fields: fields,
	Events: []proto.EventDef{
		{Name: "malformed_data", Doc: "A message does not follow its format."},
		{Name: "non_existing_version", Doc: "A call names a version that there is not."},
		{Name: "too_many_transactions", Doc: "More calls wait for their reply than are followed."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the call is known"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the reply is known"}},
	},
	Done: [2]uint8{done, done},
	Records: []proto.Record{{
		Type: "nfs", Doc: "A call and its reply, or a file in transit.", Append: appendRecord, Extra: appendRPC, Alert: appendAlert,
		Dir: func(proto.Transaction) field.Dir { return 0 },
	}},
}

// Indices into Protocol.Events.
const (
	evMalformedData = iota
	evNoSuchVersion
	evTooMany
)

// settings are those of the protocol's section.
type settings struct {
	old bool // records name procedures of version 2 as those of version 3
}

var defaults settings

func isOld(o event.Options) bool {
	v := o.String("suricata-version", "")
	return len(v) > 1 && v[:2] == "7."
}

// Tx is a call, or a file.
type Tx struct {
	proto.Tx
	opt       *settings
	version   uint32
	procedure uint32
	xid       uint32
	handle    []byte
	hashed    bool // the record tells the handle
	name, to  []byte
	status    uint32 // of NFS
	accepted  bool
	replied   bool
	auth      uint32
	machine   []byte
	uid, gid  uint32

	offset, count uint64 // of a read
	// Of a file.
	isFile bool
	dir    field.Dir
	file   *file.File
	at     uint64
	chunks uint64
	last   bool
	list   file.List
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{
		Tx: proto.Tx{Events: t.Events[:0]}, handle: t.handle[:0], name: t.name[:0], to: t.to[:0], machine: t.machine[:0],
		list: file.List{Files: t.list.Files[:0]},
	}
}

// named is the name of a handle.
type named struct{ handle, name []byte }

// parser is the state of one flow.
type parser struct {
	env   *proto.Env
	opt   *settings
	udp   bool
	skip  [2]int // bytes of a record that are passed over, by direction
	lost  [2]bool
	names []named
	next  int // where the next name goes
	txs   proto.TxList[Tx, *Tx]
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	p.env = env
	if p.opt, _ = env.Options.(*settings); p.opt == nil {
		p.opt = &defaults
	}
	p.udp = env.Flow.Proto == 17
	p.skip, p.lost = [2]int{}, [2]bool{}
	p.names, p.next = p.names[:0], 0
	p.txs.Reset()
	p.txs.Pool = &pool
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	for i, l := range tx.Base().Files {
		if l != nil {
			p.env.Files.Free(l)
			tx.Base().Files[i] = nil
		}
	}
	p.txs.Free(tx)
}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	if p.udp {
		p.message(in.Dir, in.Data)
		return proto.Result{Consumed: len(in.Data)}
	}
	d := in.Dir.Index()
	if in.Gap > 0 {
		if p.skip[d] -= in.Gap; p.skip[d] < 0 {
			p.skip[d], p.lost[d] = 0, true
		}
		return proto.Result{}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		if p.skip[d] > 0 {
			n := min(p.skip[d], len(b))
			p.skip[d] -= n
			used += n
			continue
		}
		if len(b) < 4 {
			return proto.Result{Consumed: used, Need: 4, Status: proto.Incomplete}
		}
		if p.lost[d] {
			if len(b) < 28 {
				return proto.Result{Consumed: used, Need: 28, Status: proto.Incomplete}
			}
			if probeTCP(b, in.Dir, p.env.Flow) != proto.Yes {
				return proto.Result{Consumed: len(in.Data)}
			}
			p.lost[d] = false
		}
		mark := binary.BigEndian.Uint32(b)
		n := 4 + int(mark&0x7fffffff)
		if mark>>31 == 0 || n > maxRecord {
			p.skip[d] = n // a fragment of many
			continue
		}
		if len(b) < n {
			return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
		}
		p.message(in.Dir, b[4:n])
		used += n
	}
	return proto.Result{Consumed: used}
}

// open opens a transaction. If too many are open, the oldest is given up: it completes
// as it is.
func (p *parser) open() *Tx {
	for i := 0; i < p.txs.Len() && p.txs.Len() >= maxCalls; i++ {
		if t := p.txs.At(i); t.Progress != [2]uint8{done, done} {
			t.AddEvent(evTooMany, field.Both)
			p.end(t, true)
			break
		}
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.opt = p.opt
	return t
}

// probeTCP wants a call of the program behind a record mark (RFC 5531 section 11), or
// a reply.
func probeTCP(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict {
	if n := binary.BigEndian.Uint32(b) & 0x7fffffff; n < 24 {
		return proto.No
	}
	return probeUDP(b[4:], dir, f)
}

func probeUDP(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	switch binary.BigEndian.Uint32(b[4:]) {
	case 0:
		if binary.BigEndian.Uint32(b[8:]) == 2 && binary.BigEndian.Uint32(b[12:]) == program {
			if dir == field.ToClient {
				return proto.Reversed
			}
			return proto.Yes
		}
	case 1:
		if binary.BigEndian.Uint32(b[8:]) > 1 {
			return proto.No
		}
		if dir == field.ToServer {
			return proto.Reversed
		}
		return proto.Yes
	}
	return proto.No
}
