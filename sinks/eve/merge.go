package eve

import (
	"sync"
	"sync/atomic"
)

// merger writes the records of all lanes in the order of their places, or as they
// come if it is not ordered. Each lane's own records come in order; a record is
// written once every lane has promised to yield nothing before it.
type merger struct {
	sink  *Sink
	order bool
	in    chan *batch
	lanes []laneQueue
	pool  sync.Pool
	done  chan struct{}
	due   atomic.Bool // files are to be flushed
	moved atomic.Bool // files are to be opened anew
}

// laneQueue is what one lane has handed over and is not written yet.
type laneQueue struct {
	queue []*batch
	rec   int // next record of queue[0]
	off   int // where it starts in queue[0].buf
	upto  place
	ended bool
}

// mergeQueue bounds the batches between lanes and merger; a full channel makes
// the lanes wait.
const mergeQueue = 64

func newMerger(s *Sink, n int, ordered bool) *merger {
	m := &merger{
		sink:  s,
		order: ordered,
		in:    make(chan *batch, mergeQueue),
		lanes: make([]laneQueue, n),
		done:  make(chan struct{}),
	}
	m.pool.New = func() any { return &batch{} }
	go m.run()
	return m
}

func (m *merger) get() *batch { return m.pool.Get().(*batch) }

// wait returns when all lanes have been closed and their records are written.
func (m *merger) wait() { <-m.done }

func (m *merger) run() {
	defer close(m.done)
	for open := len(m.lanes); open > 0; {
		b := <-m.in
		q := &m.lanes[b.lane]
		q.upto = b.upto
		if b.last {
			q.ended = true
			open--
		}
		if len(b.recs) > 0 {
			q.queue = append(q.queue, b)
		} else {
			m.put(b)
		}
		m.drain()
		if len(m.in) > 0 {
			continue
		}
		if m.moved.Swap(false) {
			m.sink.reopen()
		}
		if m.due.Load() {
			m.due.Store(false)
			m.sink.flush()
		}
	}
}

// drain writes all records that no lane can come before any more.
func (m *merger) drain() {
	for {
		best := -1 // of all heads the first, or any
		for i := range m.lanes {
			q := &m.lanes[i]
			if len(q.queue) > 0 && (best < 0 || q.head().less(m.lanes[best].head())) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		at := m.lanes[best].head()
		for i := range m.lanes {
			q := &m.lanes[i]
			if m.order && i != best && len(q.queue) == 0 && !q.ended && q.upto.less(at) {
				return // it may still yield something earlier
			}
		}
		m.writeNext(&m.lanes[best])
	}
}

// head is the place of the first record waiting; the queue is not empty.
func (q *laneQueue) head() place { return q.queue[0].recs[q.rec].at }

func (m *merger) writeNext(q *laneQueue) {
	b := q.queue[0]
	r := &b.recs[q.rec]
	m.sink.files[r.out].write(b.buf[q.off:r.end])
	q.off = r.end
	if q.rec++; q.rec < len(b.recs) {
		return
	}
	q.rec, q.off = 0, 0
	copy(q.queue, q.queue[1:])
	q.queue = q.queue[:len(q.queue)-1]
	m.put(b)
}

func (m *merger) put(b *batch) {
	b.recs, b.buf = b.recs[:0], b.buf[:0]
	m.pool.Put(b)
}
