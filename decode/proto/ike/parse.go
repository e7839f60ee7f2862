package ike

import (
	"weir/decode/cursor"
	"weir/decode/field"
)

// headerLen is the length of the header, bytes (RFC 2408 section 3.1).
const headerLen = 28

// Kinds of payloads of version 1 (RFC 2408 section 3.1).
const (
	sa1        = 1
	proposal1  = 2
	transform1 = 3
	key1       = 4
	nonce1     = 10
	vendor1    = 13
)

// Kinds of payloads of version 2 (RFC 7296 section 3.2).
const (
	sa2        = 33
	key2       = 34
	nonce2     = 40
	notify2    = 41
	vendor2    = 43
	encrypted2 = 46
	fragment2  = 53 // RFC 7383
)

// flagEncrypted is the flag of version 1 that payloads are encrypted, flagInitiator
// that of version 2 for messages of the side that began.
const (
	flagEncrypted = 0x01
	flagInitiator = 0x08
)

func (t *Tx) exchange() uint8 { return t.data[18] }
func (t *Tx) flags() uint8    { return t.data[19] }

// encrypted reports whether a message of version 1 is.
func (t *Tx) encrypted() bool { return t.flags()&flagEncrypted != 0 }

// body returns the bytes of a payload.
func (t *Tx) body(p *payload) []byte { return t.data[p.off:p.end] }

// first returns the first payload of one of two kinds, nil if there is none.
func (t *Tx) first(one, two uint8) []byte {
	kind := one
	switch {
	case t.version == 2:
		kind = two
	case len(t.data) < headerLen || t.encrypted():
		return nil
	}
	for i := range t.payloads {
		if p := &t.payloads[i]; p.kind == kind {
			return t.body(p)
		}
	}
	return nil
}

// key returns the public value of the key exchange, nil without.
func (t *Tx) key() []byte {
	b := t.first(key1, key2)
	if t.version == 2 && b != nil {
		return b[min(4, len(b)):] // behind the group
	}
	return b
}

func (t *Tx) nonce() []byte { return t.first(nonce1, nonce2) }

// walk notes the payloads, each behind the kind of the next and its length.
func (t *Tx) walk(last func(kind uint8) bool) {
	kind := t.data[16]
	c := cursor.New(t.data[headerLen:])
	for kind != 0 && len(t.payloads) < maxPayloads {
		this := kind
		kind = c.U8()
		c.Skip(1)
		n := int(c.U16()) - 4
		off := headerLen + c.Pos()
		if c.Short() || n < 0 || n > c.Len() {
			t.payloads = append(t.payloads, payload{this, len(t.data), len(t.data)})
			return
		}
		c.Skip(n)
		t.payloads = append(t.payloads, payload{this, off, off + n})
		if last != nil && last(this) {
			break
		}
	}
	t.ended = true
}

// read1 reads a message of version 1.
func (p *parser) read1(t *Tx, dir field.Dir) {
	if t.encrypted() {
		t.payloads = append(t.payloads, payload{kind: t.data[16]})
		return
	}
	t.walk(nil)
	for i := range t.payloads {
		if pl := &t.payloads[i]; pl.kind == sa1 && pl.end-pl.off >= 4 {
			c := cursor.New(t.body(pl))
			p.doi = c.U32()
		}
	}
	if dir == field.ToClient {
		n := 0
		t.transforms(func(attrs []byte) {
			if n++; n > 1 {
				t.AddEvent(evMultipleServer, dir)
				return
			}
			p.chosen = p.chosen[:0]
			t.fresh = true
			attributes(attrs, func(a attribute) {
				if len(p.chosen) < maxChosen {
					p.chosen = append(p.chosen, a)
				}
			})
		})
	}
	side := &p.sides[dir.Index()]
	if k := t.key(); k != nil {
		side.key = append(side.key[:0], k[:min(len(k), maxRemembered)]...)
	}
	if n := t.nonce(); n != nil {
		side.nonce = append(side.nonce[:0], n[:min(len(n), maxRemembered)]...)
	}
}

// transforms calls f with the attributes of each transform of a message of version 1
// (RFC 2408 sections 3.4 to 3.6).
func (t *Tx) transforms(f func(attrs []byte)) {
	for i := range t.payloads {
		pl := &t.payloads[i]
		if pl.kind != sa1 {
			continue
		}
		c := cursor.New(t.body(pl))
		c.Skip(8) // domain of interpretation, situation
		for c.Len() > 4 {
			c.Skip(2) // next, reserved
			prop := c.Sub(max(0, int(c.U16())-4))
			prop.Skip(2) // number, protocol
			spi := int(prop.U8())
			prop.Skip(1 + spi)
			for prop.Len() > 4 {
				prop.Skip(2)
				tr := prop.Sub(max(0, int(prop.U16())-4))
				tr.Skip(4) // number, kind, reserved
				if tr.Short() {
					return
				}
				f(tr.Rest())
			}
		}
	}
}

// attributes calls f for each attribute (RFC 2408 section 3.3).
func attributes(b []byte, f func(attribute)) {
	c := cursor.New(b)
	for c.Len() >= 4 {
		class, n := c.U16(), c.U16()
		a := attribute{class: class & 0x7fff, value: uint64(n)}
		if class&0x8000 == 0 {
			v := c.Bytes(int(n))
			if c.Short() {
				return
			}
			a.value = 0
			for _, x := range v[:min(len(v), 8)] {
				a.value = a.value<<8 | uint64(x)
			}
		}
		f(a)
	}
}

// read2 reads a message of version 2.
func (p *parser) read2(t *Tx, dir field.Dir) {
	t.walk(func(kind uint8) bool { return kind == encrypted2 || kind == fragment2 })
	for i := range t.payloads {
		switch pl := &t.payloads[i]; pl.kind {
		case sa2:
			if pl.end-pl.off < 8 {
				t.ended = false
				break
			}
			p.proposals(t, t.body(pl), dir)
		case notify2:
			n, ok := notification(t.body(pl))
			switch {
			case !ok:
				t.ended = false
			case n < firstStatus:
				t.errors++
			}
		}
	}
	if !t.ended {
		t.payloads = t.payloads[:0]
		t.errors = 0
	}
}

// firstStatus is the first kind of notification that is no error (RFC 7296 section
// 3.10.1).
const firstStatus = 16384

// notification returns the kind of a notification.
func notification(b []byte) (uint16, bool) {
	c := cursor.New(b)
	c.Skip(2) // protocol, length of the index
	n := c.U16()
	return n, !c.Short()
}

// proposals judges the proposals of a message of version 2, and remembers what the
// server chose (RFC 7296 section 3.3).
func (p *parser) proposals(t *Tx, b []byte, dir field.Dir) {
	const authHeader = 2
	c := cursor.New(b)
	for c.Len() > 4 {
		c.Skip(2)
		prop := c.Sub(max(0, int(c.U16())-4))
		prop.Skip(1)
		protocol := prop.U8()
		spi := int(prop.U8())
		prop.Skip(1 + spi)
		if prop.Short() {
			return
		}
		if dir == field.ToClient {
			p.chosen = p.chosen[:0]
			t.fresh = true
		}
		dh, auth := false, false
		for prop.Len() > 4 {
			prop.Skip(2)
			tr := prop.Sub(max(0, int(prop.U16())-4))
			kind := tr.U8()
			tr.Skip(1)
			id := tr.U16()
			if tr.Short() {
				return
			}
			switch kind {
			case kindEnc:
				auth = auth || combined(id)
			case kindAuth:
				auth = auth || id != 0
			case kindDH:
				dh = dh || id != 0
			}
			if ev, bad := judge(kind, id); bad {
				t.RepeatEvent(ev, dir) // each is told
			}
			if dir == field.ToClient && len(p.chosen) < maxChosen {
				p.chosen = append(p.chosen, attribute{uint16(kind), uint64(id)})
			}
		}
		if !dh {
			t.AddEvent(evNoDH, dir)
		}
		if protocol == authHeader {
			t.AddEvent(evNoEncryption, dir)
		}
		if !auth {
			t.AddEvent(evNoAuth, dir)
		}
	}
}
