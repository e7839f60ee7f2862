// Package identity says which event is which, so that consumers of a transport
// that delivers at least once and in no order see each event once and notice
// what is missing.
//
// Each event has an object "weir" with
//
//	eid     128 bits, base32 in lower case: the same event has the same id,
//	        however often it is sent, and when a capture is read again
//	sensor  name of the sensor
//	boot    a start of the sensor: numbers begin anew with each
//	seq     number within sensor, boot and topic, from 1 on, without holes
//	schema  1
//
// Drop what has an eid that was seen; report the numbers that do not come. See
// docs/consumers.md for the same in other languages.
package identity

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"weir/decode/event"
)

// Schema is the version of the object.
const Schema = 1

// Weir is the object of an event.
type Weir struct {
	EID       string   `json:"eid"`
	Sensor    string   `json:"sensor"`
	Boot      string   `json:"boot"`
	Seq       uint64   `json:"seq"`
	Schema    int      `json:"schema"`
	Truncated []string `json:"truncated,omitempty"` // members left out for their size
}

// Of returns the identity of an event.
func Of(body []byte) (Weir, error) {
	var e struct{ Weir *Weir }
	if err := json.Unmarshal(body, &e); err != nil {
		return Weir{}, fmt.Errorf("event: %w", err)
	}
	if e.Weir == nil || e.Weir.EID == "" {
		return Weir{}, fmt.Errorf("event has no weir.eid")
	}
	return *e.Weir, nil
}

// idText is how ids are written.
var idText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Maker gives events their identity. It belongs to one goroutine.
type Maker struct {
	sensor string
	tail   []byte // what follows the id
	in     []byte // scratch
	same   [][sha256.Size]byte
	time   int64
	num    uint64
}

// maxSame bounds how many events at one place are compared.
const maxSame = 64

// NewMaker returns one for a sensor and a start of it.
func NewMaker(sensor, boot string) *Maker {
	t := event.Str([]byte{0x22}, "sensor", sensor)
	t = event.Str(t, "boot", boot)
	t = event.Uint(t, "schema", Schema)
	return &Maker{sensor: sensor, tail: t}
}

// Append appends the event in line, an object with or without a line feed, with
// its identity; it is left open for Seal. The id is made of the sensor and of all
// that the event says; events at the same place that say the same are counted.
func (m *Maker) Append(b []byte, ev *event.Event, line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '}') {
		end := line[len(line)-1] == '}'
		if line = line[:len(line)-1]; end {
			break
		}
	}
	if ev.Time != m.time || ev.Num != m.num {
		m.time, m.num, m.same = ev.Time, ev.Num, m.same[:0]
	}
	m.in = append(append(append(m.in[:0], m.sensor...), 0), line...)
	sum := sha256.Sum256(m.in)
	n := 0
	for i := range m.same {
		if m.same[i] == sum {
			n++
		}
	}
	if len(m.same) < maxSame {
		m.same = append(m.same, sum)
	}
	if n > 0 {
		m.in = strconv.AppendInt(append(m.in, 0), int64(n), 10)
		sum = sha256.Sum256(m.in)
	}
	if ours := reopen(line); ours != nil {
		b = append(append(b, ours...), ',')
	} else {
		b = event.Open(append(b, line...), "weir")
	}
	b = append(b, `"eid":"`...)
	b = idText.AppendEncode(b, sum[:16])
	return append(b, m.tail...)
}

// reopen returns an event, without its last brace, up to the end of what its last
// member "weir" has; nil if its last member is another.
func reopen(line []byte) []byte {
	const key = `,"weir":{`
	i := bytes.LastIndex(line, []byte(key)) // not within a value: quotes are escaped there
	if i < 0 {
		return nil
	}
	depth, quoted := 1, false
	for j := i + len(key); j < len(line); j++ {
		switch c := line[j]; {
		case quoted && c == '\\':
			j++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				if j == len(line)-1 && line[j-1] != '{' {
					return line[:j]
				}
				return nil
			}
		}
	}
	return nil
}

// Seal ends what Append began.
func Seal(b []byte, seq uint64) []byte {
	return append(event.Uint(b, "seq", seq), '}', '}')
}

// Boot returns the start of the sensor that an event which Seal has ended belongs
// to; empty if it is not such an event. It costs no reading of the whole.
func Boot(body []byte) string {
	const key = `"boot":"`
	i := bytes.LastIndex(body, []byte(key))
	if i < 0 {
		return ""
	}
	rest := body[i+len(key):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return ""
	}
	return string(rest[:end])
}

// Gap is a run of numbers that has not come.
type Gap struct {
	Sensor, Boot, Topic string
	From, To            uint64 // both missing
}

// Tracker drops duplicates and finds gaps. It remembers the last Size ids, and the
// missing numbers of each sensor, boot and topic. It belongs to one goroutine.
type Tracker struct {
	size  int
	seen  map[string]struct{}
	order []string
	next  int
	lines map[lineKey]*line
}

type lineKey struct{ sensor, boot, topic string }

// line is the numbering of one sensor, boot and topic.
type line struct {
	high    uint64 // the highest that has come
	missing []Gap  // below it, ascending
}

// maxGaps bounds the gaps remembered for one numbering.
const maxGaps = 4096

// NewTracker returns one that remembers size ids.
func NewTracker(size int) *Tracker {
	return &Tracker{size: max(size, 1), seen: map[string]struct{}{}, lines: map[lineKey]*line{}}
}

// Seen notes an event of a topic and reports whether it came before. One that is
// older than the last Size events is known by its number.
func (t *Tracker) Seen(topic string, w Weir) bool {
	if _, ok := t.seen[w.EID]; ok {
		return true
	}
	if len(t.order) < t.size {
		t.order = append(t.order, w.EID)
	} else {
		delete(t.seen, t.order[t.next])
		t.order[t.next] = w.EID
		t.next = (t.next + 1) % t.size
	}
	t.seen[w.EID] = struct{}{}
	return !t.number(topic, w)
}

// Known reports whether an event came before, as far as its id is remembered. It
// notes nothing: for consumers that call Seen once they have kept the event.
func (t *Tracker) Known(w Weir) bool {
	_, ok := t.seen[w.EID]
	return ok
}

// number notes the number of an event and reports whether it is new.
func (t *Tracker) number(topic string, w Weir) bool {
	k := lineKey{w.Sensor, w.Boot, topic}
	l := t.lines[k]
	if l == nil {
		l = &line{high: w.Seq}
		t.lines[k] = l
		if w.Seq > 1 {
			l.missing = []Gap{{w.Sensor, w.Boot, topic, 1, w.Seq - 1}}
		}
		return true
	}
	if w.Seq > l.high {
		if w.Seq > l.high+1 && len(l.missing) < maxGaps {
			l.missing = append(l.missing, Gap{w.Sensor, w.Boot, topic, l.high + 1, w.Seq - 1})
		}
		l.high = w.Seq
		return true
	}
	for i := range l.missing {
		g := l.missing[i]
		if w.Seq < g.From || w.Seq > g.To {
			continue
		}
		var parts []Gap
		if g.From < w.Seq {
			parts = append(parts, Gap{g.Sensor, g.Boot, g.Topic, g.From, w.Seq - 1})
		}
		if w.Seq < g.To {
			parts = append(parts, Gap{g.Sensor, g.Boot, g.Topic, w.Seq + 1, g.To})
		}
		l.missing = slices.Replace(l.missing, i, i+1, parts...)
		return true
	}
	return false
}

// Gaps returns what is missing now. A number that is merely late is among them
// until it comes: look twice, with the transport's longest delay between. A consumer
// that begins in the middle has a gap from 1 on.
func (t *Tracker) Gaps() (all []Gap) {
	for _, l := range t.lines {
		all = append(all, l.missing...)
	}
	return all
}
