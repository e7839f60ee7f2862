package mqtt

import (
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	defaultMaxMessage = 1 << 20 // bytes
	defaultMaxTx      = 1024    // transactions that are not complete
	done              = 1       // Progress of a complete transaction
	keptMemory        = 16 << 10
)

// Protocol is MQTT.
var Protocol = &proto.Protocol{
	Name:      "mqtt",
	Doc:       "Message queue telemetry (MQTT 3.1 to 5.0).",
	Transport: proto.TCP,
	Probes:    []proto.Probe{{Transport: proto.TCP, Ports: "1883", Min: 2, Func: probe}},
	Setup: func(o event.Options) (any, error) {
		return &settings{
			maxMessage: int(min(o.Size("max-msg-length", defaultMaxMessage), 1<<28)),
			maxTx:      int(min(o.Uint("max-tx", defaultMaxTx), 1<<16)),
		}, nil
	},
	New:     func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Fields:  fields,
	Events:  events,
	Frames:  []string{framePDU: "pdu", frameHeader: "header", frameData: "data"},
	FrameTx: true,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "the last answer is there"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "the last answer is there"}},
	},
	Done:           [2]uint8{done, done},
	Unidirectional: true,
	Records:        []proto.Record{{Type: "mqtt", Doc: "A request and its answers.", Append: appendRecord, Options: logOptions, Alert: appendAlert}},
}

// Frames.
const (
	framePDU = iota
	frameHeader
	frameData
)

// settings are those of the protocol's section.
type settings struct{ maxMessage, maxTx int }

// Types of messages (MQTT 5.0 section 2.1.2).
const (
	unassigned = iota
	connect
	connack
	publish
	puback
	pubrec
	pubrel
	pubcomp
	subscribe
	suback
	unsubscribe
	unsuback
	pingreq
	pingresp
	disconnect
	auth
)

// message is one message: its fixed header, and where its body stands in Tx.data.
type message struct {
	kind    uint8
	flags   uint8
	version uint8 // of the session
	length  int   // remaining length
	head    int   // size of the fixed header
	cut     bool  // too long: the body was passed over
	off     int
}

func (m *message) dup() bool    { return m.flags&8 != 0 }
func (m *message) qos() uint8   { return m.flags >> 1 & 3 }
func (m *message) retain() bool { return m.flags&1 != 0 }

// Tx is a request with its answers.
type Tx struct {
	proto.Tx
	messages []message
	data     []byte // bodies
	id       uint16
	hasID    bool
	conn     bool // CONNECT
	complete bool
	topics   [2]topics
}

// topics are the topics of SUBSCRIBE or UNSUBSCRIBE, made when a rule first asks.
type topics struct {
	made bool
	list [][]byte
}

// body returns what follows the fixed header of a message; nil if it was passed
// over.
func (t *Tx) body(m *message) []byte {
	if m.cut {
		return nil
	}
	return t.data[m.off : m.off+m.length : m.off+m.length]
}

// find returns the message of a type, or nil.
func (t *Tx) find(kind uint8) *message {
	for i := range t.messages {
		if t.messages[i].kind == kind {
			return &t.messages[i]
		}
	}
	return nil
}

// pool holds transactions for reuse.
var pool sync.Pool

// resetTx empties a transaction and keeps its memory, if it is not much.
func resetTx(t *Tx) {
	old := *t
	*t = Tx{Tx: proto.Tx{Events: old.Events[:0]}, messages: old.messages[:0]}
	if cap(old.data) <= keptMemory {
		t.data = old.data[:0]
	}
	for i := range old.topics {
		clear(old.topics[i].list)
		t.topics[i].list = old.topics[i].list[:0]
	}
}

// probe wants CONNECT from the client, and no message of a type that there is not.
func probe(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	switch b[0] >> 4 {
	case connect:
		if dir == field.ToClient {
			return proto.Reversed
		}
		return proto.Yes
	case unassigned, auth:
		return proto.No
	}
	return proto.Yes
}
