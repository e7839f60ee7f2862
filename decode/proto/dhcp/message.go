package dhcp

import (
	"encoding/binary"

	"weir/decode/cursor"
)

// headerLen is the length of the header with the cookie, bytes (RFC 2131 section 2).
const headerLen = 240

// Operations of the header.
const (
	bootRequest = 1
	bootReply   = 2
)

// Options (RFC 2132).
const (
	optPad           = 0
	optSubnetMask    = 1
	optRouters       = 3
	optDNSServers    = 6
	optHostname      = 12
	optRequestedIP   = 50
	optLeaseTime     = 51
	optType          = 53
	optParams        = 55
	optRenewalTime   = 58
	optRebindingTime = 59
	optVendorClass   = 60
	optClientID      = 61
	optEnd           = 255
)

// typeAck is the type of a message that acknowledges (option 53).
const typeAck = 5

// options walks the options of a message.
type options struct {
	c     cursor.Cursor
	code  uint8
	value []byte
	ended bool // the mark of the end was met
}

// options returns the options in front of the first.
func (t *Tx) options() options { return options{c: cursor.New(t.data[headerLen:])} }

// next goes to the next option; it reports false at the end, and where the list is
// broken.
func (o *options) next() bool {
	o.code = o.c.U8()
	for o.code == optPad && !o.c.Short() {
		o.code = o.c.U8()
	}
	if o.c.Short() {
		return false
	}
	if o.code == optEnd {
		o.ended = true
		return false
	}
	o.value = o.c.Bytes(int(o.c.U8()))
	if o.c.Short() {
		return false
	}
	switch o.code {
	case optLeaseTime, optRenewalTime, optRebindingTime:
		return len(o.value) == 4
	case optClientID: // a type in front
		return len(o.value) >= 2
	}
	return true
}

// find returns the value of the first option of that code.
func (t *Tx) find(code uint8) ([]byte, bool) {
	for o := t.options(); o.next(); {
		if o.code == code {
			return o.value, true
		}
	}
	return nil, false
}

// seconds returns the value of an option that is a time, seconds.
func (t *Tx) seconds(code uint8) (uint64, bool) {
	v, ok := t.find(code)
	if !ok {
		return 0, false
	}
	return uint64(binary.BigEndian.Uint32(v)), true
}

// is reports whether the message is of that type.
func (t *Tx) is(kind uint8) bool {
	v, _ := t.find(optType)
	return len(v) > 0 && v[0] == kind
}
