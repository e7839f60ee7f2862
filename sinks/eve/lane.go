package eve

import "weir/decode/event"

// handOver is how many bytes of records a lane collects before it passes them
// to the merger.
const handOver = 64 << 10

// Lane is the Publisher of one worker. It implements event.Publisher.
type Lane struct {
	sink  *Sink
	index int
	at    place
	line  []byte // the last encoding
	skip  bool   // it came to nothing
	cur   *batch // nil with one lane, and while empty
	recs  []Recorder
	iface string    // that live traffic comes from
	clean *redactor // nil: nothing is taken out
}

func newLane(s *Sink, index int) *Lane {
	l := &Lane{sink: s, index: index, recs: make([]Recorder, len(s.records))}
	if s.redact != nil {
		l.clean = &redactor{redaction: s.redact}
	}
	for i, f := range s.records {
		if f != nil {
			l.recs[i] = f(index)
		}
	}
	return l
}

// place orders records of all lanes.
type place struct{ num, sub uint64 }

func (p place) less(q place) bool { return p.num < q.num || p.num == q.num && p.sub < q.sub }

// record is one line in a batch.
type record struct {
	at  place
	out int
	end int // in batch.buf
}

// batch is a run of records of one lane on their way to the merger, and the
// promise that nothing before upto follows.
type batch struct {
	lane int
	recs []record
	buf  []byte
	upto place
	last bool
}

// At implements event.Publisher.
func (l *Lane) At(num, sub uint64) { l.at = place{num, sub} }

// Wants implements event.Publisher.
func (l *Lane) Wants(typ string) bool { return l.sink.wants(typ) }

// Publish implements event.Publisher.
func (l *Lane) Publish(ev *event.Event) {
	rs := l.sink.routes[ev.Type]
	var line []byte
	for i := range rs {
		r := &rs[i]
		if i == 0 || !l.sink.sameEncoding(&rs[i-1], r) {
			line = l.sink.encode(l.line[:0], ev, r, l)
			if l.skip = line == nil; !l.skip {
				l.line = line
				if l.clean != nil && l.sink.formats[r.out] == JSON && ev.Type != "stats" {
					line = l.clean.line(line)
				}
			}
		}
		if l.skip {
			continue
		}
		if to := l.recs[r.out]; to != nil {
			to.Record(ev, line)
			continue
		}
		if l.sink.merger == nil {
			l.sink.files[r.out].write(line)
			continue
		}
		if l.cur == nil {
			l.cur = l.sink.merger.get()
			l.cur.lane = l.index
		}
		l.cur.buf = append(l.cur.buf, line...)
		l.cur.recs = append(l.cur.recs, record{l.at, r.out, len(l.cur.buf)})
	}
	if l.cur != nil && len(l.cur.buf) >= handOver {
		l.pass(l.at, false)
	}
}

// Advance tells the merger that this lane yields nothing before packet num any
// more. Workers call it once a batch of frames, empty ones too.
func (l *Lane) Advance(num uint64) {
	for _, r := range l.recs {
		if r != nil {
			r.Flush()
		}
	}
	// Where nothing is ordered nobody waits for a promise.
	if m := l.sink.merger; m != nil && m.order {
		l.pass(place{num: num}, false)
	}
}

// Close hands over what is left. The lane publishes nothing after it.
func (l *Lane) Close() {
	for _, r := range l.recs {
		if r != nil {
			r.Close()
		}
	}
	if l.sink.merger != nil {
		l.pass(place{event.EndOfCapture, event.InPacket}, true)
	}
}

func (l *Lane) pass(upto place, last bool) {
	b := l.cur
	if b == nil {
		b = l.sink.merger.get()
		b.lane = l.index
	}
	b.upto, b.last = upto, last
	l.cur = nil
	l.sink.merger.in <- b
}
