// Package modbus parses Modbus over TCP: messages of the MODBUS Messaging on
// TCP/IP Implementation Guide V1.0b, and in them the functions of the MODBUS
// Application Protocol Specification V1.1b3.
//
// A transaction is a request with its response, found by transaction id, unit
// and function; a response that answers nothing is one of its own. A message has
// at most 260 bytes, and its data is kept whole. Of at most request-flood
// requests the response is waited for. The records of the file functions 20 and
// 21 and the objects of function 43 are shown as they came.
package modbus
