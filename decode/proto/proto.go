// Package proto is the contract between the pipeline, the application-layer
// parsers and the detection engine.
//
// A protocol is one value of type Protocol: how it is recognised, how a parser
// for a flow is made, which fields rules can match, which events and records it
// yields. The pipeline and the engine know protocols only through it.
//
// Life of data: the pipeline hands a Parser the next in-order bytes of one
// direction. The parser keeps what it needs in its own memory (the bytes are
// valid for the call only), opens transactions and moves their Progress on.
// After each packet the engine inspects the transactions that moved; what is
// complete in both directions, inspected and logged is given back.
package proto

import (
	"slices"

	"weir/decode/buffer"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
)

// ID numbers a registered protocol; 0 is unknown, 1 is failed.
type ID uint16

// Reserved IDs.
const (
	Unknown ID = iota
	Failed
	firstID
)

// Transport says over what a protocol runs.
type Transport uint8

// Transports.
const (
	TCP Transport = 1 << iota
	UDP
)

// Protocol describes one application protocol.
type Protocol struct {
	Name      string   // folder, rule protocol, configuration section: "http1"
	EVE       string   // app_proto in events; Name if empty: "http"
	Families  []string // further rule protocols that include it: "http"
	Config    string   // section under app-layer.protocols; Name if empty: "http"
	Doc       string   // one sentence
	Transport Transport
	// Since is the first suricata-version, 8 or 9, that knows the protocol; 0 is
	// any.
	Since uint8
	// OffByDefault: parsed only if the configuration says enabled: yes.
	OffByDefault bool

	// From is the protocol whose parser a flow of this one began with (Renamer); may
	// be empty.
	From string

	// Recognition. Patterns are tried on the first bytes of each direction;
	// probes run for flows whose port is named and where no pattern matched.
	Patterns []Pattern
	Probes   []Probe

	// New returns a parser for one flow. Nil: detection only.
	New func(env *Env) Parser
	// Setup reads the protocol's section of the configuration once; what it
	// returns stands in Env.Options.
	Setup func(o event.Options) (any, error)
	// GapOK: the parser can go on after a gap.
	GapOK bool
	// FirstDir is the side that must speak first for probing, ToServer by
	// default.
	FirstDir field.Dir
	// StreamDepth overrides stream.reassembly.depth if not nil, bytes; 0 is
	// unlimited. The setting stream-depth of the protocol overrides it in turn.
	StreamDepth *uint32

	Fields []field.Def
	Events []EventDef
	Frames []string
	// FrameTx: records of frames tell the transaction.
	FrameTx bool
	States  [2][]State // by direction, in order; the index is the Progress value
	// Done is the Progress value at which a direction is complete.
	Done [2]uint8
	// Header returns the value of a header of the request, by its name in lower
	// case; nil without. The func is nil for protocols without headers.
	Header func(tx Transaction, name string) []byte
	// Little reports the byte order of numbers of a transaction and direction, for
	// the word dce of byte keywords. The func is nil where it has no meaning.
	Little func(tx Transaction, dir field.Dir) bool
	// Certs returns the certificates that a side has shown; nil for protocols without.
	Certs func(tx Transaction, dir field.Dir) Certs
	// Files: transactions may carry files.
	Files bool
	// Uncounted: app_layer.tx does not count its transactions.
	Uncounted bool
	// Unidirectional: a transaction belongs to one direction (dns since 8.0).
	Unidirectional bool
	// Records are the EVE records of a transaction.
	Records []Record

	ID ID // assigned by Register
}

// Embedded is a protocol's messages as another protocol carries them: DNS in HTTP.
// Its transactions hold one message each.
type Embedded struct {
	// Open returns an empty transaction, which Close takes back.
	Open  func() Transaction
	Close func(tx Transaction)
	// Parse fills a transaction with the message b, sent in direction dir. It
	// reports false if b is none.
	Parse  func(tx Transaction, dir field.Dir, b []byte) bool
	Fields []field.Def
	Record Record
}

// Renamer is a Host whose flows can become another protocol's while their parser and
// its transactions stay: that of HTTP/2 which carries DNS.
type Renamer interface {
	// Rename reports whether the flow is called by that name from now on: it is not
	// if the protocol is not parsed.
	Rename(name string) bool
}

// Certs is a chain of certificates, and what the first of them says. The slices are
// valid until the next call on the parser.
type Certs struct {
	Chain                        [][]byte // DER, the end entity's first
	Subject, Issuer, Fingerprint []byte   // in text
}

// State is one step of a transaction's progress and a rule hook.
type State struct {
	Name string // "request_headers"
	Doc  string
}

// EventDef is one oddity that a parser reports: app-layer-event:http.name.
type EventDef struct {
	Name string // lower case, as rules spell it
	EVE  string // spelling in anomaly records; Name if empty
	// Alias is another name that rules use; may be empty.
	Alias string
	Doc   string
	// Packet: raised on the packet (APPLAYER_... events), not on a transaction.
	Packet bool
}

// Pattern recognises a protocol by bytes near the start of a direction.
type Pattern struct {
	Transport Transport // one of those of the protocol
	Dir       field.Dir
	Bytes     string
	Nocase    bool
	Offset    int // first position at which Bytes may start
	Depth     int // Bytes must end at or before it
	// Since is the first suricata-version, 8 or 9, whose detection has the
	// pattern; 0 is any.
	Since uint8
	// Confirm, if not nil, must agree; it sees all bytes so far.
	Confirm func(b []byte, dir field.Dir) Verdict
}

// Probe recognises a protocol by looking at the bytes.
type Probe struct {
	Transport Transport
	// Ports are the server ports for which it runs, "80,8080" or "1024-2000";
	// the configuration's detection-ports override them. "any" runs last, for all.
	Ports string
	// SourcePorts: ports of the sender when the server spoke first.
	SourcePorts string
	Min         int // bytes needed
	Func        func(b []byte, dir field.Dir, f *flow.Flow) Verdict
}

// Verdict is what a probe or a pattern's confirmation says.
type Verdict uint8

// Verdicts.
const (
	No       Verdict = iota // certainly not
	More                    // cannot tell yet
	Yes                     // it is
	Reversed                // it is, and the sender is the other side than assumed
)

// Env is what a parser may use of its surroundings; the pipeline fills it.
type Env struct {
	Flow    *flow.Flow
	Options any    // of Protocol.Setup
	Now     int64  // packet clock, ns; set before each call
	From    string // app_proto of the protocol that handed the flow over, or ""
	Data    any    // of the Expectation that this flow fulfils
	Frames  bool   // frames are wanted
	Files   *file.Store
	Buffers *buffer.Pool // of the worker; nil: memory of one's own
	Host    Host
}

// Host is what a parser may ask of the pipeline.
type Host interface {
	// Upgrade ends this parser's work on the flow after the current call: the
	// rest belongs to the protocol named, or to whatever detection finds if
	// name is empty. expect names the protocol that ought to be found.
	Upgrade(name, expect string)
	// Expect announces a flow to come (FTP data): its server port and parser.
	Expect(e Expectation)
	// NoInspect ends reassembly and inspection of the flow's payload: it is
	// encrypted from here on. bypass also sheds its packets.
	NoInspect(bypass bool)
	// NoRawInspect ends inspection of packets' payload with the packet in work,
	// and of the stream of one direction; what is parsed goes on.
	NoRawInspect(dir field.Dir)
	// TriggerRaw lets the detection engine see the raw stream of dir now,
	// without waiting for a full chunk: a request or response has ended.
	TriggerRaw(dir field.Dir)
	// Frame opens a frame that rules can match (frame keyword). off is from
	// the start of the bytes of this call; length -1 is until closed,
	// which the end of tx does; tx may be nil where length is known.
	Frame(dir field.Dir, kind uint8, off int, length int64, tx *Tx)
}

// FrameEnd is the length with which Host.Frame ends the open frame of that kind, and
// opens none.
const FrameEnd = -2

// Expectation describes a flow that a control connection announced.
type Expectation struct {
	Client, Server [16]byte
	Port           uint16 // of the server, of either side if Dir is Both
	Proto          string // protocol that parses it
	Dir            field.Dir
	Data           any // Env.Data of the new flow's parser
}

// Input is what Parse gets: the next bytes of one direction, a gap, or its end.
type Input struct {
	Dir  field.Dir
	Data []byte // valid for the call only
	Gap  int    // bytes missing before Data; Data is then empty
	Left []byte // with Gap: what the parser left last time; part of the gap, as it comes no more
	End  bool   // nothing more comes in this direction
	// Start: first call for this direction.
	Start bool
	// Offset of Data in the direction's stream, bytes.
	Offset uint64
}

// Status is how parsing stands.
type Status uint8

// Statuses.
const (
	OK         Status = iota // go on with what follows Consumed
	Incomplete               // need more bytes: at least Need behind Consumed
	Stop                     // broken beyond use: no more parsing of this flow (event by the parser)
)

// Result is what Parse returns.
type Result struct {
	Consumed int // bytes of Data done with; the rest is given again, with more behind it
	Need     int // if Status is Incomplete: bytes behind Consumed before the next call, 0 is any
	Status   Status
}

// Parser parses one flow. It is used by one goroutine and reused through Reset
// if it implements Resetter.
type Parser interface {
	// Parse takes the next bytes of a direction (TCP), or one datagram (UDP).
	Parse(in *Input) Result
	// Txs returns the transactions not yet given back, oldest first. The slice
	// is valid until the next call on the parser.
	Txs() []Transaction
	// Free gives back a transaction that is complete, inspected and logged.
	Free(tx Transaction)
}

// Resetter is a Parser that the pipeline may use again for another flow.
type Resetter interface{ Reset(env *Env) }

// Transaction is a protocol's own transaction type; it embeds Tx.
type Transaction interface{ Base() *Tx }

// Tx is the part of a transaction that the pipeline and the engine use. A
// protocol embeds it: type Tx struct { proto.Tx; ... }.
type Tx struct {
	ID       uint64 // from 0, in order of opening
	Progress [2]uint8
	// Moved: changed in that direction since the last inspection. The parser
	// sets it with every change that a rule could see; the engine clears it.
	Moved [2]bool
	// Dirs are the directions in which this transaction has anything to
	// inspect; 0 counts as Both. Unidirectional protocols set one.
	Dirs   field.Dir
	Events []uint8       // indices into Protocol.Events
	Files  [2]*file.List // files of the direction, or nil

	// Inspected: nothing is left to inspect in that direction.
	Inspected [2]bool
	// Logged has one bit per Record.
	Logged uint8
	NoLog  bool // config keyword
	// Detect is the engine's memory of this transaction by direction; the
	// engine alone reads it and empties it before Free.
	Detect [2]any
	// Created is the packet clock at opening, ns; FirstNum its pcap_cnt.
	Created  int64
	FirstNum uint64
	Updated  int64
	// eventsSeen counts the Events already reported as anomalies.
	EventsLogged uint8
	// Store: a rule asked for the files of this transaction to be stored.
	Store bool
	// Certs are the sides whose certificates a rule asked for to be stored.
	Certs field.Dir
	// Shown counts the alerts of rules on packets and streams that show it.
	Shown uint8
}

// Base implements Transaction for types that embed Tx.
func (t *Tx) Base() *Tx { return t }

// AddEvent notes an event once.
func (t *Tx) AddEvent(ev uint8, dir field.Dir) {
	if t.HasEvent(ev) {
		return
	}
	t.Events = append(t.Events, ev)
	t.Touch(dir)
}

// maxEvents bounds the events of a transaction; EventsLogged counts them.
const maxEvents = 255

// RepeatEvent notes an event once more.
func (t *Tx) RepeatEvent(ev uint8, dir field.Dir) {
	if len(t.Events) < maxEvents {
		t.Events = append(t.Events, ev)
		t.Touch(dir)
	}
}

// HasEvent reports whether ev was noted.
func (t *Tx) HasEvent(ev uint8) bool { return slices.Contains(t.Events, ev) }

// Touch marks the transaction as changed in dir.
func (t *Tx) Touch(dir field.Dir) {
	if dir&field.ToServer != 0 {
		t.Moved[0] = true
	}
	if dir&field.ToClient != 0 {
		t.Moved[1] = true
	}
}

// Advance moves the progress of a direction on to p and marks it changed. It
// never goes back.
func (t *Tx) Advance(dir field.Dir, p uint8) {
	i := dir.Index()
	if t.Progress[i] < p {
		t.Progress[i] = p
	}
	t.Moved[i] = true
}

// Record is one EVE record type of a protocol.
type Record struct {
	Type string // event type that outputs list, and event_type: "http"
	// Shown is the event_type if it is not Type: http2 has records of type http.
	Shown string
	// Under is the eve-log type that turns it on; Type if empty.
	Under string
	// Key of the object in the event; Type if empty.
	Key string
	Doc string
	// OffByDefault: not among the types that are on without configuration.
	// At is the Progress by direction at which it is logged; Done by default.
	At *[2]uint8
	// Due, if not nil, must agree as well.
	Due func(tx Transaction) bool
	// Options reads the options of an eve-log type once per output.
	Options func(o event.Options) (any, error)
	// Append writes the object (from its opening brace on), without a line
	// end. It reports false if there is nothing to log.
	Append func(b []byte, tx Transaction, f *flow.Flow, opt any) ([]byte, bool)
	// Extra writes further members beside the object ("smtp" has "email"),
	// beginning with a comma; may be nil.
	Extra func(b []byte, tx Transaction, f *flow.Flow, opt any) []byte
	// Alert writes what an alert shows of the transaction: one or more members
	// (`,"http":{...}`); nil: Append under Key.
	Alert func(b []byte, tx Transaction, f *flow.Flow, opt any) []byte
	// Dir is the direction the record's source and destination are shown in:
	// ToServer by default. Nil func: ToServer; 0: that of the packet that brings
	// the record about.
	Dir func(tx Transaction) field.Dir
	// Client, if not nil, reports whether outputs with these options show the
	// flow's client as the source whatever Dir says.
	Client func(opt any) bool
}
