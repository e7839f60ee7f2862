package dns

import (
	"bytes"
	"strconv"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// MDNS is multicast DNS: the messages of DNS, sent to a group, queries and
// responses alike from port 5353 (RFC 6762).
var MDNS = kin("mdns", "Multicast DNS (RFC 6762).", proto.UDP, mdnsPort, 8, probeMDNS)

// LLMNR is link-local name resolution: the messages of DNS on port 5355 (RFC
// 4795).
var LLMNR = kin("llmnr", "Link-local multicast name resolution (RFC 4795).", proto.TCP|proto.UDP, "5355", 9, probeUDP)

const mdnsPort = "5353"

// kin makes a protocol that has the messages of DNS.
func kin(name, doc string, tr proto.Transport, port string, since uint8, probe probeFunc) *proto.Protocol {
	p := &proto.Protocol{
		Name: name, Doc: doc, Transport: tr, Since: since,
		Setup: setup,
		New: func(env *proto.Env) proto.Parser {
			p := &parser{mixed: port == mdnsPort}
			p.Reset(env)
			return p
		},
		GapOK:          true,
		Fields:         nameFields(name),
		Events:         events,
		States:         Protocol.States,
		Done:           Protocol.Done,
		Unidirectional: true,
		Records: []proto.Record{{
			Type: name, Doc: "A message of " + name + ".", Append: appendKin, Dir: messageDir,
		}},
	}
	if tr&proto.UDP != 0 {
		p.Probes = append(p.Probes, proto.Probe{Transport: proto.UDP, Ports: port, SourcePorts: port, Min: headerLen, Func: probe})
	}
	if tr&proto.TCP != 0 {
		p.Probes = append(p.Probes, proto.Probe{Transport: proto.TCP, Ports: port, SourcePorts: port, Min: 2 + headerLen, Func: probeTCP})
	}
	return p
}

// probeFunc is that of proto.Probe.
type probeFunc = func(b []byte, dir field.Dir, f *flow.Flow) proto.Verdict

// probeMDNS recognises a datagram; responses come in either direction.
func probeMDNS(b []byte, dir field.Dir, _ *flow.Flow) proto.Verdict {
	if probe(b, len(b), dir) == proto.No {
		return proto.No
	}
	return proto.Yes
}

// appendKin writes the object of a message: types in lower case, the data of a
// record under the name of its type.
func appendKin(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	kind := "request"
	if t.Response() {
		kind = "response"
	}
	b = event.Str(b, "type", kind)
	b = event.Uint(b, "id", uint64(t.ID))
	b = append(strconv.AppendUint(append(event.Key(b, "flags"), '"'), uint64(t.Flags), 16), '"')
	b = appendFlags(b, t.Flags)
	b = event.Uint(b, "opcode", uint64(t.Opcode()))
	b = event.Str(b, "rcode", rcodeName(t.Rcode()))
	if len(t.queries) > 0 {
		b = event.OpenArray(b, "queries")
		for _, q := range t.queries {
			b = event.OpenElem(b)
			b = event.Bytes(b, "rrname", t.bytes(q.name))
			b = appendLower(event.Key(b, "rrtype"), typeName(q.qtype))
			b = event.Close(b)
		}
		b = event.CloseArray(b)
	}
	for s, key := range [...]string{"answers", "authorities", "additionals"} {
		if recs := t.section(s); len(recs) > 0 {
			b = appendKinRecords(b, key, t, recs)
		}
	}
	return event.Close(b), true
}

// appendKinRecords appends a section. The strings of a text record are one
// record again.
func appendKinRecords(b []byte, key string, t *Tx, recs []record) []byte {
	b = event.OpenArray(b, key)
	for i := 0; i < len(recs); i++ {
		r := &recs[i]
		b = event.OpenElem(b)
		b = event.Bytes(b, "rrname", t.bytes(r.name))
		switch {
		case r.kind == dataText:
			b = event.OpenArray(b, "txt")
			for b = event.ElemBytes(b, t.bytes(r.data)); i+1 < len(recs) && t.continues(r, &recs[i+1]); i++ {
				b = event.ElemBytes(b, t.bytes(recs[i+1].data))
			}
			b = event.CloseArray(b)
		case dataKey(r) != "":
			b = append(append(b, ",\""...), bytes.ToLower([]byte(typeName(r.rtype)))...)
			b = appendData(append(b, "\":"...), t, r)
		default:
			b = appendLower(event.Key(b, "rrtype"), typeName(r.rtype))
		}
		b = event.Close(b)
	}
	return event.CloseArray(b)
}

// continues reports whether text b stood in the same record as a.
func (t *Tx) continues(a, b *record) bool {
	return b.kind == dataText && b.more && a.rtype == b.rtype
}

// appendLower appends s in lower case as a JSON string; s has ASCII letters,
// digits and dashes only.
func appendLower(b []byte, s string) []byte {
	b = append(b, '"')
	b = append(b, bytes.ToLower([]byte(s))...)
	return append(b, '"')
}
