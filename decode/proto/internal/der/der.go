// Package der walks elements of ASN.1 in its distinguished encoding (X.690), as far
// as protocols need it that are parsed for a few values: tags of one byte, definite
// lengths. Nothing is copied.
package der

import "weir/decode/cursor"

// Universal tags.
const (
	Integer       = 0x02
	Sequence      = 0x30
	GeneralString = 0x1b
)

// maxLengthBytes bounds the bytes of a length: some encoders always write four.
const maxLengthBytes = 4

// Next reads the tag and the value of the element that c stands at. The value is nil
// if it is not there or cannot be read.
func Next(c *cursor.Cursor) (tag byte, value []byte) {
	tag = c.U8()
	n := int(c.U8())
	if n >= 0x80 {
		k := n - 0x80
		if k == 0 || k > maxLengthBytes {
			c.Rest()
			return tag, nil
		}
		n = 0
		for range k {
			n = n<<8 | int(c.U8())
		}
	}
	if c.Short() {
		return tag, nil
	}
	return tag, c.Bytes(n)
}

// Find returns the value of the first element of that tag among those of b, or nil.
func Find(b []byte, tag byte) []byte {
	c := cursor.New(b)
	for c.Len() > 0 {
		t, v := Next(&c)
		if v == nil {
			return nil
		}
		if t == tag {
			return v
		}
	}
	return nil
}

// Path returns the value of the element that the tags lead to, each within the one
// before, or nil.
func Path(b []byte, tags ...byte) []byte {
	for _, t := range tags {
		if b = Find(b, t); b == nil {
			return nil
		}
	}
	return b
}

// Int reads the value of an integer; ok is false if it has no or more than 8 bytes.
func Int(b []byte) (v int64, ok bool) {
	if len(b) == 0 || len(b) > 8 {
		return 0, false
	}
	v = int64(int8(b[0]))
	for _, x := range b[1:] {
		v = v<<8 | int64(x)
	}
	return v, true
}
