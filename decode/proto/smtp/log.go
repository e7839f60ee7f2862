package smtp

import (
	"crypto/md5"
	"slices"
	"strings"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/mime"
)

// headerMember is a header of the message that the options of an output name.
type headerMember struct {
	header   string // in lower case, as the custom list names it
	key      string
	kind     headerKind
	extended bool // shown with extended: yes
}

type headerKind uint8

const (
	oneValue headerKind = iota
	allValues
	addresses
)

// headerMembers are written in this order.
var headerMembers = []headerMember{
	{header: "reply-to", key: "reply_to"},
	{header: "bcc", key: "bcc", kind: addresses, extended: true},
	{header: "message-id", key: "message_id", extended: true},
	{header: "subject", key: "subject", extended: true},
	{header: "x-mailer", key: "x_mailer", extended: true},
	{header: "user-agent", key: "user_agent", extended: true},
	{header: "received", key: "received", kind: allValues},
	{header: "x-originating-ip", key: "x_originating_ip"},
	{header: "in-reply-to", key: "in_reply_to"},
	{header: "references", key: "references"},
	{header: "importance", key: "importance"},
	{header: "priority", key: "priority"},
	{header: "sensitivity", key: "sensitivity"},
	{header: "organization", key: "organization"},
	{header: "content-md5", key: "content_md5"},
	{header: "date", key: "date"},
}

// options are those of a smtp type of an eve-log output.
type options struct {
	want                []bool // by headerMembers
	bodyMD5, subjectMD5 bool
}

func logOptions(src event.Options) (any, error) {
	o := &options{want: make([]bool, len(headerMembers))}
	extended := src.Bool("extended", false)
	custom := src.Strings("custom")
	for i, m := range headerMembers {
		o.want[i] = extended && m.extended || slices.ContainsFunc(custom, func(s string) bool { return strings.EqualFold(s, m.header) })
	}
	for _, s := range src.Strings("md5") {
		o.bodyMD5 = o.bodyMD5 || strings.EqualFold(s, "body")
		o.subjectMD5 = o.subjectMD5 || strings.EqualFold(s, "subject")
	}
	return o, nil
}

// appendRecord writes the smtp object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	if t.p.hasHelo {
		b = event.Bytes(b, "helo", t.p.helo)
	}
	if t.hasFrom {
		b = event.Bytes(b, "mail_from", t.from)
	}
	if len(t.rcptEnd) > 0 {
		b = event.OpenArray(b, "rcpt_to")
		for i := range t.rcptEnd {
			r, _ := t.recipient(i)
			b = event.ElemBytes(b, r)
		}
		b = event.CloseArray(b)
	}
	return event.Close(b), true
}

// appendExtra writes the email object beside it.
func appendExtra(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) []byte {
	t := tx.(*Tx)
	m := t.mail
	if m == nil {
		return b
	}
	b = event.Open(b, "email")
	b = event.Str(b, "status", m.Status().String())
	if v := t.header("from"); len(v) > 0 {
		b = event.Bytes(b, "from", v)
	}
	b = appendAddresses(b, "to", t.header("to"))
	b = appendAddresses(b, "cc", t.header("cc"))
	if o, ok := opt.(*options); ok {
		b = o.append(b, t)
	}
	if addr, exe, ok := m.LinkKinds(); ok && t.p.opt.v7 {
		// Version 7.0 takes all addresses for those of IPv6.
		b = event.Bool(b, "has_ipv6_url", addr)
		b = event.Bool(b, "has_ipv4_url", false)
		b = event.Bool(b, "has_exe_url", exe)
	}
	if _, ok := m.Attachment(0); ok {
		b = event.OpenArray(b, "attachment")
		for i := 0; ; i++ {
			name, ok := m.Attachment(i)
			if !ok {
				break
			}
			if len(name) > 0 {
				b = event.ElemBytes(b, name)
			}
		}
		b = event.CloseArray(b)
	}
	if n := m.Links(); n > 0 {
		b = event.OpenArray(b, "url")
		for i := range n {
			b = event.ElemBytes(b, m.Link(i))
		}
		b = event.CloseArray(b)
	}
	return event.Close(b)
}

// header returns the value of a header: the last of that name, as version 7.0.10 was
// seen to do for each of them.
func (t *Tx) header(name string) []byte {
	if t.mail == nil {
		return nil
	}
	var v []byte
	for i := 0; ; i++ {
		next := t.mail.Header(name, i)
		if next == nil {
			return v
		}
		v = next
	}
}

// append writes the members that the options ask for.
func (o *options) append(b []byte, t *Tx) []byte {
	for i, want := range o.want {
		m := &headerMembers[i]
		v := t.header(m.header)
		if !want || len(v) == 0 {
			continue
		}
		switch m.kind {
		case addresses:
			b = appendAddresses(b, m.key, v)
		case allValues:
			b = t.appendAll(b, m)
		default:
			b = event.Bytes(b, m.key, v)
		}
	}
	if v := t.header("subject"); v != nil && o.subjectMD5 {
		sum := md5.Sum(v)
		b = event.Hex(b, "subject_md5", sum[:], "")
	}
	if sum, ok := t.mail.Digest(); ok && o.bodyMD5 {
		b = event.Hex(b, "body_md5", sum, "")
	}
	return b
}

// appendAll writes all values of a header; in version 7.0 the last comes first.
func (t *Tx) appendAll(b []byte, m *headerMember) []byte {
	n := 0
	for t.mail.Header(m.header, n) != nil {
		n++
	}
	b = event.OpenArray(b, m.key)
	for i := range n {
		if t.p.opt.v7 {
			i = n - 1 - i
		}
		b = event.ElemBytes(b, t.mail.Header(m.header, i))
	}
	return event.CloseArray(b)
}

// appendAddresses writes a list of addresses: what stands between commas that are
// not in quotes.
func appendAddresses(b []byte, key string, v []byte) []byte {
	open := false
	for len(v) > 0 {
		var one []byte
		one, v = mime.CutAddress(v)
		if len(one) == 0 {
			continue
		}
		if !open {
			b, open = event.OpenArray(b, key), true
		}
		b = event.ElemBytes(b, one)
	}
	if open {
		b = event.CloseArray(b)
	}
	return b
}

// appendAlert writes both objects.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, opt any) []byte {
	b, _ = appendRecord(event.Key(b, "smtp"), tx, f, opt)
	return appendExtra(b, tx, f, opt)
}
