package dns

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// Indices into Protocol.Events.
const (
	evMalformedData = iota
	evNotRequest
	evNotResponse
	evZFlagSet
	evInvalidOpcode
	evNameTooLong
	evInfiniteLoop
	evTooManyLabels
	evInvalidAdditionals
	evInvalidAuthorities
	evUnsolicitedResponse
	evStateMemcap
	evFlooded
)

var events = []proto.EventDef{
	{Name: "malformed_data", Doc: "A message could not be read to its end."},
	{Name: "not_request", Alias: "not_a_request", Doc: "The client sent a message with the response bit set."},
	{Name: "not_response", Alias: "not_a_response", Doc: "The server sent a message without the response bit."},
	{Name: "z_flag_set", Doc: "The reserved bit of the header is set."},
	{Name: "invalid_opcode", Doc: "The operation code is not assigned."},
	{Name: "name_too_long", Doc: "A name is longer than 1,025 bytes."},
	{Name: "infinite_loop", Doc: "The compression pointers of a name lead in a circle."},
	{Name: "too_many_labels", Doc: "A name has more than 255 labels."},
	{Name: "invalid_additionals", Doc: "The additional section could not be read."},
	{Name: "invalid_authorities", Doc: "The authority section could not be read."},
	{Name: "unsolicited_response", Doc: "Known to rules of old; never raised, since messages are not paired."},
	{Name: "state_memcap_reached", Doc: "Known to rules of old; never raised."},
	{Name: "flooded", Doc: "Known to rules of old; never raised."},
}

// event notes an event in the direction of the message.
func (t *Tx) event(ev uint8) { t.AddEvent(ev, t.dir()) }

// dir is the direction the message travels in.
func (t *Tx) dir() field.Dir {
	if t.Dirs != 0 {
		return t.Dirs
	}
	return field.ToServer
}
