package smb

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/proto/internal/msrpc"

	"weir/decode/proto"
)

// kind says what a transaction is about.
type kind uint8

const (
	kindPlain kind = iota
	kindNegotiate
	kindSetup
	kindTree
	kindCreate
	kindFile
	kindIoctl
	kindInfo // of a file is set: deletion
	kindRename
	kindRPC
)

// statusKind says how a response tells its outcome.
type statusKind uint8

const (
	statusNone statusKind = iota
	statusNT
	statusDOS
)

// guid names an open file: that of version 2, or in version 1 the FID and the user.
type guid [16]byte

// Tx is a request and its response, or a file.
type Tx struct {
	proto.Tx
	p       *parser // whose dialect and format records show
	version uint8   // 1 or 2
	kind    kind
	cmd     uint16
	message uint64 // identifies request and response on the connection
	session uint64
	tree    uint32

	statusKind statusKind
	status     uint32 // of NT, or the code of DOS
	class      uint8  // of DOS

	name    []byte // of a file or share
	target  []byte // of a rename
	share   []byte // that a file is in
	id      guid
	hasID   bool
	dirOnly bool // a directory is created
	pipe    bool // the share is one of pipes
	shared  uint8
	delete  bool
	// disposition is what to do if a file exists, or not.
	disposition uint32
	times       [4]uint64 // created, accessed, modified, changed, as FILETIME
	size        uint64
	function    uint32
	level       uint16 // of information that is set in version 1
	byPath      bool   // level is set by path
	service     [2][]byte

	dialects            []byte    // each behind its length; of version 2 as numbers of two bytes
	guids               [2][]byte // of client and server
	maxRead, maxWrite   uint32
	native              [2][2][]byte // operating system and LAN manager, of client and server
	auth                auth
	call                msrpc.Call
	file                transfer
	lists               [2]file.List
	answered, requested bool
}

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	o := *t
	*t = Tx{
		Tx: proto.Tx{Events: o.Events[:0]}, name: o.name[:0], target: o.target[:0], share: o.share[:0], dialects: o.dialects[:0],
		service: [2][]byte{o.service[0][:0], o.service[1][:0]}, guids: [2][]byte{o.guids[0][:0], o.guids[1][:0]},
		call: o.call, lists: o.lists,
	}
	for i := range t.native {
		t.native[i] = [2][]byte{o.native[i][0][:0], o.native[i][1][:0]}
	}
	t.auth.reset(&o.auth)
	t.file.reset(&o.file)
	t.call.Reset()
}

// complete marks both directions as done.
func (t *Tx) complete() {
	t.Advance(field.ToServer, msrpc.Done)
	t.Advance(field.ToClient, msrpc.Done)
}

// done reports whether a direction is complete.
func (t *Tx) done(d field.Dir) bool { return t.Progress[d.Index()] >= msrpc.Done }

// open opens a transaction. If too many are open, the oldest is given up: it
// completes as it is.
func (p *parser) open(version uint8, cmd uint16) *Tx {
	if p.txs.Len() >= maxTx {
		for i := range p.txs.Len() {
			if t := p.txs.At(i); !t.done(field.ToServer) || !t.done(field.ToClient) {
				t.AddEvent(evTooManyTransactions, field.Both)
				p.closeFile(t, true)
				t.complete()
				break
			}
		}
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.p, t.version, t.cmd = p, version, cmd
	return t
}

// find returns the transaction that a response answers, or nil.
func (p *parser) find(version uint8, cmd uint16, message uint64) *Tx {
	for i := range p.txs.Len() {
		t := p.txs.At(i)
		if t.version == version && t.cmd == cmd && t.message == message && t.kind != kindFile && !t.answered {
			return t
		}
	}
	return nil
}

// event notes an event on the transaction opened last, if there is one.
func (p *parser) event(ev uint8, dir field.Dir) {
	if t := p.txs.Last(); t != nil {
		t.AddEvent(ev, dir)
	}
}

// tree is a share that is connected.
type tree struct {
	session uint64 // 0 in version 1
	id      uint32
	pipe    bool
	name    []byte
}

// addTree notes a share.
func (p *parser) addTree(session uint64, id uint32, name []byte, pipe bool) {
	t := p.findTree(session, id)
	if t == nil {
		if len(p.trees) == maxTrees {
			first := p.trees[0]
			copy(p.trees, p.trees[1:])
			p.trees[maxTrees-1] = first
		} else if len(p.trees) < cap(p.trees) {
			p.trees = p.trees[:len(p.trees)+1]
		} else {
			p.trees = append(p.trees, tree{})
		}
		t = &p.trees[len(p.trees)-1]
	}
	*t = tree{session: session, id: id, pipe: pipe, name: append(t.name[:0], name...)}
}

// findTree returns a share, or nil.
func (p *parser) findTree(session uint64, id uint32) *tree {
	for i := len(p.trees) - 1; i >= 0; i-- {
		if t := &p.trees[i]; t.id == id && t.session == session {
			return t
		}
	}
	return nil
}

// handle is an open file or pipe.
type handle struct {
	id     guid
	used   uint32 // the clock when it was opened
	rpc    bool   // a pipe with DCE RPC
	name   []byte
	binder msrpc.Binder
	part   []byte // the beginning of a message of DCE RPC that the client reads
}

// rpcPipes are the names of pipes that carry DCE RPC.
var rpcPipes = [...]string{"svcctl", "srvsvc", "atsvc", "lsarpc", "samr", "spoolss", "winreg"}

// openHandle notes an open file or pipe.
func (p *parser) openHandle(id guid, name []byte) *handle {
	h := p.findHandle(id)
	switch {
	case h != nil:
	case len(p.handles) == maxHandles:
		h = &p.handles[0]
		for i := range p.handles {
			if p.handles[i].used < h.used {
				h = &p.handles[i]
			}
		}
	case len(p.handles) < cap(p.handles):
		p.handles = p.handles[:len(p.handles)+1]
		h = &p.handles[len(p.handles)-1]
	default:
		p.handles = append(p.handles, handle{})
		h = &p.handles[len(p.handles)-1]
	}
	p.clock++
	h.binder.Reset()
	*h = handle{id: id, used: p.clock, name: append(h.name[:0], name...), binder: h.binder, part: h.part[:0]}
	short := bytes.TrimPrefix(name, []byte{'\\'})
	for _, n := range rpcPipes {
		if string(short) == n {
			h.rpc = true
		}
	}
	return h
}

// findHandle returns an open file, or nil.
func (p *parser) findHandle(id guid) *handle {
	for i := len(p.handles) - 1; i >= 0; i-- {
		if p.handles[i].id == id {
			return &p.handles[i]
		}
	}
	return nil
}

// closeHandle forgets an open file.
func (p *parser) closeHandle(id guid) {
	for i := range p.handles {
		if p.handles[i].id == id {
			last := len(p.handles) - 1
			p.handles[i], p.handles[last] = p.handles[last], p.handles[i]
			p.handles = p.handles[:last]
			return
		}
	}
}

// read is a read in flight.
type read struct {
	version uint8
	message uint64
	id      guid
	offset  uint64
	tree    uint32
	session uint64
}

// addRead notes a read; the oldest gives way.
func (p *parser) addRead(r read) {
	if len(p.reads) == maxReads {
		p.reads = p.reads[:copy(p.reads, p.reads[1:])]
	}
	p.reads = append(p.reads, r)
}

// takeRead returns the read that a response answers and forgets it.
func (p *parser) takeRead(version uint8, message uint64) (r read, ok bool) {
	for i, x := range p.reads {
		if x.version == version && x.message == message {
			p.reads = append(p.reads[:i], p.reads[i+1:]...)
			return x, true
		}
	}
	return r, false
}
