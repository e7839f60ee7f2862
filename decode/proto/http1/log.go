package http1

import (
	"bytes"
	"encoding/base64"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// recordOptions are those of an http type of an eve-log output.
type recordOptions struct {
	extended          bool
	request, response bool // all headers of that side
	custom            []customHeader
}

// customHeader is a header logged under a name of its own.
type customHeader struct {
	key, header string
	response    bool
}

// customHeaders are those that custom can name, by their key in records; the
// header is the key with hyphens where it is empty.
var customHeaders = []customHeader{
	{"accept", "", false}, {"accept_charset", "", false}, {"accept_encoding", "", false}, {"accept_language", "", false},
	{"accept_datetime", "", false}, {"authorization", "", false}, {"cache_control", "", false}, {"cookie", "", false},
	{"from", "", false}, {"max_forwards", "", false}, {"origin", "", false}, {"pragma", "", false},
	{"proxy_authorization", "", false}, {"range", "", false}, {"te", "", false}, {"via", "", false},
	{"x_requested_with", "", false}, {"dnt", "", false}, {"x_forwarded_proto", "", false}, {"x_authenticated_user", "", false},
	{"x_flash_version", "", false}, {"accept_range", "", true}, {"age", "", true}, {"allow", "", true},
	{"connection", "", true}, {"content_encoding", "", true}, {"content_language", "", true}, {"content_length", "", true},
	{"content_location", "", true}, {"content_md5", "", true}, {"content_range", "", true}, {"content_type", "", true},
	{"date", "", true}, {"etag", "", true}, {"expires", "", true}, {"last_modified", "", true}, {"link", "", true},
	{"location", "", true}, {"proxy_authenticate", "", true}, {"referrer", "referer", false}, {"refresh", "", true},
	{"retry_after", "", true}, {"server", "", true}, {"set_cookie", "", true}, {"trailer", "", true},
	{"transfer_encoding", "", true}, {"upgrade", "", true}, {"vary", "", true}, {"warning", "", true},
	{"www_authenticate", "", true}, {"true_client_ip", "", false}, {"org_src_ip", "", false}, {"x_bluecoat_via", "", false},
}

// logOptions reads them.
func logOptions(o event.Options) (any, error) {
	opt := &recordOptions{extended: o.Bool("extended", false)}
	switch o.String("dump-all-headers", "none") {
	case "none", "":
	case "both":
		opt.request, opt.response = true, true
	case "request":
		opt.request = true
	case "response":
		opt.response = true
	default:
		o.Reject("dump-all-headers", "both, request, response or none")
	}
	for _, name := range o.Strings("custom") {
		c, ok := customByName(name)
		if !ok {
			o.Reject("custom", "names of headers that can be logged such as Accept-Encoding, Date, Server")
			continue
		}
		opt.custom = append(opt.custom, c)
	}
	return opt, nil
}

func customByName(name string) (customHeader, bool) {
	key := bytes.ReplaceAll(bytes.ToLower([]byte(name)), []byte{'-'}, []byte{'_'})
	for _, c := range customHeaders {
		if c.key == string(key) {
			if c.header == "" {
				c.header = string(bytes.ReplaceAll(key, []byte{'_'}, []byte{'-'}))
			}
			return c, true
		}
	}
	return customHeader{}, false
}

// appendRecord writes the http object of a transaction.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) ([]byte, bool) {
	t := tx.(*Tx)
	o, _ := opt.(*recordOptions)
	if o == nil {
		o = &recordOptions{extended: true}
	}
	b = t.appendBasic(append(b, '{'))
	if o.extended {
		b = t.appendExtended(b)
	}
	for i := range o.custom {
		c := &o.custom[i]
		m := &t.req
		if c.response {
			m = &t.res
		}
		if v := m.value(c.header); v != nil {
			b = event.Bytes(b, c.key, v)
		}
	}
	if o.request {
		b = appendAllHeaders(b, "request_headers", &t.req)
	}
	if o.response {
		b = appendAllHeaders(b, "response_headers", &t.res)
	}
	return event.Close(b), true
}

// alertOptions are what an alert type of an eve-log output may say about HTTP.
type alertOptions interface {
	Bool(key string, def bool) bool
}

// appendAlert writes what an alert shows of a transaction. opt may be the
// options of the alert type.
func appendAlert(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) []byte {
	t := tx.(*Tx)
	b = t.appendBasic(event.Open(b, "http"))
	b = t.appendExtended(b)
	if o, ok := opt.(alertOptions); ok {
		b = appendBodies(b, t, o)
	}
	return event.Close(b)
}

// appendBodies appends what is held of the bodies.
func appendBodies(b []byte, t *Tx, o alertOptions) []byte {
	for i, key := range [...]string{"http_request_body", "http_response_body"} {
		m := &t.req
		if i == 1 {
			m = &t.res
		}
		data := m.body.buf
		if len(data) == 0 {
			continue
		}
		if o.Bool("http-body-printable", false) {
			b = event.Key(b, key+"_printable")
			b = event.Quote(b, event.AppendPrintable(nil, data))
		}
		if o.Bool("http-body", false) {
			b = append(event.Key(b, key), '"')
			b = append(base64.StdEncoding.AppendEncode(b, data), '"')
		}
	}
	return b
}

// appendBasic writes the members that records have without the option extended.
func (t *Tx) appendBasic(b []byte) []byte {
	if v := t.req.optional(t.host); v != nil {
		b = event.Bytes(b, "hostname", v)
	}
	switch {
	case t.port > 0:
		b = event.Uint(b, "http_port", uint64(t.port))
	case t.cfg.v7 && t.portUnset():
		b = event.Uint(b, "http_port", 0)
	}
	if v := t.URI(); v != nil {
		b = event.Bytes(b, "url", v)
	}
	if v := t.req.value("user-agent"); len(v) > 0 {
		b = event.Bytes(b, "http_user_agent", v)
	}
	if v := t.req.value("x-forwarded-for"); len(v) > 0 {
		b = event.Bytes(b, "xff", v)
	}
	if v := t.res.value("content-type"); len(v) > 0 {
		if i := bytes.IndexByte(v, ';'); i >= 0 {
			v = v[:i]
		}
		b = event.Bytes(b, "http_content_type", v)
	}
	if v := t.res.value("content-range"); v != nil {
		b = event.Bytes(event.Open(b, "content_range"), "raw", v)
		if r, ok := parseRange(v); ok {
			if r.hasStart {
				b = event.Uint(b, "start", r.start)
				b = event.Uint(b, "end", r.end)
			}
			if r.hasSize {
				b = event.Uint(b, "size", r.size)
			}
		}
		b = event.Close(b)
	}
	return b
}

// portUnset reports whether no headers were read from which a port could come.
func (t *Tx) portUnset() bool { return !t.headersRead }

func (t *Tx) appendExtended(b []byte) []byte {
	if v := t.req.value("referer"); len(v) > 0 {
		b = event.Bytes(b, "http_refer", v)
	}
	if v := t.Method(); v != nil {
		b = event.Bytes(b, "http_method", v)
	}
	if v := t.req.optional(t.req.protocol); v != nil {
		b = event.Bytes(b, "protocol", v)
	}
	switch {
	case t.status > 0:
		b = event.Uint(b, "status", uint64(t.status))
	case t.statusText.set() && t.cfg.v7:
		n, _, _ := cutNumber(t.res.at(t.statusText))
		b = event.Uint(b, "status", n)
	case t.statusText.set():
		b = event.Bytes(b, "status_string", t.res.at(t.statusText))
	}
	if v := t.res.value("location"); len(v) > 0 {
		b = event.Bytes(b, "redirect", v)
	}
	return event.Uint(b, "length", t.res.wire)
}

// Bounds of what all headers show of each, bytes.
const (
	maxLoggedName  = 255
	maxLoggedValue = 2047
)

func appendAllHeaders(b []byte, key string, m *message) []byte {
	b = event.OpenArray(b, key)
	for i := range m.headers {
		h := &m.headers[i]
		b = event.OpenElem(b)
		name, value := m.at(h.name), m.at(h.value)
		b = event.Bytes(b, "name", name[:min(len(name), maxLoggedName)])
		b = event.Bytes(b, "value", value[:min(len(value), maxLoggedValue)])
		b = event.Close(b)
	}
	return event.CloseArray(b)
}
