package event

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// Prune appends the JSON value in src to b without members that are 0, and
// without objects that have nothing else. It is for counters, not for the packet
// path; src must be what the functions of this package made.
func Prune(b, src []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	b, _ = prune(b, d)
	return b
}

// prune appends the next value and reports whether anything of it is not 0.
func prune(b []byte, d *json.Decoder) (_ []byte, any bool) {
	t, err := d.Token()
	if err != nil {
		return b, false
	}
	switch t := t.(type) {
	case json.Delim:
		b = append(b, byte(t))
		for d.More() {
			mark := len(b)
			if t == '{' {
				key, _ := d.Token()
				name, _ := key.(string)
				b = Key(b, name)
			} else {
				b = comma(b)
			}
			var some bool
			if b, some = prune(b, d); !some && t == '{' {
				b = b[:mark]
			}
			any = any || some
		}
		d.Token() // its end, which the decoder has checked
		return append(b, byte(t)+2), any
	case json.Number:
		return append(b, t...), t != "0"
	case string:
		return Quote(b, t), true
	case bool:
		return strconv.AppendBool(b, t), true
	}
	return append(b, "null"...), true
}

// Flatten calls f for each number in the JSON object src, with the names of the
// members that lead to it joined by points, in order.
func Flatten(src []byte, f func(name, value string)) {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	flatten(d, "", f)
}

func flatten(d *json.Decoder, name string, f func(name, value string)) {
	t, err := d.Token()
	if err != nil {
		return
	}
	switch t := t.(type) {
	case json.Delim:
		for i := 0; d.More(); i++ {
			key := strconv.Itoa(i)
			if t == '{' {
				k, _ := d.Token()
				key, _ = k.(string)
			}
			if name != "" {
				key = name + "." + key
			}
			flatten(d, key, f)
		}
		d.Token()
	case json.Number:
		f(name, t.String())
	}
}
