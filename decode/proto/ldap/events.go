package ldap

import "weir/decode/proto"

// Indices into Protocol.Events.
const (
	evTooMany = iota
	evInvalidData
	evRequestNotFound
	evIncompleteData
)

var events = []proto.EventDef{
	evTooMany:         {Name: "too_many_transactions", Doc: "More requests wait for their last response than max-tx allows."},
	evInvalidData:     {Name: "invalid_data", Doc: "A message does not follow its format."},
	evRequestNotFound: {Name: "request_not_found", Doc: "A response has the id of no request."},
	evIncompleteData:  {Name: "incomplete_data", Doc: "A datagram ends within a message."},
}
