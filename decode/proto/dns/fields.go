package dns

import (
	"weir/decode/field"
)

// whole is the State of all fields: messages are inspected when complete.
var whole = [2]uint8{1, 1}

var fields = append(nameFields("dns"),
	field.Multi(field.Field{
		Name: "dns.query", Aliases: []string{"dns_query"}, Dir: field.ToServer, State: whole, Log: "dns.queries.rrname",
		Doc: "Name asked for, without the length bytes of its labels.", Example: `dns.query; content:"example.com"; nocase;`,
	}, queryName),
	field.Uint(field.Field{
		Name: "dns.opcode", Dir: field.Both, State: whole, Bits: 8, Log: "dns.opcode",
		Doc: "Operation code of the header.", Syntax: "integer", Example: "dns.opcode:4;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.Opcode()), true }),
	field.Uint(field.Field{
		Name: "dns.rcode", Dir: field.Both, State: whole, Bits: 16, Log: "dns.rcode", Enum: enum(rcodeNames),
		Doc: "Response code of the header.", Syntax: "integer or name", Example: "dns.rcode:3;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.Rcode()), true }),
	field.MultiUint(field.Field{
		Name: "dns.rrtype", Dir: field.Both, State: whole, Bits: 16, Log: "dns.queries.rrtype", Enum: enum(typeNames),
		Doc: "Types of the questions of a query, of the answers of a response.", Syntax: "integer or name", Example: "dns.rrtype:AAAA;",
	}, rrtype),
)

func enum(names map[uint16]string) []field.EnumName {
	e := make([]field.EnumName, 0, len(names))
	for n, s := range names {
		e = append(e, field.EnumName{Name: s, Value: uint64(n)})
	}
	return e
}

func queryName(t *Tx, _ field.Dir, i int) ([]byte, bool) {
	if i >= len(t.queries) {
		return nil, false
	}
	return t.bytes(t.queries[i].name), true
}

// nameFields are the buffers of names that DNS and its kin have, each under its
// own name.
func nameFields(proto string) []field.Def {
	return []field.Def{
		field.Multi(field.Field{
			Name: proto + ".queries.rrname", Dir: field.Both, State: whole, Log: proto + ".queries.rrname",
			Doc: "Names of the question section, of queries and of responses.", Example: proto + `.queries.rrname; content:"example";`,
		}, queryName),
		sectionField(proto+".answers.rrname", "Names that the answer section's records are about.", 0),
		sectionField(proto+".authorities.rrname", "Names that the authority section's records are about.", 1),
		sectionField(proto+".additionals.rrname", "Names that the additional section's records are about.", 2),
		field.Multi(field.Field{
			Name: proto + ".response.rrname", Dir: field.Both, State: whole, Log: proto + ".answers.rdata",
			Doc: "Every name of a response: of its questions and records, and those that the records hold.", Example: proto + `.response.rrname; content:"example";`,
		}, responseName),
	}
}

func sectionField(name, doc string, s int) field.Def {
	return field.Multi(field.Field{
		Name: name, Dir: field.Both, State: whole, Log: name, Doc: doc, Example: name + `; content:"example";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		recs := t.section(s)
		if i >= len(recs) {
			return nil, false
		}
		return t.bytes(recs[i].name), true
	})
}

// responseName walks all names of a response: two for each record, its own and
// the one in its data, which may be empty.
func responseName(t *Tx, _ field.Dir, i int) ([]byte, bool) {
	if !t.Response() {
		return nil, false
	}
	if i < len(t.queries) {
		return t.bytes(t.queries[i].name), true
	}
	i -= len(t.queries)
	if i/2 >= len(t.records) {
		return nil, false
	}
	r := &t.records[i/2]
	if i%2 == 0 {
		return t.bytes(r.name), true
	}
	switch r.kind {
	case dataName, dataSOA, dataSRV:
		return t.bytes(r.data), true
	}
	return nil, true
}

// rrtype is the type of the i-th question of a query, of the i-th answer of a
// response.
func rrtype(t *Tx, _ field.Dir, i int) (uint64, bool) {
	if t.Response() {
		if answers := t.section(0); i < len(answers) {
			return uint64(answers[i].rtype), true
		}
		return 0, false
	}
	if i < len(t.queries) {
		return uint64(t.queries[i].qtype), true
	}
	return 0, false
}
