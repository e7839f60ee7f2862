package flow

import "weir/decode/event"

// Exception says what is done with a packet or its flow when a limit is reached,
// or when the engine would have to work on less than all.
type Exception uint8

// Exceptions.
const (
	ExceptionIgnore Exception = iota
	ExceptionBypass
	ExceptionPassFlow
	ExceptionPassPacket
	ExceptionDropFlow
	ExceptionDropPacket
	ExceptionReject

	numExceptions = 7
)

var exceptionNames = [numExceptions]string{
	"ignore", "bypass", "pass_flow", "pass_packet", "drop_flow", "drop_packet", "reject",
}

// String returns the name that records and counters use.
func (x Exception) String() string { return exceptionNames[x] }

// Reason is what an exception was made for.
type Reason uint8

// Reasons that are known of a flow.
const (
	ReasonStreamMemcap Reason = iota
	ReasonReassemblyMemcap
	ReasonMidstream
	ReasonAppError

	numReasons = 4
)

var reasonNames = [numReasons]string{"stream_memcap", "stream_reassembly_memcap", "stream_midstream", "app_layer_error"}

// Exceptions are those of one flow: by reason the exception made last, plus one;
// 0 is none.
type Exceptions [numReasons]uint8

// Note notes an exception.
func (e *Exceptions) Note(r Reason, x Exception) { e[r] = uint8(x) + 1 }

// append appends the member exception_policy if there was any.
func (e *Exceptions) append(b []byte) []byte {
	if *e == (Exceptions{}) {
		return b
	}
	b = event.OpenArray(b, "exception_policy")
	for r, x := range e {
		if x == 0 {
			continue
		}
		b = event.OpenElem(b)
		b = event.Str(b, "target", reasonNames[r])
		b = event.Str(b, "policy", Exception(x-1).String())
		b = event.Close(b)
	}
	return event.CloseArray(b)
}

// ExceptionCounters count exceptions by reason and kind.
type ExceptionCounters [numReasons][numExceptions]uint64

// Add adds the counts of o.
func (c *ExceptionCounters) Add(o *ExceptionCounters) {
	for r := range c {
		for x := range c[r] {
			c[r][x] += o[r][x]
		}
	}
}

// Append appends the members of the object exception_policy of stats. What
// leaves the packet alone is not counted.
func (c *ExceptionCounters) Append(b []byte) []byte {
	b = event.Open(b, "tcp")
	for r, name := range [...]string{ReasonStreamMemcap: "ssn_memcap", ReasonReassemblyMemcap: "reassembly", ReasonMidstream: "midstream"} {
		b = c.one(event.Open(b, name), Reason(r))
	}
	b = event.Close(b)
	b = event.Open(b, "app_layer")
	b = c.one(event.Open(b, "error"), ReasonAppError)
	return event.Close(b)
}

// one appends the counts of one reason and closes its object.
func (c *ExceptionCounters) one(b []byte, r Reason) []byte {
	for x := ExceptionBypass; x < numExceptions; x++ {
		b = event.Uint(b, x.String(), c[r][x])
	}
	return event.Close(b)
}
