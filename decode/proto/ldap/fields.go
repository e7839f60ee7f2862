package ldap

import "weir/decode/field"

var atDone = [2]uint8{done, done}

// Lists of values that are made when a rule first asks.
const (
	requestKinds = iota
	requestPairs
	responseNames
	responseTexts
	responseKinds
	responsePairs
	lists
)

// list is the values of a multi-buffer.
type list struct {
	made   bool
	values [][]byte
}

// value returns value i of list k.
func (t *Tx) value(k, i int) ([]byte, bool) {
	l := &t.lists[k]
	if !l.made {
		l.made = true
		t.fill(k)
	}
	if i >= len(l.values) {
		return nil, false
	}
	return l.values[i], true
}

// fill makes list k.
func (t *Tx) fill(k int) {
	l := &t.lists[k]
	switch k {
	case requestKinds, requestPairs:
		if t.hasRequest {
			t.addAttributes(l, &t.request, k == requestPairs)
		}
		return
	}
	for i := range t.responses {
		m := &t.responses[i]
		switch k {
		case responseNames:
			l.values = append(l.values, orEmpty(t.name(m)))
		case responseTexts:
			l.values = append(l.values, orEmpty(t.text(m)))
		default:
			t.addAttributes(l, m, k == responsePairs)
		}
	}
}

func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// addAttributes adds the attributes of a message: each kind once, or each kind with
// each value.
func (t *Tx) addAttributes(l *list, m *message, pairs bool) {
	var last []byte
	t.attributes(m, func(kind, value []byte) {
		switch {
		case !pairs:
			// Further values of one attribute have the very same kind.
			if len(last) == 0 || len(kind) == 0 || &last[0] != &kind[0] {
				l.values = append(l.values, kind)
			}
			last = kind
		case value != nil:
			at := len(t.pairs)
			t.pairs = append(append(append(t.pairs, kind...), '='), value...)
			l.values = append(l.values, t.pairs[at:len(t.pairs):len(t.pairs)])
		}
	})
}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "ldap.request.operation", Dir: field.ToServer, State: atDone, Log: "ldap.request.operation", Bits: 8, Enum: operationNames,
		Doc: "Operation that is asked for.", Syntax: "integer or name", Example: "ldap.request.operation:bind_request;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.request.op), t.hasRequest }),
	field.MultiUint(field.Field{
		Name: "ldap.responses.operation", Dir: field.ToClient, State: atDone, Log: "ldap.responses.operation", Bits: 8, Enum: operationNames,
		Doc: "Operations of the responses.", Syntax: "integer or name[,which]", Example: "ldap.responses.operation:search_result_done,-1;",
	}, func(t *Tx, _ field.Dir, i int) (uint64, bool) {
		if i >= len(t.responses) {
			return 0, false
		}
		return uint64(t.responses[i].op), true
	}),
	field.Uint(field.Field{
		Name: "ldap.responses.count", Dir: field.ToClient, State: atDone, Log: "ldap.responses", Bits: 32,
		Doc: "Number of responses.", Syntax: "integer", Example: "ldap.responses.count:>2;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(len(t.responses)), true }),
	field.MultiUint(field.Field{
		Name: "ldap.responses.result_code", Dir: field.ToClient, State: atDone, Log: "ldap.responses.result_code", Bits: 32, Enum: resultNames,
		Doc: "Codes of the results.", Syntax: "integer or name[,which]", Example: "ldap.responses.result_code:invalid_credentials;",
	}, func(t *Tx, _ field.Dir, i int) (uint64, bool) {
		for k := range t.responses {
			if code, ok := t.result(&t.responses[k]); ok {
				if i == 0 {
					return code, true
				}
				i--
			}
		}
		return 0, false
	}),
	field.Bytes(field.Field{
		Name: "ldap.request.dn", Dir: field.ToServer, State: atDone, Log: "ldap.request",
		Doc: "Distinguished name that a request is about.", Example: `ldap.request.dn; content:"dc=example,dc=com";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.hasRequest {
			return nil
		}
		return t.name(&t.request)
	}),
	field.Multi(field.Field{
		Name: "ldap.responses.dn", Dir: field.ToClient, State: atDone, Log: "ldap.responses",
		Doc:     "Distinguished names of the responses; one without has an empty value.",
		Example: `ldap.responses.dn; content:"dc=example,dc=com";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(responseNames, i) }),
	field.Multi(field.Field{
		Name: "ldap.responses.message", Dir: field.ToClient, State: atDone, Log: "ldap.responses",
		Doc:     "Diagnostic messages of the responses; one without has an empty value.",
		Example: `ldap.responses.message; content:"Size limit exceeded";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(responseTexts, i) }),
	field.Multi(field.Field{
		Name: "ldap.request.attribute_type", Dir: field.ToServer, State: atDone, Log: "ldap.request",
		Doc: "Types of the attributes of a request.", Example: `ldap.request.attribute_type; content:"objectClass";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(requestKinds, i) }),
	field.Multi(field.Field{
		Name: "ldap.responses.attribute_type", Dir: field.ToClient, State: atDone, Log: "ldap.responses.search_result_entry.attributes",
		Doc: "Types of the attributes of the entries found.", Example: `ldap.responses.attribute_type; content:"userPassword";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(responseKinds, i) }),
	field.Multi(field.Field{
		Name: "ldap.request.attributes", Dir: field.ToServer, State: atDone, Log: "ldap.request",
		Doc: "Attributes of a request, each type with a value: type=value.", Example: `ldap.request.attributes; content:"objectClass=domain";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(requestPairs, i) }),
	field.Multi(field.Field{
		Name: "ldap.responses.attributes", Dir: field.ToClient, State: atDone, Log: "ldap.responses.search_result_entry.attributes",
		Doc: "Attributes of the entries found, each type with a value: type=value.", Example: `ldap.responses.attributes; content:"dc=example";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.value(responsePairs, i) }),
}
