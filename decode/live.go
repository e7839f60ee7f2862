package decode

import (
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"weir/decode/flow"
	"weir/decode/packet"
)

// LiveSource delivers one worker's share of live traffic. The worker that owns it
// is its only user.
type LiveSource interface {
	// Next returns frames, which are valid until the next call. It waits for them
	// for a short time only: none means that nothing has come, and time passes.
	// After its end it returns io.EOF.
	Next() ([]packet.Frame, error)
}

// Live is what a pipeline needs besides for live traffic.
type Live struct {
	Sources []LiveSource // one for each worker
	// Begin, if not nil, is called on the thread of worker i, which is its alone.
	Begin func(i int)
	// Panicked, if not nil, is told of a frame at which worker i has panicked, and
	// of the stack. The frame is valid for the call. Its flow is not followed any
	// more.
	Panicked func(i int, f *packet.Frame, cause any, stack []byte)
}

// share is what a worker of a live run keeps besides. Whoever holds mu knows the
// worker to be between two batches.
type share struct {
	mu     sync.Mutex
	read   ReadCounters
	last   uint64 // number of the last frame
	second int64  // of the last tick
	ended  bool
}

// RunLive is Run for live traffic: each worker reads its own source, all at the
// same time, and nothing orders what they publish. It returns when all sources
// have ended.
func (pl *Pipeline) RunLive(l *Live) error {
	errs := make([]error, len(pl.workers))
	var wg sync.WaitGroup
	for i, w := range pl.workers {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			if l.Begin != nil {
				l.Begin(i)
			}
			errs[i] = pl.live(w, l)
		})
	}
	wg.Wait()
	pl.AtRest(func() {
		for _, w := range pl.workers {
			w.share.ended = true
		}
	})
	return errors.Join(errs...)
}

// settle is how long a frame may take from the wire to its worker: without frames
// the packet clock stays that much behind the system's.
const settle = 200 * int64(time.Millisecond)

// live is the loop of a worker on live traffic.
func (pl *Pipeline) live(w *worker, l *Live) error {
	src, lane, sh := l.Sources[w.index], pl.lanes[w.index], &w.share
	for {
		frames, err := src.Next()
		sh.mu.Lock()
		for at := 0; at < len(frames); {
			at = w.run(frames, at, l.Panicked)
		}
		if len(frames) == 0 {
			w.passTime(sh.last, time.Now().UnixNano()-settle)
		}
		lane.Advance(sh.last + 1)
		sh.mu.Unlock()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

// run handles frames from index at on and returns where to go on. A panic ends it
// behind the frame that has brought it about.
func (w *worker) run(frames []packet.Frame, at int, panicked func(int, *packet.Frame, any, []byte)) (next int) {
	next = at
	defer func() {
		if next == len(frames) {
			return
		}
		cause := recover()
		w.counters.panics++
		w.abandon()
		if panicked != nil {
			panicked(w.index, &frames[next], cause, debug.Stack())
		}
		next++
	}()
	sh := &w.share
	for ; next < len(frames); next++ {
		f := &frames[next]
		if sh.read.Packets == 0 {
			sh.read.First = f.Time
		}
		sh.read.Packets++
		sh.read.Bytes += uint64(len(f.Data))
		if w.checksums != nil {
			w.checksums.look(f, sh.read.Packets)
		}
		sh.last = f.Num
		w.passTime(f.Num, f.Time)
		w.frame(f)
	}
	return next
}

// abandon ends the inspection of the flow that the worker was at.
func (w *worker) abandon() {
	if f := w.in.Flow; f != nil {
		f.State = flow.StateBypassed
	}
	w.in = Inspection{}
	w.appEvents, w.datagram = w.appEvents[:0], w.datagram[:0]
}

// passTime moves the worker's clock on to now, at packet num: at each new second
// it is seen what has timed out.
func (w *worker) passTime(num uint64, now int64) {
	sh := &w.share
	if now < sh.read.Last {
		sh.read.Backwards++
		return
	}
	sh.read.Last = now
	if s := now / 1e9; s > sh.second {
		if sh.second != 0 {
			w.tick(num, now)
		}
		sh.second = s
	}
}

// AtRest calls f while no worker of a live run is at work: between batches they
// wait for its end. The packet clock is the latest of theirs then, and Read is the
// sum of what they have read. After the end of the run it reports false, and f is
// not called.
func (pl *Pipeline) AtRest(f func()) bool {
	for _, w := range pl.workers {
		w.share.mu.Lock()
	}
	defer func() {
		for _, w := range pl.workers {
			w.share.mu.Unlock()
		}
	}()
	pl.Read = ReadCounters{}
	for _, w := range pl.workers {
		r := &w.share.read
		pl.Read.Packets += r.Packets
		pl.Read.Bytes += r.Bytes
		pl.Read.Backwards += r.Backwards
		pl.Read.Last = max(pl.Read.Last, r.Last)
		if r.First != 0 && (pl.Read.First == 0 || r.First < pl.Read.First) {
			pl.Read.First = r.First
		}
	}
	pl.clock.now = pl.Read.Last
	if pl.workers[0].share.ended {
		return false
	}
	f()
	return true
}

// Panics returns how many frames have made worker i panic; for the worker, or at
// rest.
func (pl *Pipeline) Panics(i int) uint64 { return pl.workers[i].counters.panics }
