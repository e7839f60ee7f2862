package http1

import (
	"strings"

	"weir/decode/proto"
)

// Indices into Protocol.Events.
const (
	evUnknownError = iota
	evGzipFailed
	evReqMissingColon
	evResMissingColon
	evReqChunkLen
	evResChunkLen
	evReqTransferEncoding
	evResTransferEncoding
	evReqContentLength
	evResContentLength
	evReqDuplicateLength
	evResDuplicateLength
	ev100Seen
	evUnmatchedResponse
	evServerPort
	evAuthorityPort
	evReqHeaderInvalid
	evResHeaderInvalid
	evMissingHost
	evHostAmbiguous
	evReqFolding
	evResFolding
	evReqFieldTooLong
	evResFieldTooLong
	evPortMismatch
	evURIHostInvalid
	evHostInvalid
	evMethodDelim
	evURIDelim
	evLeadingSpace
	evTooManyLayers
	evAbnormalCE
	evAuthUnrecognized
	evReqRepetition
	evResRepetition
	evMultipartRanges
	evAbnormalTE
	evChunkedOld
	evResProtocol
	evResStatus
	evLineIncomplete
	evDoubleEncoded
	evLineInvalid
	evBodyUnexpected
	evLZMAMemlimit
	evCompressionBomb
	evRangeInvalid
	evChunkExtension
	evLineNoProtocol
	evReqTooManyHeaders
	evResTooManyHeaders
	evMultipartError
	evMultipartNoFile
	evMultipartHeader
	evTooManyWarnings
	evFileNameTooLong
	evChangeFailed
	evResBodyUnexpected
)

var events = spelled([]proto.EventDef{
	evUnknownError:        {Name: "unknown_error", Doc: "Trouble without a name of its own."},
	evGzipFailed:          {Name: "gzip_decompression_failed", Doc: "A content coding could not be undone; the rest of the body is taken as it comes."},
	evReqMissingColon:     {Name: "request_field_missing_colon", Doc: "A header line of the request has no colon."},
	evResMissingColon:     {Name: "response_field_missing_colon", Doc: "A header line of the response has no colon."},
	evReqChunkLen:         {Name: "invalid_request_chunk_len", Doc: "The length of a chunk of the request is no hexadecimal number."},
	evResChunkLen:         {Name: "invalid_response_chunk_len", Doc: "The length of a chunk of the response is no hexadecimal number; what follows is taken for the body."},
	evReqTransferEncoding: {Name: "invalid_transfer_encoding_value_in_request", Doc: "The request's transfer coding is not chunked, or not allowed in its version."},
	evResTransferEncoding: {Name: "invalid_transfer_encoding_value_in_response", Doc: "The response's transfer coding is not known."},
	evReqContentLength:    {Name: "invalid_content_length_field_in_request", Doc: "The content length of the request is no number."},
	evResContentLength:    {Name: "invalid_content_length_field_in_response", Doc: "The content length of the response is no number."},
	evReqDuplicateLength:  {Name: "duplicate_content_length_field_in_request", Doc: "The request has two content lengths that differ."},
	evResDuplicateLength:  {Name: "duplicate_content_length_field_in_response", Doc: "The response has two content lengths that differ."},
	ev100Seen:             {Name: "100_continue_already_seen", Doc: "The server said 100 Continue twice."},
	evUnmatchedResponse:   {Name: "unable_to_match_response_to_request", Doc: "A response came without a request."},
	evServerPort:          {Name: "invalid_server_port_in_request", Doc: "The port in the Host header is no port."},
	evAuthorityPort:       {Name: "invalid_authority_port", Doc: "The port in the URI is no port."},
	evReqHeaderInvalid:    {Name: "request_header_invalid", Doc: "A header name of the request is empty or holds bytes that names must not have."},
	evResHeaderInvalid:    {Name: "response_header_invalid", Doc: "A header name of the response is empty or holds bytes that names must not have."},
	evMissingHost:         {Name: "missing_host_header", Doc: "A request of HTTP/1.1 has no Host header."},
	evHostAmbiguous:       {Name: "host_header_ambiguous", Doc: "Host header and URI name different servers."},
	evReqFolding:          {Name: "invalid_request_field_folding", Doc: "The first header line of the request is a continuation."},
	evResFolding:          {Name: "invalid_response_field_folding", Doc: "A header line of the response is a continuation where none can be."},
	evReqFieldTooLong:     {Name: "request_field_too_long", Doc: "A line of the request is longer than meta-field-limit."},
	evResFieldTooLong:     {Name: "response_field_too_long", Doc: "A line of the response is longer than meta-field-limit."},
	evPortMismatch:        {Name: "request_server_port_tcp_port_mismatch", Doc: "Known to rules of old; never raised."},
	evURIHostInvalid:      {Name: "request_uri_host_invalid", Doc: "The URI's host is no valid host name."},
	evHostInvalid:         {Name: "request_header_host_invalid", Doc: "The Host header's value is no valid host name."},
	evMethodDelim:         {Name: "method_delim_non_compliant", Doc: "Between method and URI stands other white space than a space."},
	evURIDelim:            {Name: "uri_delim_non_compliant", Doc: "The URI is followed by, or holds, other white space than a space."},
	evLeadingSpace:        {Name: "request_line_leading_whitespace", Doc: "The request line begins with white space."},
	evTooManyLayers:       {Name: "too_many_encoding_layers", Doc: "More content codings than are undone."},
	evAbnormalCE:          {Name: "abnormal_ce_header", Doc: "A content coding is known only in part, or not at all."},
	evAuthUnrecognized:    {Name: "request_auth_unrecognized", Doc: "The Authorization header is of an unknown kind."},
	evReqRepetition:       {Name: "request_header_repetition", Doc: "A header of the request comes more than once."},
	evResRepetition:       {Name: "response_header_repetition", Doc: "A header of the response comes more than once."},
	evMultipartRanges:     {Name: "response_multipart_byteranges", Doc: "A response of several ranges without a length."},
	evAbnormalTE:          {Name: "response_abnormal_transfer_encoding", Doc: "The response's transfer coding is more than the word chunked."},
	evChunkedOld:          {Name: "response_chunked_old_proto", Doc: "A chunked response of a version before 1.1."},
	evResProtocol:         {Name: "response_invalid_protocol", Doc: "The status line's version is not known."},
	evResStatus:           {Name: "response_invalid_status", Doc: "The status line has no status from 100 to 999."},
	evLineIncomplete:      {Name: "request_line_incomplete", Doc: "The response came before the end of the request line."},
	evDoubleEncoded:       {Name: "double_encoded_uri", Doc: "The URI was encoded twice."},
	evLineInvalid:         {Name: "request_line_invalid", Doc: "Known to rules of old; never raised: it asks for what excludes itself."},
	evBodyUnexpected:      {Name: "request_body_unexpected", Doc: "Bytes behind a request are neither its body nor another request."},
	evLZMAMemlimit:        {Name: "lzma_memlimit_reached", Doc: "An LZMA body wants a dictionary above lzma-memlimit."},
	evCompressionBomb:     {Name: "compression_bomb", Doc: "A body decompresses to suspiciously many bytes."},
	evRangeInvalid:        {Name: "range_invalid", Doc: "The Content-Range header could not be read."},
	evChunkExtension:      {Name: "request_chunk_extension", Doc: "A chunk has an extension."},
	evLineNoProtocol:      {Name: "request_line_missing_protocol", Doc: "The request line has no version, but headers follow."},
	evReqTooManyHeaders:   {Name: "request_too_many_headers", Doc: "The request has more headers than headers-limit."},
	evResTooManyHeaders:   {Name: "response_too_many_headers", Doc: "The response has more headers than headers-limit."},
	evMultipartError:      {Name: "multipart_generic_error", Doc: "A multipart body could not be read."},
	evMultipartNoFile:     {Name: "multipart_no_filedata", Doc: "A part of a multipart body names a file and holds nothing."},
	evMultipartHeader:     {Name: "multipart_invalid_header", Doc: "A part of a multipart body has a header that could not be read."},
	evTooManyWarnings:     {Name: "too_many_warnings", Doc: "More oddities in one connection than are reported."},
	evFileNameTooLong:     {Name: "file_name_too_long", Doc: "A file name was cut."},
	evResBodyUnexpected:   {Name: "response_body_unexpected", Doc: "Bytes behind a response are neither its body nor another response."},
	evChangeFailed:        {Name: "failed_protocol_change", Doc: "The protocol that was to take over is not there."},
})

// spelled gives the events their spelling in records, which is upper case.
func spelled(defs []proto.EventDef) []proto.EventDef {
	for i := range defs {
		defs[i].EVE = strings.ToUpper(defs[i].Name)
	}
	return defs
}
