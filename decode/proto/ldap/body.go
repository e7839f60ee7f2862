package ldap

import (
	"weir/decode/cursor"
	"weir/decode/proto/internal/der"
)

// Context tags of the parts of bodies (RFC 4511 appendix B).
const (
	tagSimple        = 0x80 // bind request: password
	tagSASL          = 0xa3 // bind request: mechanism and credentials
	tagNewSuperior   = 0x80 // request for another name
	tagName          = 0x80 // extended request, intermediate response
	tagValue         = 0x81
	tagServerCreds   = 0x87 // bind response
	tagResponseName  = 0x8a // extended response
	tagResponseValue = 0x8b
	tagPresent       = 0x87 // filter
)

// next returns the value of the element that c stands at.
func next(c *cursor.Cursor) []byte {
	_, v := der.Next(c)
	return v
}

// number returns the value of the number that c stands at.
func number(c *cursor.Cursor) uint64 {
	v, _ := der.Int(next(c))
	return uint64(v)
}

// result returns the code of a response; ok is false if it has none.
func (t *Tx) result(m *message) (code uint64, ok bool) {
	if !operations[m.op].result || !m.kept {
		return 0, false
	}
	v, ok := der.Int(der.Find(t.body(m), tagEnum))
	return uint64(v), ok && v >= 0
}

// name returns the distinguished name that a message is about, or nil.
func (t *Tx) name(m *message) []byte {
	b := t.body(m)
	c := cursor.New(b)
	switch m.op {
	case delRequest:
		return b
	case bindRequest:
		next(&c) // version
		return next(&c)
	case searchRequest, modifyRequest, addRequest, modDNRequest, compareRequest, searchEntry:
		return next(&c)
	}
	if operations[m.op].result {
		next(&c) // code
		return next(&c)
	}
	return nil
}

// text returns the diagnostic message of a response, or nil.
func (t *Tx) text(m *message) []byte {
	if !operations[m.op].result {
		return nil
	}
	c := cursor.New(t.body(m))
	next(&c) // code
	next(&c) // matched name
	return next(&c)
}

// attributes calls f for each value of an attribute of a message, or with nil for
// one without values.
func (t *Tx) attributes(m *message, f func(kind, value []byte)) {
	c := cursor.New(t.body(m))
	each := func(list []byte) {
		c := cursor.New(list)
		for c.Len() > 0 {
			a := cursor.New(next(&c))
			kind := next(&a)
			if kind == nil {
				return
			}
			values := cursor.New(next(&a))
			if values.Len() == 0 {
				f(kind, nil)
			}
			for values.Len() > 0 {
				v := next(&values)
				if v == nil {
					break
				}
				f(kind, v)
			}
		}
	}
	switch m.op {
	case addRequest, searchEntry:
		next(&c)
		each(next(&c))
	case modifyRequest:
		next(&c)
		changes := cursor.New(next(&c))
		for changes.Len() > 0 {
			change := cursor.New(next(&changes))
			next(&change) // what is done
			each(change.Rest())
		}
	case compareRequest:
		next(&c)
		pair := cursor.New(next(&c))
		if kind := next(&pair); kind != nil {
			f(kind, next(&pair))
		}
	case searchRequest:
		for range 7 { // all in front, the filter last
			next(&c)
		}
		kinds := cursor.New(next(&c))
		for kinds.Len() > 0 {
			kind := next(&kinds)
			if kind == nil {
				return
			}
			f(kind, nil)
		}
	}
}
