package dnp3

import "weir/decode/cursor"

// pointReader goes through the points of an object.
type pointReader struct {
	object *object
	layout *layout
	c      cursor.Cursor
	bits   uint8 // rest of a byte of packed points
	left   int   // how many bits of it
	index  uint32
	begun  bool

	prefix uint32
	value  uint64 // of a packed point
	body   cursor.Cursor
}

// next reads the next point as far as its length goes; false if it is cut.
func (r *pointReader) next() bool {
	if r.begun {
		r.index++
	} else {
		r.begun, r.index = true, r.object.start
	}
	limit := -1
	switch r.object.prefix() {
	case 1:
		r.prefix = uint32(r.c.U8())
	case 2:
		r.prefix = uint32(r.c.LE16())
	case 3:
		r.prefix = r.c.LE32()
	case 4:
		r.prefix = uint32(r.c.U8())
		limit = int(r.prefix)
	case 5:
		r.prefix = uint32(r.c.LE16())
		limit = int(r.prefix)
	case 6:
		r.prefix = r.c.LE32()
		limit = int(r.prefix)
	}
	if p := r.object.prefix(); p >= 1 && p <= 3 {
		r.index = r.prefix
	}
	if w := r.layout.packed; w > 0 {
		if r.left == 0 || limit >= 0 || r.object.prefix() != 0 {
			r.bits, r.left = r.c.U8(), 8
		}
		r.value = uint64(r.bits & (1<<w - 1))
		r.bits >>= w
		r.left -= w
		return !r.c.Short()
	}
	if r.c.Short() || limit > r.c.Len() || limit < 0 && r.layout.open {
		return false
	}
	if limit >= 0 {
		r.body = cursor.New(r.c.Bytes(limit))
		probe := r.body
		return r.layout.fits(&probe)
	}
	r.body = cursor.New(r.c.Peek())
	probe := r.body
	if !r.layout.fits(&probe) {
		return false
	}
	r.c.Skip(probe.Pos())
	return true
}

// fits reads a point to see that all of it is there.
func (l *layout) fits(c *cursor.Cursor) bool {
	var lengths [maxMembers]int
	for i := range l.members {
		m := &l.members[i]
		switch {
		case m.bits > 0:
			if m.shift == 0 {
				c.Skip(1)
			}
		case m.bytes > 0:
			v := readNumber(c, m.bytes)
			lengths[i] = int(min(v, 1<<16))
		case m.length >= 0:
			c.Skip(lengths[m.length])
		default:
			c.Rest()
		}
	}
	return !c.Short()
}

// readNumber reads a number of so many bytes, lowest first.
func readNumber(c *cursor.Cursor, n int) (v uint64) {
	for i := range n {
		v |= uint64(c.U8()) << (8 * i)
	}
	return v
}
