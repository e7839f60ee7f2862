package dns

import (
	"net/netip"
	"strconv"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the dns object of a message.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, opt any) ([]byte, bool) {
	t := tx.(*Tx)
	o, _ := opt.(*options)
	if o == nil {
		o = &options{version: recordV3, requests: true, responses: true, detailed: true, grouped: true}
	}
	if t.broken || !o.takes(t) {
		return b, false
	}
	return o.append(b, t), true
}

// appendAlert writes what an alert shows of a message.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, opt any) []byte {
	o, _ := opt.(*options)
	if o == nil || o.version == recordV3 {
		with, ok := appendRecord(event.Key(b, "dns"), tx, f, o.all(recordV3))
		if !ok {
			return b
		}
		return with
	}
	t := tx.(*Tx)
	if t.broken {
		return b
	}
	b = event.Open(b, "dns")
	if t.Response() {
		b = o.all(recordV2).append(event.Key(b, "answer"), t)
	} else {
		b = event.OpenArray(b, "query")
		for i := range t.queries {
			b = appendQueryV2(event.OpenElem(b), t, i)
			b = event.Close(b)
		}
		b = event.CloseArray(b)
	}
	return event.Close(b)
}

// all returns options that leave nothing out.
func (o *options) all(version uint64) *options {
	return &options{version: version, requests: true, responses: true, detailed: true, grouped: true}
}

// takes reports whether the options let a message through.
func (o *options) takes(t *Tx) bool {
	if t.Response() && !o.responses || !t.Response() && !o.requests {
		return false
	}
	if o.types == nil {
		return true
	}
	for _, q := range t.queries {
		if o.types[q.qtype] {
			return true
		}
	}
	return false
}

func (o *options) append(b []byte, t *Tx) []byte {
	b = append(b, '{')
	if o.version == recordV2 && !t.Response() {
		b = event.Uint(b, "version", recordV2)
		if len(t.queries) > 0 {
			b = appendQueryV2(b, t, 0)
		}
		return event.Close(b)
	}
	b = event.Uint(b, "version", o.version)
	kind := "request"
	switch {
	case o.version == recordV2:
		kind = "answer"
	case t.Response():
		kind = "response"
	}
	b = event.Str(b, "type", kind)
	if o.version == recordV3 {
		b = event.Uint(b, "tx_id", t.Base().ID)
	}
	b = event.Uint(b, "id", uint64(t.ID))
	b = append(strconv.AppendUint(append(event.Key(b, "flags"), '"'), uint64(t.Flags), 16), '"')
	b = appendFlags(b, t.Flags)
	b = event.Uint(b, "opcode", uint64(t.Opcode()))
	if o.version == recordV2 {
		if len(t.queries) > 0 {
			b = event.Bytes(b, "rrname", t.bytes(t.queries[0].name))
			b = event.Str(b, "rrtype", typeName(t.queries[0].qtype))
		}
		b = event.Str(b, "rcode", rcodeName(t.Rcode()))
	} else {
		b = event.Str(b, "rcode", rcodeName(t.Rcode()))
		if len(t.queries) > 0 {
			b = event.OpenArray(b, "queries")
			for _, q := range t.queries {
				b = event.OpenElem(b)
				b = event.Bytes(b, "rrname", t.bytes(q.name))
				b = event.Str(b, "rrtype", typeName(q.qtype))
				b = event.Close(b)
			}
			b = event.CloseArray(b)
		}
	}
	if t.Response() {
		b = o.appendSections(b, t)
	}
	return event.Close(b)
}

// appendFlags appends the flags that are set.
func appendFlags(b []byte, flags uint16) []byte {
	for _, f := range [...]struct {
		bit  uint16
		name string
	}{{flagQR, "qr"}, {flagAA, "aa"}, {flagTC, "tc"}, {flagRD, "rd"}, {flagRA, "ra"}, {flagZ, "z"}} {
		if flags&f.bit != 0 {
			b = event.Bool(b, f.name, true)
		}
	}
	return b
}

// appendQueryV2 appends the members of a question in the format of 7.0.
func appendQueryV2(b []byte, t *Tx, i int) []byte {
	q := &t.queries[i]
	b = event.Str(b, "type", "query")
	b = event.Uint(b, "id", uint64(t.ID))
	b = event.Bytes(b, "rrname", t.bytes(q.name))
	b = event.Str(b, "rrtype", typeName(q.qtype))
	b = event.Uint(b, "tx_id", t.Base().ID)
	if t.Flags&flagZ != 0 {
		b = event.Bool(b, "z", true)
	}
	return event.Uint(b, "opcode", uint64(t.Opcode()))
}

// appendSections appends answers, their grouped form, authorities and
// additionals.
func (o *options) appendSections(b []byte, t *Tx) []byte {
	if answers := t.section(0); len(answers) > 0 {
		if o.detailed {
			b = appendRecords(b, "answers", t, answers)
		}
		if o.grouped {
			b = appendGrouped(b, t, answers)
		}
	}
	if s := t.section(1); len(s) > 0 && o.detailed {
		b = appendRecords(b, "authorities", t, s)
	}
	if s := t.section(2); len(s) > 0 && o.detailed && o.version == recordV3 {
		b = appendRecords(b, "additionals", t, s)
	}
	return b
}

func appendRecords(b []byte, key string, t *Tx, recs []record) []byte {
	b = event.OpenArray(b, key)
	for i := range recs {
		r := &recs[i]
		b = event.OpenElem(b)
		b = event.Bytes(b, "rrname", t.bytes(r.name))
		b = event.Str(b, "rrtype", typeName(r.rtype))
		if r.kind != dataOPT {
			b = event.Uint(b, "ttl", uint64(r.ttl))
		}
		if key := dataKey(r); key != "" {
			b = appendData(event.Key(b, key), t, r)
		}
		b = event.Close(b)
	}
	return event.CloseArray(b)
}

// dataKey is the member that holds a record's data; empty if it is not shown.
func dataKey(r *record) string {
	switch r.kind {
	case dataIP, dataName, dataText:
		return "rdata"
	case dataSOA:
		return "soa"
	case dataSRV:
		return "srv"
	case dataSSHFP:
		return "sshfp"
	case dataOPT:
		if r.data.end > r.data.off {
			return "opt"
		}
	}
	return ""
}

// appendData appends a record's data as a JSON value.
func appendData(b []byte, t *Tx, r *record) []byte {
	data := t.bytes(r.data)
	switch r.kind {
	case dataIP:
		b = append(b, '"')
		if a, ok := netip.AddrFromSlice(data); ok {
			if a.Is4In6() {
				return append(appendGroups(b, data), '"')
			}
			b = event.AppendAddr(b, a)
		}
		return append(b, '"')
	case dataSOA:
		b = event.Bytes(append(b, '{'), "mname", data)
		b = event.Bytes(b, "rname", t.bytes(r.name2))
		for i, k := range [...]string{"serial", "refresh", "retry", "expire", "minimum"} {
			b = event.Uint(b, k, uint64(r.num[i]))
		}
		return event.Close(b)
	case dataSRV:
		b = append(b, '{')
		for i, k := range [...]string{"priority", "weight", "port"} {
			b = event.Uint(b, k, uint64(r.num[i]))
		}
		return event.Close(event.Bytes(b, "name", data))
	case dataSSHFP:
		b = event.Hex(append(b, '{'), "fingerprint", data, ":")
		b = event.Uint(b, "algo", uint64(r.num[0]))
		return event.Close(event.Uint(b, "type", uint64(r.num[1])))
	case dataOPT:
		return appendOptions(b, data)
	}
	return event.Quote(b, data)
}

// appendGroups appends a 16-byte address in the form of eight groups, also
// where it maps an IPv4 address.
func appendGroups(b, a []byte) []byte {
	for i := 0; i < len(a); i += 2 {
		if i > 0 {
			b = append(b, ':')
		}
		b = event.AppendHex(b, a[i:i+2], "")
	}
	return b
}

// appendOptions appends the EDNS0 options of an OPT record (RFC 6891 section
// 6.1.2).
func appendOptions(b, data []byte) []byte {
	b = append(b, '[')
	for len(data) >= 4 {
		code, n := int(data[0])<<8|int(data[1]), int(data[2])<<8|int(data[3])
		data = data[4:]
		if n > len(data) {
			break
		}
		b = event.OpenElem(b)
		b = event.Uint(b, "code", uint64(code))
		b = event.Hex(b, "data", data[:n], "")
		b = event.Close(b)
		data = data[n:]
	}
	return append(b, ']')
}

// grouped are the record types that the grouped form shows, with the kind of
// data that must be there.
var grouped = [...]uint16{
	typeA, typeAAAA, typeCNAME, typeMX, typeNS, typeNULL, typePTR, typeSOA, typeSRV, typeSSHFP, typeTXT,
}

func appendGrouped(b []byte, t *Tx, recs []record) []byte {
	b = event.Open(b, "grouped")
	for _, rt := range grouped {
		open := false
		for i := range recs {
			r := &recs[i]
			if r.rtype != rt || r.kind == dataNone {
				continue
			}
			if !open {
				b, open = event.OpenArray(b, typeName(rt)), true
			} else {
				b = append(b, ',')
			}
			b = appendData(b, t, r)
		}
		if open {
			b = event.CloseArray(b)
		}
	}
	return event.Close(b)
}
