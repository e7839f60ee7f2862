package modbus

import "weir/decode/field"

// access is what a function does to which table, as records show it.
type access uint8

const (
	accRead access = 1 << iota
	accWrite
	accDiscretes
	accCoils
	accInput
	accHolding
	accSingle
	accMultiple

	accTables = accDiscretes | accCoils | accInput | accHolding
	accBits   = accDiscretes | accCoils
)

// category is the class of a function code (V1.1b3 section 5).
type category uint8

const (
	catAssigned category = 1 << iota
	catUnassigned
	catUser
	catReserved

	catPublic = catAssigned | catUnassigned
	catAll    = catPublic | catUser | catReserved
)

// Functions that are parsed.
const (
	fnDiagnostic = 8
	fnFIFO       = 24
	fnMEI        = 43
	exception    = 0x80 // added to the function by an exception
)

// function describes a function code. The lengths are those of the data behind the
// code, in bytes.
type function struct {
	name   string
	access access
	layout layout
	// request and response are how long data is that is not laid out: -1 is any,
	// 0 none; atLeastOne any but none.
	request, response int
}

const (
	anyLength  = -1
	atLeastOne = -2
)

// layout is how the data of a function is laid out.
type layout uint8

const (
	opaque        layout = iota
	readTable            // address, quantity; count, data
	writeOne             // address, value; the same
	writeMany            // address, quantity, count, data; address, quantity
	writeMasked          // address, masks; the same
	readWriteMany        // both of readTable and writeMany; count, data
	diagnostic           // subfunction, data
	tunnel               // type, data
)

// functions are the function codes with a name (section 6, annex A).
var functions = [exception]function{
	1:            {name: "RdCoils", access: accRead | accCoils, layout: readTable},
	2:            {name: "RdDiscreteInputs", access: accRead | accDiscretes, layout: readTable},
	3:            {name: "RdHoldRegs", access: accRead | accHolding, layout: readTable},
	4:            {name: "RdInputRegs", access: accRead | accInput, layout: readTable},
	5:            {name: "WrSingleCoil", access: accWrite | accCoils | accSingle, layout: writeOne},
	6:            {name: "WrSingleReg", access: accWrite | accHolding | accSingle, layout: writeOne},
	7:            {name: "RdExcStatus", request: 0, response: 1},
	fnDiagnostic: {name: "Diagnostic", layout: diagnostic, request: 2, response: anyLength},
	9:            {name: "Program484", request: anyLength, response: anyLength},
	10:           {name: "Poll484", request: anyLength, response: anyLength},
	11:           {name: "GetCommEventCtr", request: 0, response: 4},
	12:           {name: "GetCommEventLog", request: 0, response: anyLength},
	13:           {name: "ProgramController", request: anyLength, response: anyLength},
	14:           {name: "PollController", request: anyLength, response: anyLength},
	15:           {name: "WrMultCoils", access: accWrite | accCoils | accMultiple, layout: writeMany},
	16:           {name: "WrMultRegs", access: accWrite | accHolding | accMultiple, layout: writeMany},
	17:           {name: "ReportServerID", request: 0, response: anyLength},
	18:           {name: "Program884", request: anyLength, response: anyLength},
	19:           {name: "ResetCommLink", request: anyLength, response: anyLength},
	20:           {name: "RdFileRec", request: atLeastOne, response: anyLength},
	21:           {name: "WrFileRec", request: atLeastOne, response: anyLength},
	22:           {name: "MaskWrReg", access: accWrite | accHolding, layout: writeMasked},
	23:           {name: "RdWrMultRegs", access: accRead | accWrite | accHolding | accMultiple, layout: readWriteMany},
	fnFIFO:       {name: "RdFIFOQueue", request: 2, response: anyLength},
	fnMEI:        {name: "MEI", layout: tunnel, request: anyLength, response: anyLength},
}

// unnamed is every other function.
var unnamed = function{request: anyLength, response: anyLength}

// diagnostics are the subfunctions of function 8 (section 6.8).
var diagnostics = [...]string{
	0: "RetQueryData", 1: "RestartCommOpt", 2: "RetDiagReg", 3: "ChangeInputDelimiter", 4: "ForceListenOnlyMode", 10: "ClearCtrDiagReg",
	11: "RetBusMsgCount", 12: "RetBusCommErrCount", 13: "RetBusExcErrCount", 14: "RetServerMsgCount", 15: "RetServerNoRespCount",
	16: "RetServerNAKCount", 17: "RetServerBusyCount", 18: "RetBusCharOverrunCount", 19: "RetOverrunErrCount", 20: "ClearOverrunCounterFlag",
	21: "GetClearPlusStats",
}

// tunnels are the types of function 43 (section 6.19).
var tunnels = [...]string{13: "CANOpenGenRefReqResp", 14: "RdDevId"}

// exceptions are the codes of exceptions (section 7), with code 7 of older
// versions.
var exceptions = [...]string{
	1: "IllegalFunction", 2: "IllegalDataAddr", 3: "IllegalDataValue", 4: "ServerDeviceFail", 5: "Ack", 6: "ServerDeviceBusy", 7: "NegAck",
	8: "MemParityErr", 10: "GatewayPathUnavailable", 11: "GatewayTargetFailToResp",
}

// nameOf returns the name of a code, or other.
func nameOf(names []string, code uint16, other string) string {
	if int(code) < len(names) && names[code] != "" {
		return names[code]
	}
	return other
}

// category returns the class of the message's function, 0 if there is none.
func (m *message) category() category {
	code := m.function &^ exception
	switch {
	case code == fnDiagnostic || code == fnMEI:
		return m.subCategory()
	case functions[code].name != "":
		return catAssigned
	case m.function == 0 || m.function >= exception:
		return 0
	case code >= 65 && code <= 72, code >= 100 && code <= 110:
		return catUser
	case code == 41, code == 42, code == 90, code == 91, code >= 125:
		return catReserved
	}
	return catUnassigned
}

// subCategory is the class of a function whose subfunction decides.
func (m *message) subCategory() category {
	var names []string
	switch m.kind {
	case kindDiagnostic:
		names = diagnostics[:]
	case kindTunnel:
		names = tunnels[:]
	default:
		return 0
	}
	if nameOf(names, m.sub, "") == "" {
		return catReserved
	}
	return catAssigned
}

// flagNames are names of bits, lowest first.
var (
	accessNames   = []string{"READ", "WRITE", "DISCRETES", "COILS", "INPUT", "HOLDING", "SINGLE", "MULTIPLE"}
	categoryNames = []string{"PUBLIC_ASSIGNED", "PUBLIC_UNASSIGNED", "USER_DEFINED", "RESERVED"}
	errorNames    = []string{"DATA_VALUE", "DATA_LENGTH", "EXC_CODE", "FUNC_CODE", "PROTO_ID"}
)

// categories are the words of rules for classes.
var categories = []field.EnumName{
	{Name: "assigned", Value: uint64(catAssigned)}, {Name: "unassigned", Value: uint64(catUnassigned)}, {Name: "public", Value: uint64(catPublic)},
	{Name: "user", Value: uint64(catUser)}, {Name: "reserved", Value: uint64(catReserved)}, {Name: "all", Value: uint64(catAll)},
}

// tables are the words of rules for the tables of a device.
var tables = []field.EnumName{
	{Name: "discretes", Value: uint64(accDiscretes)}, {Name: "coils", Value: uint64(accCoils)},
	{Name: "input", Value: uint64(accInput)}, {Name: "holding", Value: uint64(accHolding)},
}
