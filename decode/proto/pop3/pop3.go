package pop3

import (
	"bytes"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
)

const (
	// maxLine bounds what is kept of a line, bytes; RFC 2449 section 4 allows 255
	// of a command and 512 of a response.
	maxLine = 4096
	// maxData bounds what is kept of a response of several lines, bytes.
	maxData = 128 << 10
	// maxArgs bounds the arguments of a command that are kept.
	maxArgs = 64
	// defaultMaxTx is how many commands of a flow wait for their response.
	defaultMaxTx = 256
)

// Protocol is POP3.
var Protocol = &proto.Protocol{
	Name:      "pop3",
	Doc:       "Post office (RFC 1939).",
	Transport: proto.TCP,
	Since:     8,
	FirstDir:  field.ToServer | field.ToClient,
	Patterns:  patterns(),
	Setup:     setup,
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Events: []proto.EventDef{
		{Name: "too_many_transactions", Doc: "More commands wait for their response than max-tx."},
		{Name: "request_too_long", Doc: "A command is longer than what is kept of it."},
		{Name: "response_too_long", Doc: "A line of a response is longer than what is kept of it."},
		{Name: "unknown_command", Doc: "A client sends a command that is none."},
		{Name: "reply_without_request", Doc: "A server answers what was not asked."},
	},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the command is whole"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the response is whole"}},
	},
	Done:    [2]uint8{1, 1},
	Records: []proto.Record{{Type: "pop3", Doc: "A command and its response.", Append: appendRecord}},
}

// Indices into Protocol.Events.
const (
	evTooMany = iota
	evRequestTooLong
	evResponseTooLong
	evUnknownCommand
	evReplyWithoutRequest
)

// patterns recognise the first command of a client or the greeting of a server.
func patterns() []proto.Pattern {
	ps := []proto.Pattern{
		{Transport: proto.TCP, Dir: field.ToClient, Bytes: "+OK ", Depth: 4},
		{Transport: proto.TCP, Dir: field.ToClient, Bytes: "+OK\r\n", Depth: 5},
	}
	for _, s := range [...]string{"CAPA\r\n", "AUTH ", "APOP "} {
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToServer, Bytes: s, Nocase: true, Depth: len(s)})
	}
	return ps
}

// settings are those of the protocol's section.
type settings struct{ maxTx int }

func setup(o event.Options) (any, error) {
	return &settings{maxTx: int(min(max(o.Uint("max-tx", defaultMaxTx), 1), 1<<16))}, nil
}

// Tx is a command with its response.
type Tx struct {
	proto.Tx
	line     []byte // the command's, without its end
	asked    bool   // there was a command
	answered bool
	success  bool
	status   string
	text     []byte // the response: its first line, then the others
	header   int    // end of the first
	ends     []int  // of the others
}

// resetTx empties a transaction and keeps its memory.
func resetTx(t *Tx) {
	*t = Tx{Tx: proto.Tx{Events: t.Events[:0]}, line: t.line[:0], text: t.text[:0], ends: t.ends[:0]}
}

// command returns the first word of the command.
func (t *Tx) command() []byte {
	b, _, _ := bytes.Cut(t.line, []byte{' '})
	return b
}

// args returns what stands behind it.
func (t *Tx) args() []byte { return bytes.TrimSpace(t.line[len(t.command()):]) }

// is reports whether the command is word, given in upper case.
func (t *Tx) is(word string) bool {
	c := t.command()
	return len(c) == len(word) && bytes.EqualFold(c, []byte(word))
}

// commands are those of RFC 1939, 2449, 2595 and 5034, and of RFC 6856.
var commands = [...]string{
	"USER", "PASS", "QUIT", "STAT", "LIST", "RETR", "DELE", "NOOP", "RSET", "TOP", "UIDL", "APOP", "CAPA", "AUTH", "STLS", "UTF8", "LANG",
}

// known reports whether the command is one of commands.
func (t *Tx) known() bool {
	for _, c := range commands {
		if t.is(c) {
			return true
		}
	}
	return false
}

// multiline reports whether a good response has several lines.
func (t *Tx) multiline() bool {
	switch {
	case t.is("RETR"), t.is("TOP"), t.is("CAPA"):
		return true
	case t.is("LIST"), t.is("UIDL"), t.is("AUTH"):
		return len(t.args()) == 0
	}
	return false
}

// pool holds transactions for reuse.
var pool sync.Pool
