package smb

import "weir/decode/proto"

// Indices into Protocol.Events.
const (
	evInternalError = iota
	evMalformedData
	evRecordOverflow
	evMalformedNTLMSSPRequest
	evMalformedNTLMSSPResponse
	evDuplicateNegotiate
	evNegotiateMalformedDialects
	evFileOverlap
	evRequestToClient
	evResponseToServer
	evNegotiateMaxTransactSize
	evNegotiateMaxReadSize
	evNegotiateMaxWriteSize
	evReadRequestTooLarge
	evReadResponseTooLarge
	evReadQueueSize
	evReadQueueCount
	evWriteRequestTooLarge
	evWriteQueueSize
	evWriteQueueCount
	evUnusualNTLMSSPOrder
	evTooManyTransactions
)

var events = []proto.EventDef{
	evInternalError:              {Name: "internal_error", Doc: "The parser met something it should not have; kept for rules that name it."},
	evMalformedData:              {Name: "malformed_data", Doc: "A message does not follow its format."},
	evRecordOverflow:             {Name: "record_overflow", Doc: "A message is longer than what carries it."},
	evMalformedNTLMSSPRequest:    {Name: "malformed_ntlmssp_request", Doc: "The NTLMSSP message of a client does not follow its format."},
	evMalformedNTLMSSPResponse:   {Name: "malformed_ntlmssp_response", Doc: "The NTLMSSP message of a server does not follow its format."},
	evDuplicateNegotiate:         {Name: "duplicate_negotiate", Doc: "A client negotiates again before it has an answer."},
	evNegotiateMalformedDialects: {Name: "negotiate_malformed_dialects", Doc: "The list of dialects does not follow its format, or the server chose one that is not in it."},
	evFileOverlap:                {Name: "file_overlap", Doc: "A piece of a file was read or written before."},
	evRequestToClient:            {Name: "request_to_client", Doc: "A server sends a request."},
	evResponseToServer:           {Name: "response_to_server", Doc: "A client sends a response."},
	evNegotiateMaxTransactSize:   {Name: "negotiate_max_transact_size_too_large", Doc: "The server allows larger transactions than the settings."},
	evNegotiateMaxReadSize:       {Name: "negotiate_max_read_size_too_large", Doc: "The server allows larger reads than the settings."},
	evNegotiateMaxWriteSize:      {Name: "negotiate_max_write_size_too_large", Doc: "The server allows larger writes than the settings."},
	evReadRequestTooLarge:        {Name: "read_request_too_large", Doc: "A client asks for more than the settings allow."},
	evReadResponseTooLarge:       {Name: "read_response_too_large", Doc: "A server sends more than the settings allow."},
	evReadQueueSize:              {Name: "read_queue_size_exceeded", Doc: "Pieces read out of order exceed the bytes that the settings allow."},
	evReadQueueCount:             {Name: "read_queue_cnt_exceeded", Doc: "Pieces read out of order exceed the count that the settings allow."},
	evWriteRequestTooLarge:       {Name: "write_request_too_large", Doc: "A client writes more than the settings allow."},
	evWriteQueueSize:             {Name: "write_queue_size_exceeded", Doc: "Pieces written out of order exceed the bytes that the settings allow."},
	evWriteQueueCount:            {Name: "write_queue_cnt_exceeded", Doc: "Pieces written out of order exceed the count that the settings allow."},
	evUnusualNTLMSSPOrder:        {Name: "unusual_ntlmssp_order", Doc: "The parts of an NTLMSSP message do not stand in the usual order."},
	evTooManyTransactions:        {Name: "too_many_transactions", Doc: "More requests wait for their answer than are followed."},
}
