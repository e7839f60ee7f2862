package pgsql

import (
	"strconv"
	"strings"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// recordOptions are those of the pgsql type of an eve-log output.
type recordOptions struct {
	passwords bool
	old       bool // records are those of version 7.0
}

func logOptions(o event.Options) (any, error) {
	return &recordOptions{o.Bool("passwords", false), strings.HasPrefix(o.String("suricata-version", ""), "7.")}, nil
}

var defaultOptions recordOptions

// appendRecord writes the pgsql object. Transactions are counted from 1 in it.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) ([]byte, bool) {
	t := tx.(*Tx)
	o, _ := opt.(*recordOptions)
	if o == nil {
		o = &defaultOptions
	}
	if t.NoLog {
		return b, false
	}
	b = append(b, '{')
	b = event.Uint(b, "tx_id", t.ID+1)
	if t.kind != askNothing {
		b = event.Close(t.appendRequest(event.Open(b, "request"), o))
	}
	if t.answered {
		b = event.Close(t.appendResponse(event.Open(b, "response")))
	}
	return event.Close(b), true
}

// appendRequest writes the members of the request.
func (t *Tx) appendRequest(b []byte, o *recordOptions) []byte {
	switch t.kind {
	case askSSL:
		b = event.Str(b, "message", "SSL Request")
	case askGSS:
		b = event.Str(b, "message", "GSS Encryption Request")
	case askStartup:
		b = t.appendStartup(b)
	case askPassword:
		switch {
		case o.passwords:
			b = event.Bytes(b, "password", t.text(t.query))
		case !o.old:
			b = event.Bool(b, "password_redacted", true)
		}
	case askSASLFirst:
		b = event.Bytes(b, "sasl_authentication_mechanism", mechanismName(t.text(t.query)))
		if t.more.ok {
			b = event.Bytes(b, "sasl_param", t.text(t.more))
		}
	case askSASL:
		b = event.Bytes(b, "sasl_response", t.text(t.query))
	case askQuery:
		b = event.Bytes(b, "simple_query", t.text(t.query))
	case askCopy:
		b = event.Open(b, "copy_data_in")
		b = event.Uint(b, "msg_count", t.copyIn.messages)
		b = event.Close(event.Uint(b, "data_size", t.copyIn.bytes))
		switch t.copyEnd {
		case 'c':
			b = event.Str(b, "message", "copy_done")
		case 'f':
			b = event.Str(b, "message", "copy_fail")
		}
	case askCancel:
		b = event.Str(b, "message", "cancel_request")
		b = event.Uint(b, "process_id", uint64(t.process))
		b = event.Uint(b, "secret_key", uint64(t.secret))
	case askEnd:
		b = event.Str(b, "message", "termination_message")
	}
	return b
}

// appendStartup writes a start-up message.
func (t *Tx) appendStartup(b []byte) []byte {
	var version [16]byte
	v := strconv.AppendUint(version[:0], uint64(t.version>>16), 10)
	v = strconv.AppendUint(append(v, '.'), uint64(t.version&0xffff), 10)
	b = event.Bytes(b, "protocol_version", v)
	b = event.Open(b, "startup_parameters")
	others := 0
	for _, x := range t.pairs {
		if string(t.text(x.key)) == "user" {
			b = event.Bytes(b, "user", t.text(x.value))
		} else {
			others++
		}
	}
	if others > 0 {
		b = event.OpenArray(b, "optional_parameters")
		for _, x := range t.pairs {
			if string(t.text(x.key)) != "user" {
				b = t.appendPair(b, x)
			}
		}
		b = event.CloseArray(b)
	}
	return event.Close(b)
}

// appendPair writes a parameter as an object of an array.
func (t *Tx) appendPair(b []byte, x pair) []byte {
	b = event.OpenElem(b)
	key := t.text(x.key)
	// Names in capitals are those of the server's settings.
	switch string(key) {
	case "DateStyle":
		b = event.Key(b, "date_style")
	case "IntervalStyle":
		b = event.Key(b, "interval_style")
	case "TimeZone":
		b = event.Key(b, "time_zone")
	default:
		// The name is from the wire: it may need escapes.
		b = append(event.Quote(b, key), ':')
	}
	return event.Close(event.Quote(b, t.text(x.value)))
}

// appendResponse writes the members of the answer.
func (t *Tx) appendResponse(b []byte) []byte {
	if t.secured != 0 {
		if t.kind == askGSS {
			return event.Bool(b, "gss_accepted", t.secured == 'G')
		}
		return event.Bool(b, "ssl_accepted", t.secured == 'S')
	}
	b = t.appendAuth(b)
	if len(t.statuses) > 0 {
		b = event.OpenArray(b, "parameter_status")
		for _, x := range t.statuses {
			b = t.appendPair(b, x)
		}
		b = event.CloseArray(b)
	}
	if t.key {
		b = event.Uint(b, "process_id", uint64(t.backend[0]))
		b = event.Uint(b, "secret_key", uint64(t.backend[1]))
	}
	if t.columns >= 0 {
		b = event.Uint(b, "field_count", uint64(t.columns))
	}
	if t.rows.messages > 0 {
		b = event.Uint(b, "data_rows", t.rows.messages)
		b = event.Uint(b, "data_size", t.rows.bytes)
	}
	switch t.copyKind {
	case 'G':
		b = event.Close(event.Uint(event.Open(b, "copy_in_response"), "columns", uint64(t.copyCols)))
	case 'H':
		b = event.Close(event.Uint(event.Open(b, "copy_out_response"), "columns", uint64(t.copyCols)))
	}
	if t.copyOut.messages > 0 {
		b = event.Open(b, "copy_data_out")
		b = event.Uint(b, "row_count", t.copyOut.messages)
		b = event.Close(event.Uint(b, "data_size", t.copyOut.bytes))
	}
	for _, f := range t.failure {
		if name := failureNames[f.letter&0x7f]; name != "" {
			b = event.Bytes(b, name, t.text(f.value))
		}
	}
	if t.complete.ok {
		b = event.Bytes(b, "command_completed", t.text(t.complete))
	}
	return b
}

// appendAuth writes a step of authentication.
func (t *Tx) appendAuth(b []byte) []byte {
	switch t.auth {
	case authOK:
		b = event.Str(b, "message", "authentication_ok")
	case authCleartext:
		b = event.Str(b, "message", "authentication_cleartext_password")
	case authMD5:
		b = event.Bytes(b, "authentication_md5_password", t.text(t.salt))
	case authSCM:
		b = event.Str(b, "message", "authentication_scm_credentials")
	case authGSS, authGSSContinue:
		b = event.Str(b, "message", "authentication_gss")
	case authSSPI:
		b = event.Str(b, "message", "authentication_sspi")
	case authSASL:
		b = event.Str(b, "message", "authentication_sasl")
	case authSASLContinue:
		b = event.Str(b, "message", "authentication_sasl_continue")
	}
	if t.final.ok {
		b = event.Bytes(b, "authentication_sasl_final", t.text(t.final))
	}
	return b
}

// mechanismName names a mechanism as records show it.
func mechanismName(b []byte) []byte {
	switch string(b) {
	case "SCRAM-SHA-256":
		return scram
	case "SCRAM-SHA-256-PLUS":
		return scramPlus
	}
	return b
}

var scram, scramPlus = []byte("scram_SHA256"), []byte("scram_SHA256_plus")

// failureNames are the fields of errors by their letters (manual, "Error and Notice
// Message Fields").
var failureNames = [128]string{
	'S': "severity_localizable", 'V': "severity_non_localizable", 'C': "code", 'M': "message", 'D': "detail", 'H': "hint",
	'P': "position", 'p': "internal_position", 'q': "internal_query", 'W': "where", 's': "schema_name", 't': "table_name",
	'c': "column_name", 'd': "data_type_name", 'n': "constraint_name", 'F': "file", 'L': "line", 'R': "routine",
}
