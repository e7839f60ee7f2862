package smtp

import (
	"strings"

	"weir/decode/field"
	"weir/decode/proto"
)

// Indices into Protocol.Events.
const (
	evInvalidReply = iota
	evUnmatchedReply
	evCommandTooLong
	evReplyTooLong
	evInvalidPipelined
	evChunkExceeded
	evInvalidBDAT
	evNoWelcome
	evTLSRejected
	evDataRejected
	evFailedChange
	evTruncatedLine
	evParseFailed
	evMalformed
	evInvalidBase64
	evInvalidQP
	evLongLine
	evLongEncodedLine
	evLongHeaderName
	evLongHeaderValue
	evLongBoundary
	evLongFileName
	evDuplicateFields
	evUnparsable
)

var events = upper([]proto.EventDef{
	evInvalidReply:     {Name: "invalid_reply", Doc: "A reply has no known code, or nothing was asked and it is no greeting."},
	evUnmatchedReply:   {Name: "unable_to_match_reply_with_request", Doc: "A reply comes to no command; kept for rules that name it."},
	evCommandTooLong:   {Name: "max_command_line_len_exceeded", Doc: "A command is too long; kept for rules that name it."},
	evReplyTooLong:     {Name: "max_reply_line_len_exceeded", Doc: "A line of a reply is too long; kept for rules that name it."},
	evInvalidPipelined: {Name: "invalid_pipelined_sequence", Doc: "A client sends more behind DATA before the server has agreed."},
	evChunkExceeded:    {Name: "bdat_chunk_len_exceeded", Doc: "A chunk of BDAT is longer than announced."},
	evInvalidBDAT:      {Name: "invalid_bdat", Doc: "A BDAT command does not follow its format."},
	evNoWelcome:        {Name: "no_server_welcome_message", Doc: "A client speaks before the server has greeted."},
	evTLSRejected:      {Name: "tls_rejected", Doc: "The server refuses STARTTLS."},
	evDataRejected:     {Name: "data_command_rejected", Doc: "The server refuses DATA."},
	evFailedChange:     {Name: "failed_protocol_change", Doc: "The flow could not be handed over."},
	evTruncatedLine:    {Name: "truncated_line", Doc: "A line is longer than what is kept of it."},
	evParseFailed:      {Name: "mime_parse_failed", Doc: "A message cannot be taken apart."},
	evMalformed:        {Name: "mime_malformed_msg", Doc: "A message of parts has no end."},
	evInvalidBase64:    {Name: "mime_invalid_base64", Doc: "A part in base64 has characters that are not of it."},
	evInvalidQP:        {Name: "mime_invalid_qp", Doc: "A part in quoted-printable has an escape that is none."},
	evLongLine:         {Name: "mime_long_line", Doc: "A line of a message exceeds 998 bytes."},
	evLongEncodedLine:  {Name: "mime_long_enc_line", Doc: "A line of an encoded part exceeds 76 bytes."},
	evLongHeaderName:   {Name: "mime_long_header_name", Doc: "The name of a header exceeds 75 bytes."},
	evLongHeaderValue:  {Name: "mime_long_header_value", Doc: "The value of a header exceeds header-value-depth."},
	evLongBoundary:     {Name: "mime_long_boundary", Doc: "A boundary exceeds 254 bytes."},
	evLongFileName:     {Name: "mime_long_filename", Doc: "The name of a file exceeds 255 bytes."},
	evDuplicateFields:  {Name: "duplicate_fields", Doc: "HELO or MAIL is given twice."},
	evUnparsable:       {Name: "unparsable_content", Doc: "A second message comes in one mail."},
})

// upper gives events the spelling of records.
func upper(defs []proto.EventDef) []proto.EventDef {
	for i := range defs {
		defs[i].EVE = strings.ToUpper(defs[i].Name)
	}
	return defs
}

// maxEvents bounds the events of one transaction.
const maxEvents = 200

// event notes an event each time that it happens.
func (p *parser) event(t *Tx, ev uint8, dir field.Dir) {
	if t == nil || len(t.Events) >= maxEvents {
		return
	}
	t.Events = append(t.Events, ev)
	t.Touch(dir)
}
