package ike

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

var atDone = [2]uint8{done, done}

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "ike.init_spi", Dir: field.ToServer, State: atDone, Log: "ike.init_spi",
		Doc: "Security parameter index of the initiator, in hexadecimal digits.", Example: `ike.init_spi; content:"18fe9b731f9f8034";`,
	}, func(t *Tx, _ field.Dir) []byte { return t.spi(0) }),
	field.Bytes(field.Field{
		Name: "ike.resp_spi", Dir: field.ToClient, State: atDone, Log: "ike.resp_spi",
		Doc: "Security parameter index of the responder, in hexadecimal digits.", Example: `ike.resp_spi; content:"a00b8ef0902bb8ec";`,
	}, func(t *Tx, _ field.Dir) []byte { return t.spi(8) }),
	field.Uint(field.Field{
		Name: "ike.exchtype", Dir: field.Both, State: atDone, Log: "ike.exchange_type", Bits: 8,
		Doc: "Type of the exchange.", Syntax: "integer", Example: "ike.exchtype:34;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) {
		if len(t.data) < headerLen {
			return 0, false
		}
		return uint64(t.exchange()), true
	}),
	field.Multi(field.Field{
		Name: "ike.vendor", Dir: field.ToServer, State: atDone, Log: "ike.ikev1.vendor_ids",
		Doc: "Vendor IDs of the client, in hexadecimal digits.", Example: `ike.vendor; content:"4a131c81070358455c5728f20e95452f";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.vendor(i) }),
	field.Bytes(field.Field{
		Name: "ike.key_exchange_payload", Dir: field.Both, State: atDone, Log: "ike.ikev1.client.key_exchange_payload",
		Doc: "Public value of the key exchange.", Example: `ike.key_exchange_payload; content:"|6d026d56|"; startswith;`,
	}, func(t *Tx, _ field.Dir) []byte { return t.key() }),
	field.Bytes(field.Field{
		Name: "ike.nonce_payload", Dir: field.Both, State: atDone, Log: "ike.ikev1.client.nonce_payload",
		Doc: "Nonce of a message.", Example: `ike.nonce_payload; content:"|6d026d56|"; startswith;`,
	}, func(t *Tx, _ field.Dir) []byte { return t.nonce() }),
	field.Uint(field.Field{
		Name: "ike.key_exchange_payload_length", Dir: field.Both, State: atDone, Log: "ike.ikev1.client.key_exchange_payload_length", Bits: 32,
		Doc: "Length of the public value of the key exchange, bytes.", Syntax: "integer", Example: "ike.key_exchange_payload_length:>132;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { b := t.key(); return uint64(len(b)), b != nil }),
	field.Uint(field.Field{
		Name: "ike.nonce_payload_length", Dir: field.Both, State: atDone, Log: "ike.ikev1.client.nonce_payload_length", Bits: 32,
		Doc: "Length of the nonce, bytes.", Syntax: "integer", Example: "ike.nonce_payload_length:<32;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { b := t.nonce(); return uint64(len(b)), b != nil }),
	field.Custom(field.Field{
		Name: "ike.chosen_sa_attribute", Dir: field.ToClient, State: atDone, Log: "ike.attributes",
		Doc:     "Attribute of what the responder chose: alg_enc, alg_hash, alg_auth, alg_dh, alg_prf, sa_group_type, sa_life_type, sa_life_duration, sa_key_length or sa_field_size.",
		Syntax:  "attribute, one of = != < > <= >=, integer",
		Example: "ike.chosen_sa_attribute:alg_hash=2;",
	}, compileChosen),
}

// spi returns an index as digits.
func (t *Tx) spi(at int) []byte {
	if len(t.data) < headerLen {
		return nil
	}
	return t.spis[2*at : 2*at+16]
}

// vendor returns vendor ID i as digits, which are made when a rule first asks.
func (t *Tx) vendor(i int) ([]byte, bool) {
	kind := uint8(vendor1)
	if t.version == 2 {
		kind = vendor2
	}
	if !t.hasDigits {
		t.hasDigits = true
		for k := range t.payloads {
			if p := &t.payloads[k]; p.kind == kind {
				t.digits = hex.AppendEncode(t.digits, t.body(p))
			}
		}
	}
	at := 0
	for k := range t.payloads {
		p := &t.payloads[k]
		if p.kind != kind {
			continue
		}
		n := 2 * (p.end - p.off)
		if i == 0 {
			return t.digits[at : at+n], true
		}
		at += n
		i--
	}
	return nil, false
}

// compileChosen parses the argument of ike.chosen_sa_attribute.
func compileChosen(arg string) (func(*Tx, field.Dir) bool, error) {
	at := strings.IndexAny(arg, "=!<>")
	if at < 0 {
		return nil, fmt.Errorf("value %q: want attribute=integer", arg)
	}
	name, rest := strings.TrimSpace(arg[:at]), arg[at:]
	class1, class2 := uint16(0), uint16(0)
	for class, n := range classNames {
		if n == name {
			class1 = class
		}
	}
	if class1 == 0 {
		return nil, fmt.Errorf("value %q: unknown attribute %q", arg, name)
	}
	for _, k := range kinds2 {
		if k.key == name {
			class2 = k.kind
		}
	}
	var op string
	for _, op = range [...]string{"<=", ">=", "!=", "=", "<", ">"} {
		if strings.HasPrefix(rest, op) {
			break
		}
	}
	want, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(rest, op)), 0, 32)
	if err != nil {
		return nil, fmt.Errorf("value %q: want an integer of 32 bits behind the attribute", arg)
	}
	return func(t *Tx, _ field.Dir) bool {
		class := class1
		if t.version == 2 {
			class = class2
		}
		if !t.fresh || class == 0 {
			return false
		}
		for _, a := range t.chosen {
			if a.class == class {
				return compare(a.value, op, want)
			}
		}
		return false
	}, nil
}

// compare compares two numbers.
func compare(got uint64, op string, want uint64) bool {
	switch op {
	case "<=":
		return got <= want
	case ">=":
		return got >= want
	case "!=":
		return got != want
	case "<":
		return got < want
	case ">":
		return got > want
	}
	return got == want
}
