package sip

import (
	"sync"

	"weir/decode/field"
	"weir/decode/proto"
)

const (
	maxHead = 64 << 10 // bytes of a message before its body
	maxOpen = 256      // transactions that wait for inspection; the oldest gives way
	done    = 1        // Progress of a direction whose message is whole
)

// Protocol is SIP.
var Protocol = &proto.Protocol{
	Name:      "sip",
	Doc:       "Session initiation (RFC 3261).",
	Transport: proto.TCP | proto.UDP,
	Patterns:  patterns(),
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:    fields,
	Events: []proto.EventDef{
		evIncomplete: {Name: "incomplete_data", Doc: "A message ends before its headers do."},
		evInvalid:    {Name: "invalid_data", Doc: "A message does not follow its format."},
	},
	Frames: []string{
		framePDU: "pdu", frameRequestLine: "request.line", frameRequestHeaders: "request.headers", frameRequestBody: "request.body",
		frameResponseLine: "response.line", frameResponseHeaders: "response.headers", frameResponseBody: "response.body",
	},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the message is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the message is whole"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "sip", Doc: "A message.", Append: appendRecord}},
}

// Indices into Protocol.Events.
const (
	evIncomplete = iota
	evInvalid
)

// Frames.
const (
	framePDU = iota
	frameRequestLine
	frameRequestHeaders
	frameRequestBody
	frameResponseLine
	frameResponseHeaders
	frameResponseBody
)

// patterns are how messages begin.
func patterns() (all []proto.Pattern) {
	for _, tr := range [...]proto.Transport{proto.UDP, proto.TCP} {
		for _, begin := range [...]string{
			"REGISTER ", "INVITE ", "ACK ", "BYE ", "CANCEL ", "UPDATE ", "REFER ", "PRACK ", "SUBSCRIBE ", "NOTIFY ", "PUBLISH ",
			"MESSAGE ", "INFO ", "SIP/2.0",
		} {
			p := proto.Pattern{Transport: tr, Dir: field.Both, Bytes: begin, Depth: len(begin)}
			if tr == proto.TCP {
				p.Since = 8
			}
			all = append(all, p)
		}
	}
	return append(all, proto.Pattern{Transport: proto.UDP, Dir: field.Both, Bytes: "OPTIONS sip", Depth: 11})
}

// span is a part of Tx.head.
type span struct{ from, to int }

// Tx is one message.
type Tx struct {
	proto.Tx
	head    []byte // the message before its body, without the blank line
	line    span   // first line, without its end
	parts   [3]span
	headers []header
	// request: parts are method, URI and version; else version, code and reason.
	request bool
}

// header is one header line: its name as sent, its value without blanks around it.
type header struct{ name, value span }

func (t *Tx) at(s span) []byte { return t.head[s.from:s.to:s.to] }

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, head: t.head[:0], headers: t.headers[:0]}
}
