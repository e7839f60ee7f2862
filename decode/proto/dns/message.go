package dns

import (
	"encoding/binary"
	"errors"

	"weir/decode/cursor"
	"weir/decode/proto"
)

const (
	headerLen  = 12   // bytes, RFC 1035 section 4.1.1
	maxName    = 1025 // bytes in presentation form; what is beyond is cut off
	maxLabels  = 255
	maxJumps   = 255
	maxRecords = 1024 // of all sections of a message
)

// Bits of the flags word, RFC 1035 section 4.1.1 and RFC 4035 section 3.
const (
	flagQR = 0x8000
	flagAA = 0x0400
	flagTC = 0x0200
	flagRD = 0x0100
	flagRA = 0x0080
	flagZ  = 0x0040
)

// Tx is one DNS message.
type Tx struct {
	proto.Tx
	ID      uint16
	Flags   uint16
	counts  [4]uint16
	queries []question
	// records of the answer, authority and additional sections, in order.
	records  []record
	sections [3][2]int // first record and the one behind the last, by section
	names    []byte    // presentation forms and decoded record data, by span
	// broken: not a message of its direction; no record.
	broken bool
}

// span names bytes of Tx.names.
type span struct{ off, end int32 }

type question struct {
	name         span
	class, qtype uint16
}

// record is one resource record.
type record struct {
	name         span
	class, rtype uint16
	ttl          uint32
	data         span // address bytes, a name, or text, by kind
	kind         dataKind
	more         bool      // a further string of the text record before
	num          [5]uint32 // numbers of SOA and SRV, algorithm and type of SSHFP
	name2        span      // rname of SOA
}

// dataKind says how the data of a record is held.
type dataKind uint8

const (
	dataNone  dataKind = iota
	dataIP             // data: 4 or 16 bytes
	dataName           // data: a name
	dataText           // data: text
	dataSOA            // data: mname, name2: rname, num: serial, refresh, retry, expire, minimum
	dataSRV            // data: target, num: priority, weight, port
	dataSSHFP          // data: fingerprint, num: algorithm, type
	dataOPT            // data: options as they came
)

// Response reports whether the message is a response.
func (t *Tx) Response() bool { return t.Flags&flagQR != 0 }

// Opcode returns the kind of query.
func (t *Tx) Opcode() uint8 { return uint8(t.Flags >> 11 & 15) }

// Rcode returns the response code, with the upper bits of EDNS0 (RFC 6891
// section 6.1.3).
func (t *Tx) Rcode() uint16 { return t.Flags & 15 }

func (t *Tx) bytes(s span) []byte { return t.names[s.off:s.end] }

var (
	errShort   = errors.New("message ends early")
	errRecords = errors.New("too many records")
)

// header is the fixed part of a message.
type header struct {
	id, flags uint16
	counts    [4]uint16
}

func parseHeader(b []byte) (h header, ok bool) {
	c := cursor.New(b)
	h.id, h.flags = c.U16(), c.U16()
	for i := range h.counts {
		h.counts[i] = c.U16()
	}
	return h, !c.Short()
}

// plausible reports whether the counts of the header can be true of a message
// of n bytes.
func (h *header) plausible(n int) bool {
	sum := 0
	for _, c := range h.counts {
		sum += int(c)
	}
	return 2*sum+headerLen <= n
}

// parse fills t from a whole message. What it could read before an error stays.
// Version 7.0 (old) reads no records of a request, and no additionals.
func (t *Tx) parse(b []byte, old bool) error {
	h, ok := parseHeader(b)
	if !ok {
		return errShort
	}
	t.ID, t.Flags, t.counts = h.id, h.flags, h.counts
	p := messageReader{b: b, at: headerLen, tx: t}
	for range h.counts[0] {
		if err := p.question(); err != nil {
			return err
		}
	}
	for s := range t.sections {
		if old && (s == 2 || !t.Response()) {
			break
		}
		t.sections[s][0] = len(t.records)
		for range h.counts[s+1] {
			if err := p.record(); err != nil {
				t.sections[s][1] = len(t.records)
				switch s {
				case 1:
					t.event(evInvalidAuthorities)
					return nil
				case 2:
					t.event(evInvalidAdditionals)
					return nil
				}
				return err
			}
		}
		t.sections[s][1] = len(t.records)
	}
	return nil
}

// section returns the records of a section: 0 answers, 1 authorities, 2
// additionals.
func (t *Tx) section(s int) []record { return t.records[t.sections[s][0]:t.sections[s][1]] }

// messageReader walks through a message.
type messageReader struct {
	b  []byte
	at int
	tx *Tx
}

func (r *messageReader) question() error {
	name, err := r.name()
	if err != nil {
		return err
	}
	c := cursor.New(r.b[r.at:])
	q := question{name: name, qtype: c.U16(), class: c.U16()}
	if c.Short() {
		return errShort
	}
	r.at += 4
	if len(r.tx.queries) >= maxRecords {
		return errRecords
	}
	r.tx.queries = append(r.tx.queries, q)
	return nil
}

func (r *messageReader) record() error {
	name, err := r.name()
	if err != nil {
		return err
	}
	c := cursor.New(r.b[r.at:])
	rec := record{name: name, rtype: c.U16(), class: c.U16(), ttl: c.U32()}
	n := int(c.U16())
	c.Skip(n)
	if c.Short() {
		return errShort
	}
	r.at += 10
	end := r.at + n
	if err := r.data(rec, end); err != nil {
		return err
	}
	r.at = end
	return nil
}

// data reads the data of rec, which ends at end, and appends the record; TXT
// data yields a record for each of its strings.
func (r *messageReader) data(rec record, end int) error {
	t := r.tx
	if len(t.records) >= maxRecords {
		return errRecords
	}
	in := messageReader{b: r.b[:end], at: r.at, tx: t}
	switch rec.rtype {
	case typeA, typeAAAA:
		rec.kind, rec.data = dataIP, t.keep(r.b[r.at:end])
	case typeNS, typeCNAME, typePTR:
		name, err := in.name()
		if err != nil {
			return err
		}
		rec.kind, rec.data = dataName, name
	case typeMX:
		in.at += 2
		if in.at > end {
			return errShort
		}
		name, err := in.name()
		if err != nil {
			return err
		}
		rec.kind, rec.data = dataName, name
	case typeSOA:
		if err := in.soa(&rec); err != nil {
			return err
		}
	case typeSRV:
		c := cursor.New(in.b[in.at:])
		for i := range 3 {
			rec.num[i] = uint32(c.U16())
		}
		if c.Short() {
			return errShort
		}
		in.at += 6
		name, err := in.name()
		if err != nil {
			return err
		}
		rec.kind, rec.data = dataSRV, name
	case typeSSHFP:
		c := cursor.New(in.b[in.at:])
		rec.num[0], rec.num[1] = uint32(c.U8()), uint32(c.U8())
		if c.Short() {
			return errShort
		}
		rec.kind, rec.data = dataSSHFP, t.keep(c.Rest())
	case typeTXT:
		return r.text(rec, end)
	case typeNULL:
		rec.kind, rec.data = dataText, t.keep(r.b[r.at:end])
	case typeOPT:
		rec.kind, rec.data = dataOPT, t.keep(r.b[r.at:end])
	}
	t.records = append(t.records, rec)
	return nil
}

func (r *messageReader) soa(rec *record) (err error) {
	if rec.data, err = r.name(); err != nil {
		return err
	}
	if rec.name2, err = r.name(); err != nil {
		return err
	}
	c := cursor.New(r.b[r.at:])
	for i := range rec.num {
		rec.num[i] = c.U32()
	}
	if c.Short() {
		return errShort
	}
	rec.kind = dataSOA
	return nil
}

// text appends a record for each character string (RFC 1035 section 3.3.14).
func (r *messageReader) text(rec record, end int) error {
	t := r.tx
	rec.kind = dataText
	for at := r.at; at < end; {
		n := int(r.b[at])
		at++
		if at+n > end {
			return errShort
		}
		if len(t.records) >= maxRecords {
			return errRecords
		}
		rec.data = t.keep(r.b[at : at+n])
		t.records = append(t.records, rec)
		rec.more = true
		at += n
	}
	return nil
}

// keep copies b to the transaction's memory.
func (t *Tx) keep(b []byte) span {
	off := len(t.names)
	t.names = append(t.names, b...)
	return span{int32(off), int32(len(t.names))}
}

// name reads a name at r.at in presentation form, following compression
// pointers (RFC 1035 section 4.1.4), and moves r.at behind it. A loop, too many
// labels or too long a name end the name with an event, not the message.
func (r *messageReader) name() (span, error) {
	t, b := r.tx, r.b
	off := len(t.names)
	at, after, jumps, labels := r.at, -1, 0, 0
	full := false
	for {
		if at >= len(b) {
			return span{}, errShort
		}
		n := int(b[at])
		switch n & 0xc0 {
		case 0xc0:
			if at+2 > len(b) {
				return span{}, errShort
			}
			to := int(binary.BigEndian.Uint16(b[at:]) & 0x3fff)
			if after < 0 {
				after = at + 2
			}
			if to > len(b) {
				return span{}, errShort
			}
			if jumps++; jumps > maxJumps {
				t.event(evInfiniteLoop)
				r.at = after
				return span{int32(off), int32(len(t.names))}, nil
			}
			at = to
			continue
		case 0:
		default:
			return span{}, errors.New("label type is reserved")
		}
		at++
		if n == 0 {
			break
		}
		if at+n > len(b) {
			return span{}, errShort
		}
		if labels++; labels > maxLabels {
			t.event(evTooManyLabels)
			full = true
		}
		if !full {
			if len(t.names) > off {
				t.names = append(t.names, '.')
			}
			t.names = append(t.names, b[at:at+n]...)
			if len(t.names)-off > maxName {
				t.names = t.names[:off+maxName]
				t.event(evNameTooLong)
				full = true
			}
		}
		at += n
	}
	if after < 0 {
		after = at
	}
	r.at = after
	return span{int32(off), int32(len(t.names))}, nil
}
