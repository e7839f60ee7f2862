package detect

import (
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/rules"
)

// action is what a rule does with what it fits.
type action uint8

const (
	actAlert action = iota
	actPass
	actDrop
	actReject
	actConfig
)

// actionOrder is in which order rules are inspected, where the configuration
// says nothing else, by the names that it uses.
var actionOrder = []string{"pass", "drop", "reject", "alert"}

var actionNames = map[string]action{"pass": actPass, "drop": actDrop, "reject": actReject, "alert": actAlert}

// signature is one compiled rule; immutable.
type signature struct {
	sid, gid, rev uint32
	action        action
	reject        packet.Reject // of actReject: who is told
	wholeFlow     bool          // pass and drop are about the flow, wherever the rule has fitted
	priority      uint32
	msg           string
	class         string
	metadata      []byte // the metadata member
	noAlert       bool
	bypass        bool // sheds the flow
	order         int  // place in the order of inspection
	protos        protoSet
	app           []*proto.Protocol // any of these; nil: no application protocol asked for
	src, dst      *rules.AddressSet
	sport, dport  *rules.PortSet
	bidir         bool
	wholeTx       bool      // =>: about both directions of a transaction, addresses as those of the request
	dir           field.Dir // directions in which it is looked at
	flow          flowCond
	packet        []packetCond                         // all must hold
	units         []unit                               // what is looked for, by buffer
	needPayload   bool                                 // dsize asks for some
	needPacket    bool                                 // conditions of a single packet: payload is that of the packet
	needStream    bool                                 // tcp-stream: the packet's payload is not enough
	files         *fileConds                           // conditions on files, nil without
	posts         []post                               // when all holds
	stateTests    []func(w *Worker, f *flow.Flow) bool // flowbits, flowint
	bits, ints    varUse                               // flowbits, flowint
	hosts, xbits  varUse                               // hostbits, xbits
	appTests      int                                  // those of packet that are about the protocol alone
	appEvent      proto.AppEvent
	limits        []*threshold // in order; each may keep an alert from being raised
	writesSets    bool         // it changes a data set: everything before that must have fitted
	enriches      bool         // alerts show what a data set holds
	fast          *fastPattern
	eventOnly     bool // decode-event and its kin: seen on packets that are broken too
	hook          hook
	hasTx         bool // some unit looks at a transaction
	txBits        bool // it sets or reads bits of transactions
	onFrames      bool // some unit looks at a frame

	*rarities
}

// rarities is what few rules have. Those that have nothing of it share one.
type rarities struct {
	raw        string // the rule as written, with Options.KeepRaw
	references []byte // the references member, with Options.KeepReferences
	target     string
	store      *storing // filestore
	certs      bool     // tls.store
	streamSize func(client, server uint64) bool
	tags       []*tagDef
	reputation []func(p *packet.Packet) bool // of its addresses; all must hold
	config     *logging                      // what a config rule does
}

// noRarities is that of rules without any; it stays empty.
var noRarities rarities

// empty reports whether there is nothing.
func (r *rarities) empty() bool {
	return r.raw == "" && r.references == nil && r.target == "" && r.store == nil && !r.certs && r.streamSize == nil &&
		r.tags == nil && r.reputation == nil && r.config == nil
}

// protoSet says which packets a rule's protocol covers.
type protoSet uint16

const (
	protoTCP protoSet = 1 << iota
	protoUDP
	protoICMP
	protoICMPv6
	protoSCTP
	protoIPv4
	protoIPv6
	protoIGMP
	protoOther // any other IP protocol
	protoPkthdr
	protoIP = protoTCP | protoUDP | protoICMP | protoICMPv6 | protoSCTP | protoIGMP | protoOther
)

// unit is what a rule looks for in one buffer.
type unit struct {
	def        *field.Def // nil: payload
	alts       []*defOf   // the field by protocol, for rules on several
	transforms []transform
	match      []matcher
	test       txTest                // integer and custom fields
	others     map[*field.Def]txTest // test for fields of alts but the first
	absent     absence
	payload    bool
	header     func(p *packet.Packet) []byte // bytes of the packet instead
	each       packetBuffers                 // several of them, any of which will do
	name       string                        // of header or each
	frames     []frameRef                    // bytes of any of these frames
}

// txTest is a condition on a transaction.
type txTest = func(tx any, dir field.Dir) bool

// defOf is a field of one protocol.
type defOf struct {
	proto *proto.Protocol
	def   *field.Def
}

// absence is what the absent keyword says of a buffer.
type absence uint8

const (
	absentNo absence = iota
	absentOnly
	absentOrElse
)

// packetBuffers yields pieces of a packet.
type packetBuffers func(p *packet.Packet, yield func([]byte) bool)

// packetCond is a condition on a packet and its flow, which may be nil.
type packetCond func(p *packet.Packet, f *flow.Flow) bool

// post is an action when a rule has fitted.
type post func(w *Worker, s *signature, p *packet.Packet, f *flow.Flow)

// flowCond is the flow keyword.
type flowCond struct {
	set                             bool
	dir                             field.Dir
	established, notEstablished     bool
	stateless, onlyStream, noStream bool
	onlyFrag, noFrag                bool
}

// fastPattern is the content by which a rule is found.
type fastPattern struct {
	unit    int
	pattern []byte
	nocase  bool
	offset  int
	depth   int // 0: no limit
	end     bool
}

// family returns the bit of a packet's protocol.
func family(p *packet.Packet) protoSet {
	switch p.Proto {
	case packet.ProtoTCP:
		return protoTCP
	case packet.ProtoUDP:
		return protoUDP
	case packet.ProtoICMP:
		return protoICMP
	case packet.ProtoICMPv6:
		return protoICMPv6
	case packet.ProtoSCTP:
		return protoSCTP
	case packet.ProtoIGMP:
		return protoIGMP
	}
	return protoOther
}
