package dnp3

import (
	"encoding/base64"
	"math"

	"weir/decode/cursor"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
)

// indicatorNames are the internal indications, highest bit first (clause 4.2.2.6).
var indicatorNames = [16]string{
	"device_restart", "device_trouble", "local_control", "need_time", "class_3_events", "class_2_events", "class_1_events", "all_stations",
	"reserved_1", "reserved_2", "config_corrupt", "already_executing", "event_buffer_overflow", "parameter_error", "object_unknown", "no_func_code_support",
}

// appendRecord writes the dnp3 object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	if !t.whole {
		return b, false
	}
	return event.Close(t.append(append(b, '{'))), true
}

// appendAlert writes the fragment under the name of its side.
func appendAlert(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) []byte {
	t := tx.(*Tx)
	if !t.whole {
		return b
	}
	key := "request"
	if t.response() {
		key = "response"
	}
	return event.Close(event.Close(t.append(event.Open(event.Open(b, "dnp3"), key))))
}

// append writes the members of a fragment.
func (t *Tx) append(b []byte) []byte {
	kind := "request"
	switch {
	case t.response() && t.data[1] == fnUnsolicited:
		kind = "unsolicited_response"
	case t.response():
		kind = "response"
	}
	b = event.Str(b, "type", kind)
	b = event.Open(b, "control")
	b = event.Bool(b, "dir", t.link.control&bitMaster != 0)
	b = event.Bool(b, "pri", t.link.control&0x40 != 0)
	b = event.Bool(b, "fcb", t.link.control&0x20 != 0)
	b = event.Bool(b, "fcv", t.link.control&0x10 != 0)
	b = event.Close(event.Uint(b, "function_code", uint64(t.link.control&0x0f)))
	b = event.Uint(b, "src", uint64(t.link.src))
	b = event.Uint(b, "dst", uint64(t.link.dst))
	b = t.appendApplication(event.Open(b, "application"))
	b = event.Close(event.Bool(b, "complete", t.complete))
	if !t.response() {
		return b
	}
	b = event.Open(b, "iin")
	if iin := t.indicators(); iin != 0 {
		b = event.OpenArray(b, "indicators")
		for i, name := range indicatorNames {
			if iin<<i&0x8000 != 0 {
				b = event.ElemStr(b, name)
			}
		}
		b = event.CloseArray(b)
	}
	return event.Close(b)
}

// appendApplication writes the application header and the objects.
func (t *Tx) appendApplication(b []byte) []byte {
	control := t.data[0]
	b = event.Open(b, "control")
	b = event.Bool(b, "fir", control&0x80 != 0)
	b = event.Bool(b, "fin", control&0x40 != 0)
	b = event.Bool(b, "con", control&0x20 != 0)
	b = event.Bool(b, "uns", control&0x10 != 0)
	b = event.Close(event.Uint(b, "sequence", uint64(control&0x0f)))
	b = event.Uint(b, "function_code", uint64(t.data[1]))
	if len(t.objects) == 0 {
		return b
	}
	b = event.OpenArray(b, "objects")
	for i := range t.objects {
		b = event.Close(t.appendObject(event.OpenElem(b), &t.objects[i]))
	}
	return event.CloseArray(b)
}

// appendObject writes the members of an object.
func (t *Tx) appendObject(b []byte, o *object) []byte {
	b = event.Uint(b, "group", uint64(o.group))
	b = event.Uint(b, "variation", uint64(o.variation))
	b = event.Uint(b, "qualifier", uint64(o.qualifier))
	b = event.Uint(b, "prefix_code", uint64(o.prefix()))
	b = event.Uint(b, "range_code", uint64(o.ranges()))
	b = event.Uint(b, "start", uint64(o.start))
	b = event.Uint(b, "stop", uint64(o.stop))
	b = event.Uint(b, "count", uint64(o.count))
	if o.read == 0 {
		return b
	}
	b = event.OpenArray(b, "points")
	r := pointReader{object: o, layout: layouts[layoutKey(o.group, o.variation)], c: cursor.New(t.data[o.points:])}
	for range o.read {
		if !r.next() {
			break
		}
		b = event.Close(r.append(event.OpenElem(b), t.v7))
	}
	return event.CloseArray(b)
}

// append writes the members of the point that was read.
func (r *pointReader) append(b []byte, v7 bool) []byte {
	b = event.Uint(b, "prefix", uint64(r.prefix))
	b = event.Uint(b, "index", uint64(r.index))
	if r.object.prefix() >= 4 {
		b = event.Uint(b, "size", uint64(r.prefix))
	}
	if r.layout.packed > 0 {
		return event.Uint(b, r.layout.members[0].name, r.value)
	}
	c := r.body
	var (
		octet   uint8
		lengths [maxMembers]int
	)
	for i := range r.layout.members {
		m := &r.layout.members[i]
		switch {
		case m.bits > 0:
			if m.shift == 0 {
				octet = c.U8()
			}
			b = event.Uint(b, m.name, uint64(octet>>m.shift&(1<<m.bits-1)))
		case m.bytes > 0:
			v := readNumber(&c, m.bytes)
			lengths[i] = int(min(v, 1<<16))
			b = m.appendNumber(b, v, v7)
		default:
			text := c.Peek()
			if m.length >= 0 {
				text = c.Bytes(lengths[m.length])
			} else {
				c.Rest()
			}
			switch {
			case m.kind == 't':
				b = event.Bytes(b, m.name, text)
			case len(text) > 0:
				b = append(event.Key(b, m.name), '"')
				b = append(base64.StdEncoding.AppendEncode(b, text), '"')
			}
		}
	}
	return b
}

// appendNumber writes a number. Version 7 shows negative ones as if they were not.
func (m *member) appendNumber(b []byte, v uint64, v7 bool) []byte {
	switch m.kind {
	case 'i':
		unused := 64 - 8*m.bytes
		signed := int64(v<<unused) >> unused
		if v7 {
			return event.Uint(b, m.name, uint64(signed))
		}
		return event.Int(b, m.name, signed)
	case 'f':
		f := math.Float64frombits(v)
		if m.bytes == 4 {
			f = float64(math.Float32frombits(uint32(v)))
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return event.Raw(b, m.name, []byte("null"))
		}
		return event.Float(b, m.name, f)
	}
	return event.Uint(b, m.name, v)
}
