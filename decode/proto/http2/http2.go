package http2

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// Protocol is HTTP/2 over TCP.
var Protocol = &proto.Protocol{
	Name:      "http2",
	Families:  []string{"http"},
	Doc:       "Hypertext transfer protocol, version 2 (RFC 9113).",
	Transport: proto.TCP,
	FirstDir:  field.ToServer | field.ToClient,
	Patterns:  []proto.Pattern{{Transport: proto.TCP, Dir: field.ToServer, Bytes: preface[:18], Depth: 18}},
	Probes:    []proto.Probe{{Transport: proto.TCP, Ports: "any", Min: frameHeader, Func: probe}},
	Setup:     setup,
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Files:     true,
	Header:    func(tx proto.Transaction, name string) []byte { return tx.(*Tx).sides[0].header(name) },
	Fields:    fields,
	Events:    events,
	States:    [2][]proto.State{states("request"), states("response")},
	Done:      [2]uint8{progComplete, progComplete},
	Records: []proto.Record{{
		Type: "http2", Shown: "http", Key: "http", Doc: "A stream: its request and its response.", Append: appendRecord, Alert: appendAlert,
	}},
}

// preface is what a client begins with (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// probe recognises a server, which begins with its settings, once the client is
// recognised: the client goes first.
func probe(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict {
	n := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	if dir != field.ToClient || n > maxFrame || n%6 != 0 || b[3] != frameSettings || b[4]&^flagAck != 0 || b[5]|b[6]|b[7]|b[8] != 0 {
		return proto.No
	}
	if f != nil && f.AppTS == 0 {
		return proto.More
	}
	return proto.Yes
}

// Progress of a direction.
const (
	progStarted  = iota
	progHeaders  // the first header block is complete
	progData     // data has begun
	progComplete // nothing more comes
)

func states(side string) []proto.State {
	return []proto.State{
		{Name: side + "_started", Doc: "nothing yet"},
		{Name: side + "_headers", Doc: "the headers are complete"},
		{Name: side + "_data", Doc: "data has begun"},
		{Name: side + "_complete", Doc: "the " + side + " is complete"},
	}
}

// Indices into Protocol.Events.
const (
	evInvalidFrameHeader = iota
	evInvalidMagic
	evInvalidFrameData
	evInvalidHeader
	evInvalidFrameLength
	evExtraHeaderData
	evLongFrameData
	evStreamIDReuse
	evInvalidHTTP1Settings
	evFailedDecompression
	evInvalidRange
	evIntegerOverflow
	evTooManyStreams
	evHostMismatch
	evUserInfo
	evReassemblyLimit
	evDNSRequestTooLong
	evDNSResponseTooLong
)

var events = []proto.EventDef{
	{Name: "invalid_frame_header", Doc: "A frame's header cannot be."},
	{Name: "invalid_client_magic", Doc: "The client does not begin with the connection preface."},
	{Name: "invalid_frame_data", Doc: "A frame's payload cannot be read."},
	{Name: "invalid_header", Doc: "A header block cannot be decoded."},
	{Name: "invalid_frame_length", Doc: "A frame's length does not fit its type."},
	{Name: "extra_header_data", Doc: "Bytes are left behind a header block."},
	{Name: "long_frame_data", Doc: "A frame is too long to be read."},
	{Name: "stream_id_reuse", Doc: "A stream that is closed is used again."},
	{Name: "invalid_http1_settings", Doc: "The settings of an upgrade from HTTP/1 cannot be read."},
	{Name: "failed_decompression", Doc: "The content coding of data cannot be undone."},
	{Name: "invalid_range", Doc: "Content-Range cannot be read."},
	{Name: "header_integer_overflow", Doc: "An integer of a header block is too large."},
	{Name: "too_many_streams", Doc: "More streams are open than max-streams."},
	{Name: "authority_host_mismatch", Doc: ":authority and Host name different hosts."},
	{Name: "userinfo_in_uri", Doc: ":authority has user information."},
	{Name: "reassembly_limit_reached", Doc: "A header block over several frames is too long."},
	{Name: "dns_request_too_long", Doc: "A request that is said to be a message of DNS is too long for one."},
	{Name: "dns_response_too_long", Doc: "A response that is said to be a message of DNS is too long for one."},
}

// settings are those of the protocol's section.
type settings struct {
	maxStreams int
	maxTable   int // bytes of a dynamic table
	maxBlock   int // bytes of a header block over several frames
	http1      bool
}

var defaults = settings{maxStreams: 4096, maxTable: 64 << 10, maxBlock: 100 << 10, http1: true}

func setup(o event.Options) (any, error) {
	return &settings{
		maxStreams: int(min(o.Uint("max-streams", uint64(defaults.maxStreams)), 1<<20)),
		maxTable:   int(min(o.Size("max-table-size", uint64(defaults.maxTable)), 1<<20)),
		maxBlock:   int(min(o.Size("max-reassembly-size", uint64(defaults.maxBlock)), 1<<20)),
		http1:      o.Bool("http1-rules", true),
	}, nil
}

// parser is the state of one connection.
type parser struct {
	env     *proto.Env
	opt     *settings
	txs     proto.TxList[Tx, *Tx]
	open    map[uint32]*Tx // streams
	sides   [2]side
	greeted bool            // the client's preface has come
	dns     *proto.Embedded // messages of DNS; nil if none are looked for
	made    *proto.Embedded // of the program, for the next flow
	renamed bool            // the flow is called by dohName
}

// side is what one end of the connection has sent.
type side struct {
	table table // of the header blocks it sends
	// Of the frame in work, when its payload is not waited for: what is left of
	// it, of which the first skip bytes and the last pad bytes are padding.
	left, skip, pad int
	data            bool // it is a DATA frame
	end             bool // it ends its stream
	stream          uint32
	// A header block that goes on in CONTINUATION frames.
	block   []byte
	pending pending
}

// pending is a header block that is not complete.
type pending struct {
	on, end bool
	stream  uint32
}

// pool holds transactions for reuse.
var pool sync.Pool

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) {
	opt, _ := env.Options.(*settings)
	if opt == nil {
		opt = &defaults
	}
	p.txs.Reset()
	old := p.sides
	if p.made == nil {
		p.made = p.dns
	}
	*p = parser{env: env, opt: opt, txs: p.txs, open: p.open, dns: p.made, made: p.made}
	p.txs.Pool = &pool
	if p.open == nil {
		p.open = map[uint32]*Tx{}
	}
	clear(p.open)
	for i := range p.sides {
		p.sides[i].block = old[i].block[:0]
		p.sides[i].table = old[i].table
		p.sides[i].table.reset()
	}
}

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *parser) Free(tx proto.Transaction) {
	t := tx.(*Tx)
	if p.open[t.stream] == t {
		delete(p.open, t.stream)
	}
	t.giveBack(p.env.Files)
	t.giveBackDNS()
	p.txs.Free(tx)
}

// stream returns the transaction of a stream, opened if it is new; nil if there
// are too many.
func (p *parser) stream(id uint32, dir field.Dir) *Tx {
	if id == 0 {
		t := p.txs.Open(p.env.Now, resetTx)
		t.Dirs = dir
		t.Progress = [2]uint8{progComplete, progComplete}
		t.Touch(dir)
		return t
	}
	if t := p.open[id]; t != nil {
		if t.Progress == [2]uint8{progComplete, progComplete} {
			t.AddEvent(evStreamIDReuse, dir)
		}
		return t
	}
	if len(p.open) >= p.opt.maxStreams {
		for _, t := range p.open {
			t.AddEvent(evTooManyStreams, dir)
			break
		}
		return nil
	}
	t := p.txs.Open(p.env.Now, resetTx)
	t.stream = id
	p.open[id] = t
	return t
}

// complete ends a direction of a stream.
func (p *parser) complete(t *Tx, dir field.Dir) {
	t.endData(dir)
	t.endDNS(dir)
	t.Advance(dir, progComplete)
	p.env.Host.TriggerRaw(dir)
}
