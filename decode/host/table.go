package host

import (
	"net/netip"
	"sync"
)

// maxSockets bounds the sockets that are known, twice: when so many have come since the
// last time, those that are older and not used any more are forgotten.
const maxSockets = 1 << 16

// Confidence says how sure an answer is.
type Confidence uint8

// Confidences.
const (
	Low    Confidence = iota // several processes come into question
	Medium                   // a process that shares the socket with others, or listens at the port
	High                     // the process was seen to use this very socket
)

func (c Confidence) String() string { return [...]string{"low", "medium", "high"}[c] }

// Answer is who talks at one end of a flow. It is never changed.
type Answer struct {
	Process    *Process
	Confidence Confidence
	Method     string // how it is known: connect, send, receive, proc, listen
}

// key names a socket. A remote address of zero is any, a local one too; then ns is the
// network namespace, as each has an any of its own.
type key struct {
	local, remote netip.AddrPort
	ns            uint64
	proto         uint8
}

// socket is one use of a key.
type socket struct {
	Answer
	cookie     uint64
	begin, end int64   // ns since the Unix epoch; end 0: it is open
	before     *socket // what had the key before, one at most
}

// Table knows sockets. Its methods may be called from any goroutine.
type Table struct {
	mu       sync.RWMutex
	own      uint64 // network namespace of the sensor
	now, old map[key]*socket
	cookies  map[uint64]key // of open sockets in now
	spaces   map[netip.Addr]uint64
}

// NewTable makes a table for a sensor in network namespace own.
func NewTable(own uint64) *Table {
	return &Table{own: own, now: map[key]*socket{}, old: map[key]*socket{}, cookies: map[uint64]key{}, spaces: map[netip.Addr]uint64{}}
}

// use notes that a socket belongs to the process of a.
func (t *Table) use(k key, cookie uint64, at int64, a Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.now) >= maxSockets {
		t.forget()
	}
	s := &socket{Answer: a, cookie: cookie, begin: at}
	if was := t.find(k); was != nil {
		if was.cookie == cookie && cookie != 0 {
			s.begin = was.begin // passed on
			s.before = was.before
		} else {
			if was.end == 0 {
				was.end = at
			}
			was.before = nil
			s.before = was
		}
	}
	t.now[k] = s
	if cookie != 0 {
		t.cookies[cookie] = k
	}
}

// forget makes room. What is open is kept, unless all is.
func (t *Table) forget() {
	kept := map[key]*socket{}
	for k, s := range t.now {
		if s.end == 0 && len(kept) < maxSockets/2 {
			kept[k] = s
			delete(t.now, k)
		}
	}
	t.old, t.now = t.now, kept
	cookies := make(map[uint64]key, len(kept))
	for k, s := range kept {
		cookies[s.cookie] = k
	}
	t.cookies = cookies
}

func (t *Table) find(k key) *socket {
	if s := t.now[k]; s != nil {
		return s
	}
	return t.old[k]
}

// close notes that a socket is closed.
func (t *Table) close(cookie uint64, at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.cookies[cookie]
	if !ok {
		return
	}
	delete(t.cookies, cookie)
	if s := t.find(k); s != nil && s.cookie == cookie {
		s.end = at
	}
}

// space notes in which network namespace an address is.
func (t *Table) space(a netip.Addr, ns uint64) {
	if a.IsLoopback() || a.IsUnspecified() {
		return
	}
	t.mu.Lock()
	if len(t.spaces) < maxSockets {
		t.spaces[a] = ns
	}
	t.mu.Unlock()
}

// slack is how far the clocks of packets and of events may be apart, ns.
const slack = 1e9

// Of returns who talks at the local end of a flow that was seen from start to last, ns
// since the Unix epoch; false if that is not known.
func (t *Table) Of(proto uint8, local, remote netip.AddrPort, start, last int64) (Answer, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if a, ok := t.fitting(key{local, remote, 0, proto}, start, last); ok {
		return a, true
	}
	if a, ok := t.fitting(key{local: local, proto: proto}, start, last); ok {
		return a, true
	}
	ns, ok := t.spaces[local.Addr()]
	if !ok {
		if !local.Addr().IsLoopback() {
			return Answer{}, false
		}
		ns = t.own
	}
	return t.fitting(key{local: netip.AddrPortFrom(netip.IPv6Unspecified(), local.Port()), ns: ns, proto: proto}, start, last)
}

// fitting returns the use of a key that was going on at the time.
func (t *Table) fitting(k key, start, last int64) (a Answer, ok bool) {
	for s := t.find(k); s != nil; s = s.before {
		if s.begin > last+slack || s.end != 0 && s.end < start {
			continue
		}
		if ok && !a.Process.same(s.Process) {
			a.Confidence = Low
			return a, true
		}
		if !ok {
			a, ok = s.Answer, true
		}
		if s.begin <= start {
			break // what was before had ended by then
		}
	}
	return a, ok
}
