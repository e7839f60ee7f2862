package modbus

import "weir/decode/proto"

// Indices into Protocol.Events.
const (
	evProtocol = iota
	evUnsolicited
	evLength
	evUnit
	evFunction
	evValue
	evException
	evMismatch
	evFlooded
)

var events = []proto.EventDef{
	evProtocol:    {Name: "invalid_protocol_id", Doc: "The protocol id of a message is not 0."},
	evUnsolicited: {Name: "unsolicited_response", Doc: "A response answers no request."},
	evLength:      {Name: "invalid_length", Doc: "The length of a message is wrong, or its data has another length than the function asks for."},
	evUnit:        {Name: "invalid_unit_identifier", Doc: "Known to rules alone: over TCP devices use any unit."},
	evFunction:    {Name: "invalid_function_code", Doc: "A request has function 0, or one of those that say an exception."},
	evValue:       {Name: "invalid_value", Doc: "A request has a quantity, byte count or coil state that the function does not allow."},
	evException:   {Name: "invalid_exception_code", Doc: "The code of an exception is not assigned."},
	evMismatch:    {Name: "value_mismatch", Doc: "The data of a response is not what the request asked for."},
	evFlooded:     {Name: "flooded", Doc: "More requests than request-flood wait for their response."},
}
