package ring

import (
	"runtime"
	"sync/atomic"
)

// spins is how often a side looks again before it parks: about 100 ns, less
// than it costs to park and be woken.
const spins = 30

// line keeps fields that two cores write apart; 128 bytes, as adjacent cache lines
// are fetched in pairs.
type line [128]byte

// Ring is a bounded queue of one producer and one consumer.
type Ring[T any] struct {
	slots []T
	mask  uint64

	_        line
	tail     atomic.Uint64 // values put
	headSeen uint64        // the producer's last look at head
	closed   atomic.Bool

	_        line
	head     atomic.Uint64 // values taken
	tailSeen uint64        // the consumer's last look at tail
	stopped  atomic.Bool

	_        line
	consumer parking
	producer parking
}

// parking is where one side waits.
type parking struct {
	parked atomic.Bool
	token  chan struct{}
}

func (p *parking) wake() {
	if p.parked.Load() && p.parked.CompareAndSwap(true, false) {
		select {
		case p.token <- struct{}{}:
		default:
		}
	}
}

// wait returns when ready does, or now and then before.
func (p *parking) wait(ready func() bool) {
	p.parked.Store(true)
	if ready() {
		p.parked.Store(false)
		return
	}
	<-p.token
}

// New returns a ring for at least n values; the size is the next power of two.
func New[T any](n int) *Ring[T] {
	size := 1
	for size < n {
		size <<= 1
	}
	r := &Ring[T]{slots: make([]T, size), mask: uint64(size - 1)}
	r.consumer.token = make(chan struct{}, 1)
	r.producer.token = make(chan struct{}, 1)
	return r
}

// Cap returns the number of values that the ring holds at most.
func (r *Ring[T]) Cap() int { return len(r.slots) }

// Len returns the number of values in the ring; it may have changed since.
func (r *Ring[T]) Len() int {
	head := r.head.Load() // first, or it could pass tail
	return int(r.tail.Load() - head)
}

// hasRoom reports whether a value can be put.
func (r *Ring[T]) hasRoom() bool {
	tail := r.tail.Load()
	if tail-r.headSeen < uint64(len(r.slots)) {
		return true
	}
	r.headSeen = r.head.Load()
	return tail-r.headSeen < uint64(len(r.slots))
}

// TryPut adds v; it reports false if the ring is full or the consumer has stopped.
func (r *Ring[T]) TryPut(v T) bool {
	if !r.hasRoom() || r.stopped.Load() {
		return false
	}
	tail := r.tail.Load()
	r.slots[tail&r.mask] = v
	r.tail.Store(tail + 1)
	r.consumer.wake()
	return true
}

// Put adds v and waits while the ring is full. It reports false, without adding
// v, if the consumer has stopped.
func (r *Ring[T]) Put(v T) bool {
	for n := 0; !r.TryPut(v); n++ {
		if r.stopped.Load() {
			return false
		}
		if n < spins {
			continue
		}
		if n == spins {
			runtime.Gosched()
			continue
		}
		r.producer.wait(r.putReady)
	}
	return true
}

func (r *Ring[T]) putReady() bool { return r.stopped.Load() || r.hasRoom() }

// Close says that no value follows. The consumer still gets those in the ring.
func (r *Ring[T]) Close() {
	r.closed.Store(true)
	r.consumer.wake()
}

// hasValue reports whether a value can be taken.
func (r *Ring[T]) hasValue() bool {
	head := r.head.Load()
	if head != r.tailSeen {
		return true
	}
	r.tailSeen = r.tail.Load()
	return head != r.tailSeen
}

// TryGet takes the oldest value, if there is one.
func (r *Ring[T]) TryGet() (v T, ok bool) {
	if !r.hasValue() {
		return v, false
	}
	head := r.head.Load()
	slot := &r.slots[head&r.mask]
	var none T
	v, *slot = *slot, none // the ring keeps nothing alive
	r.head.Store(head + 1)
	r.producer.wake()
	return v, true
}

// Get takes the oldest value and waits while the ring is empty. ok is false when
// the ring is closed and empty.
func (r *Ring[T]) Get() (v T, ok bool) {
	for n := 0; ; n++ {
		closed := r.closed.Load()
		if v, ok = r.TryGet(); ok || closed {
			return v, ok
		}
		if n < spins {
			continue
		}
		if n == spins {
			runtime.Gosched()
			continue
		}
		r.consumer.wait(r.getReady)
	}
}

func (r *Ring[T]) getReady() bool { return r.closed.Load() || r.hasValue() }

// Stop says that the consumer takes no more; a producer that waits or puts from
// now on is told. Values in the ring are left to the garbage collector.
func (r *Ring[T]) Stop() {
	r.stopped.Store(true)
	r.producer.wake()
}
