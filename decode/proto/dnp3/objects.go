package dnp3

import "weir/decode/cursor"

// object is a header of objects (clause 4.2.2.7) and where its points stand.
type object struct {
	group, variation, qualifier uint8
	start, stop, count          uint32
	points                      uint32 // offset in the fragment
	read                        uint32 // points that could be read
}

// objectBytes is the size of an object in memory.
const objectBytes = 24

// prefix returns the code of what stands in front of each point.
func (o *object) prefix() uint8 { return o.qualifier >> 4 & 7 }

// ranges returns the code of how points are counted.
func (o *object) ranges() uint8 { return o.qualifier & 0x0f }

// readHeader reads a header; ok is false if it is cut, or of an unknown form.
func (o *object) readHeader(c *cursor.Cursor) (there, ok bool) {
	*o = object{group: c.U8(), variation: c.U8(), qualifier: c.U8()}
	if c.Short() {
		return false, false
	}
	switch o.ranges() {
	case 0, 3:
		o.start, o.stop = uint32(c.U8()), uint32(c.U8())
		o.count = o.stop - o.start + 1
	case 1, 4:
		o.start, o.stop = uint32(c.LE16()), uint32(c.LE16())
		o.count = o.stop - o.start + 1
	case 2, 5:
		o.start, o.stop = c.LE32(), c.LE32()
		o.count = o.stop - o.start + 1
	case 6: // all of them
	case 7, 11:
		o.count = uint32(c.U8())
	case 8:
		o.count = uint32(c.LE16())
	case 9:
		o.count = c.LE32()
	default:
		return true, false
	}
	return true, !c.Short() && o.prefix() < 7
}

// findObjects finds the objects of a whole fragment.
func (t *Tx) findObjects(opt *settings) {
	c := cursor.New(t.data)
	c.Skip(t.head())
	points := 0
	for c.Len() > 0 {
		if len(t.objects) >= opt.maxObjects {
			t.AddEvent(evTooManyObjects, t.Dirs)
			return
		}
		var o object
		there, ok := o.readHeader(&c)
		if !there {
			return
		}
		o.points = uint32(c.Pos())
		t.objects = append(t.objects, o)
		if !ok {
			return
		}
		if o.count == 0 || o.variation == 0 {
			continue
		}
		if uint64(o.count) > uint64(opt.maxPoints-points) {
			t.AddEvent(evTooManyPoints, t.Dirs)
			if uint64(o.count) > uint64(opt.maxPoints) {
				t.AddEvent(evPointsPerObject, t.Dirs)
			}
			return
		}
		points += int(o.count)
		last := &t.objects[len(t.objects)-1]
		l := layouts[layoutKey(o.group, o.variation)]
		for r := (pointReader{object: last, layout: l, c: c}); last.read < last.count; last.read++ {
			if l == nil || !r.next() {
				t.AddEvent(evUnknown, t.Dirs)
				return
			}
			c = r.c
		}
	}
	t.complete = true
}
