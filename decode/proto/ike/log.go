package ike

import (
	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the ike object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if len(t.data) < headerLen {
		return b, false
	}
	b = append(b, '{')
	if t.lists {
		b = event.Uint(b, "_v", 2)
	}
	b = event.Uint(b, "version_major", uint64(t.version))
	b = event.Uint(b, "version_minor", uint64(t.data[17]&0xf))
	b = event.Hex(b, "init_spi", t.data[:8], "")
	b = event.Hex(b, "resp_spi", t.data[8:16], "")
	c := cursor.New(t.data[20:])
	b = event.Uint(b, "message_id", uint64(c.U32()))
	b = event.Uint(b, "exchange_type", uint64(t.exchange()))
	if t.version == 1 {
		return event.Close(t.append1(b)), true
	}
	return event.Close(t.append2(b)), true
}

// append1 writes what messages of version 1 have.
func (t *Tx) append1(b []byte) []byte {
	if len(t.chosen) > 0 {
		if t.lists {
			b = event.OpenArray(b, "attributes")
		}
		for _, a := range t.chosen {
			b = t.appendAttribute(b, a)
		}
		if t.lists {
			b = event.CloseArray(b)
		}
	}
	if t.HasEvent(evMultipleServer) {
		b = t.appendProposals(b, "server_proposals")
	}
	b = event.OpenArray(b, "payload")
	var seen [32]bool // by kind; the last with a name is 22
	show := func(kind uint8) {
		if name := nameAt(payloads1, uint64(kind)); name != "" && !seen[kind] {
			seen[kind] = true
			b = event.ElemStr(b, name)
		}
	}
	for i := range t.payloads {
		show(t.payloads[i].kind)
	}
	t.transforms(func([]byte) { show(proposal1); show(transform1) })
	b = event.CloseArray(b)
	b = event.Open(b, "ikev1")
	if t.doi != 0 {
		b = event.Uint(b, "doi", uint64(t.doi))
	}
	b = event.Bool(b, "encrypted_payloads", t.encrypted())
	if t.encrypted() {
		return event.Close(b)
	}
	for i, name := range [...]string{"client", "server"} {
		b = event.Open(b, name)
		b = appendSecret(b, "key_exchange_payload", "key_exchange_payload_length", t.sides[i].key)
		b = appendSecret(b, "nonce_payload", "nonce_payload_length", t.sides[i].nonce)
		if i == 0 && t.Dirs.Index() == 0 {
			b = t.appendProposals(b, "proposals")
		}
		b = event.Close(b)
	}
	vendors := false
	for i := range t.payloads {
		p := &t.payloads[i]
		if p.kind != vendor1 || p.off == p.end {
			continue
		}
		if !vendors {
			vendors, b = true, event.OpenArray(b, "vendor_ids")
		}
		b = event.ElemHex(b, t.body(p), "")
	}
	if vendors {
		b = event.CloseArray(b)
	}
	return event.Close(b)
}

// appendSecret writes a key or a nonce with its length.
func appendSecret(b []byte, key, length string, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return event.Uint(event.Hex(b, key, v, ""), length, uint64(len(v)))
}

// appendProposals writes the transforms of a message, if there are any.
func (t *Tx) appendProposals(b []byte, key string) []byte {
	open := false
	t.transforms(func(attrs []byte) {
		if !open {
			open, b = true, event.OpenArray(b, key)
		}
		b = event.OpenElem(b)
		if t.lists {
			b = event.OpenArray(b, "attributes")
		}
		attributes(attrs, func(a attribute) { b = t.appendAttribute(b, a) })
		if t.lists {
			b = event.CloseArray(b)
		}
		b = event.Close(b)
	})
	if open {
		b = event.CloseArray(b)
	}
	return b
}

// appendAttribute writes an attribute: as an object of a list, or as two members.
func (t *Tx) appendAttribute(b []byte, a attribute) []byte {
	key, value := className(a.class), valueName(a)
	if t.lists {
		b = event.OpenElem(b)
		b = event.Str(b, "key", key)
		b = event.Str(b, "value", value)
		return event.Close(event.Uint(b, "raw", a.value))
	}
	b = event.Str(b, key, value)
	return event.Uint(b, key+"_raw", a.value)
}

// append2 writes what messages of version 2 have.
func (t *Tx) append2(b []byte) []byte {
	if t.flags()&flagInitiator != 0 {
		b = event.Str(b, "role", "initiator")
	} else {
		b = event.Str(b, "role", "responder")
		for i := range kinds2 {
			k := &kinds2[i]
			value := k.none
			for _, a := range t.chosen {
				if a.class == k.kind {
					value = a.value
				}
			}
			name := nameAt(k.names, value)
			if name == "" {
				name = numbered(k.unnamed, value)
			}
			b = event.Str(b, k.key, name)
		}
	}
	b = event.OpenArray(b, "payload")
	for i := range t.payloads {
		kind := uint64(t.payloads[i].kind)
		name := nameAt(payloads2, kind)
		if name == "" {
			name = numbered("IkePayloadType", kind)
		}
		b = event.ElemStr(b, name)
	}
	if n := len(t.payloads); n > 0 && t.payloads[n-1].kind != encrypted2 {
		b = event.ElemStr(b, payloads2[0])
	}
	b = event.CloseArray(b)
	b = event.Open(b, "ikev2")
	b = event.Uint(b, "errors", uint64(t.errors))
	notified := false
	for i := range t.payloads {
		p := &t.payloads[i]
		if p.kind != notify2 {
			continue
		}
		if !notified {
			notified, b = true, event.OpenArray(b, "notify")
		}
		n, _ := notification(t.body(p))
		name := notifications[n]
		if name == "" {
			name = numbered("NotifyType", uint64(n))
		}
		b = event.ElemStr(b, name)
	}
	if notified {
		b = event.CloseArray(b)
	}
	return event.Close(b)
}
