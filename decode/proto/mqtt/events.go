package mqtt

import "weir/decode/proto"

// Indices into events.
const (
	evMissingConnect = iota
	evMissingPublish
	evMissingSubscribe
	evMissingUnsubscribe
	evDoubleConnect
	evUnintroduced
	evInvalidQoS
	evMissingID
	evUnassigned
	evTooMany
	evMalformed
)

var events = []proto.EventDef{
	evMissingConnect:     {Name: "missing_connect", Doc: "CONNACK without CONNECT."},
	evMissingPublish:     {Name: "missing_publish", Doc: "An acknowledgement of nothing that was published."},
	evMissingSubscribe:   {Name: "missing_subscribe", Doc: "SUBACK without SUBSCRIBE."},
	evMissingUnsubscribe: {Name: "missing_unsubscribe", Doc: "UNSUBACK without UNSUBSCRIBE."},
	evDoubleConnect:      {Name: "double_connect", Doc: "CONNECT in a session."},
	evUnintroduced:       {Name: "unintroduced_message", Doc: "A message before the session is made."},
	evInvalidQoS:         {Name: "invalid_qos_level", Doc: "PUBLISH with a quality of service that there is not."},
	evMissingID:          {Name: "missing_msg_id", Doc: "PUBLISH that is to be acknowledged, without an identifier."},
	evUnassigned:         {Name: "unassigned_msg_type", Doc: "A message of type 0."},
	evTooMany:            {Name: "too_many_transactions", Doc: "More than max-tx transactions wait for their answers."},
	evMalformed:          {Name: "malformed_traffic", Doc: "A message does not follow its format."},
}
