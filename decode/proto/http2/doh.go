package http2

import (
	"bytes"
	"encoding/base64"
	"slices"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// maxDNS bounds a message of DNS, bytes (RFC 8484 section 6).
const maxDNS = 64<<10 - 1

// dohName is what a connection is called that carries DNS.
const dohName = "doh2"

// Protocols returns HTTP/2, and HTTP/2 that carries messages of DNS (RFC 8484), which
// a connection becomes with the first of them. Its rules are those on HTTP/2, on DNS
// and on both.
func Protocols(dns *proto.Embedded) (plain, doh *proto.Protocol) {
	p, d := *Protocol, *Protocol
	p.New = func(env *proto.Env) proto.Parser {
		ps := &parser{dns: dns}
		ps.Reset(env)
		return ps
	}
	d.Name, d.From, d.Since = dohName, Protocol.Name, 8
	d.Doc = "DNS over HTTP/2 (RFC 8484)."
	d.Families = []string{"http2", "http", "dns"}
	d.New = p.New
	d.Patterns, d.Probes = nil, nil
	d.Fields = slices.Clone(Protocol.Fields)
	for i := range dns.Fields {
		d.Fields = append(d.Fields, inMessage(&dns.Fields[i]))
	}
	d.Records = append(slices.Clone(Protocol.Records), messageRecord(&dns.Record))
	return &p, &d
}

// doh is what a stream carries of DNS, by direction.
type doh struct {
	codec    *proto.Embedded
	carries  [2]bool // its data is a message
	body     [2][]byte
	messages [2]proto.Transaction // nil: none that can be read
}

// message returns what a direction carries; nil without.
func (t *Tx) message(dir field.Dir) proto.Transaction {
	if t.doh == nil {
		return nil
	}
	return t.doh.messages[dir.Index()]
}

// inMessage makes a field of messages one of streams.
func inMessage(d *field.Def) field.Def {
	f := *d
	f.State = [2]uint8{progComplete, progComplete}
	of := func(tx any, dir field.Dir) proto.Transaction { return tx.(*Tx).message(dir) }
	if d.Bytes != nil {
		f.Bytes = func(tx any, dir field.Dir) []byte {
			if m := of(tx, dir); m != nil {
				return d.Bytes(m, dir)
			}
			return nil
		}
	}
	if d.Multi != nil {
		f.Multi = func(tx any, dir field.Dir, i int) ([]byte, bool) {
			if m := of(tx, dir); m != nil {
				return d.Multi(m, dir, i)
			}
			return nil, false
		}
	}
	if d.Uint != nil {
		f.Uint = func(tx any, dir field.Dir, i int) (uint64, bool) {
			if m := of(tx, dir); m != nil {
				return d.Uint(m, dir, i)
			}
			return 0, false
		}
	}
	return f
}

// messageRecord makes a record of messages one of streams: of the response, or of the
// request where there is none.
func messageRecord(r *proto.Record) proto.Record {
	shown := func(tx proto.Transaction) proto.Transaction {
		t := tx.(*Tx)
		if m := t.message(field.ToClient); m != nil {
			return m
		}
		return t.message(field.ToServer)
	}
	return proto.Record{
		Type: r.Type, Doc: r.Doc, Options: r.Options, Key: r.Key,
		Append: func(b []byte, tx proto.Transaction, f *flow.Flow, opt any) ([]byte, bool) {
			if m := shown(tx); m != nil {
				return r.Append(b, m, f, opt)
			}
			return b, false
		},
		Alert: func(b []byte, tx proto.Transaction, f *flow.Flow, opt any) []byte {
			if m := shown(tx); m != nil {
				return r.Alert(b, m, f, opt)
			}
			return b
		},
	}
}

// headersDNS looks whether a direction carries a message of DNS, as its headers say.
func (p *parser) headersDNS(t *Tx, dir field.Dir) {
	if p.dns == nil {
		return
	}
	m := &t.sides[dir.Index()]
	if string(m.header("content-type")) == "application/dns-message" {
		if p.carryDNS(t) {
			t.doh.carries[dir.Index()] = true
		}
		return
	}
	if dir != field.ToServer {
		return
	}
	if q := queryDNS(m.header(":path")); q != nil && string(m.header("accept")) == "application/dns-message" && p.carryDNS(t) {
		b, err := base64.RawURLEncoding.AppendDecode(t.doh.body[0][:0], bytes.TrimRight(q, "="))
		t.doh.body[0] = b
		if err == nil {
			t.readDNS(dir)
		}
	}
}

// queryDNS returns the message in the query of a URI, coded in base64url; nil without.
func queryDNS(uri []byte) []byte {
	_, query, _ := bytes.Cut(uri, []byte{'?'})
	for len(query) > 0 {
		var pair []byte
		pair, query, _ = bytes.Cut(query, []byte{'&'})
		if v, ok := bytes.CutPrefix(pair, dnsParameter); ok {
			return v
		}
	}
	return nil
}

// dnsParameter begins the message in a query (RFC 8484 section 4.1).
var dnsParameter = []byte("dns=")

// carryDNS makes the connection one of DNS, and the stream one of its.
func (p *parser) carryDNS(t *Tx) bool {
	if !p.renamed {
		host, ok := p.env.Host.(proto.Renamer)
		if !ok || !host.Rename(dohName) {
			p.dns = nil // not on this connection
			return false
		}
		p.renamed = true
	}
	if t.doh == nil {
		if t.spare == nil {
			t.spare = &doh{}
		}
		t.doh = t.spare
		t.doh.codec = p.dns
	}
	return true
}

// dataDNS takes data that is part of a message.
func (t *Tx) dataDNS(dir field.Dir, b []byte) {
	i := dir.Index()
	if t.doh == nil || !t.doh.carries[i] {
		return
	}
	if len(t.doh.body[i])+len(b) > maxDNS {
		t.doh.carries[i] = false
		t.AddEvent(evDNSRequestTooLong+uint8(i), dir)
		return
	}
	t.doh.body[i] = append(t.doh.body[i], b...)
}

// endDNS reads the message that the data of a direction is.
func (t *Tx) endDNS(dir field.Dir) {
	if t.doh != nil && t.doh.carries[dir.Index()] {
		t.doh.carries[dir.Index()] = false
		t.readDNS(dir)
	}
}

// readDNS reads the message of a direction.
func (t *Tx) readDNS(dir field.Dir) {
	i := dir.Index()
	if t.doh.messages[i] != nil || len(t.doh.body[i]) == 0 {
		return
	}
	m := t.doh.codec.Open()
	if !t.doh.codec.Parse(m, dir, t.doh.body[i]) {
		t.doh.codec.Close(m)
		return
	}
	m.Base().ID = t.ID
	t.doh.messages[i] = m
}

// giveBackDNS releases the messages of a stream.
func (t *Tx) giveBackDNS() {
	d := t.doh
	if d == nil {
		return
	}
	for i, m := range d.messages {
		if m != nil {
			d.codec.Close(m)
		}
		d.messages[i], d.carries[i] = nil, false
		if d.body[i] = d.body[i][:0]; cap(d.body[i]) > 4<<10 {
			d.body[i] = nil
		}
	}
	t.doh = nil
}
