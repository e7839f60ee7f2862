// Package flow keeps both directions of a conversation: who talks to whom, since
// when, how much, in which state, and what it will be logged with.
//
// Records live in slabs without Go pointers, so that a million idle flows cost
// the garbage collector nothing; what needs pointers (parsers, reassembly,
// detection state) lives in slices of the worker and is named by index.
//
// One Table serves one worker, and no lock is in it. The worker's part:
//
//	t := flow.NewTable(opts)
//	t.Reuse = streams.Reusable        // a SYN on a finished TCP flow starts anew
//	for each packet p (decoded, not a fragment, not Invalid):
//		f, created := t.Get(p)        // nil: the packet has no flow
//		t.Ended(end)                  // flows that p replaced: end them before p is handled
//		...                           // streams, parsers, detection, logging
//	at each boundary of the packet clock: t.Expire(now, end)
//	at the end of the capture:            t.End(end)
//
// where end(f) flushes the streams of f, inspects and logs what is left, logs the
// flow record, releases what belongs to f elsewhere and then calls t.Release(f).
// A flow handed to end is out of the table: no packet finds it any more.
//
// # Time
//
// All time is packet time. A flow has timed out when the second of the clock is
// later than the second of its last packet plus the time-out of its protocol and
// state. A packet that finds a timed-out flow of its own tuple starts a new one
// and the old one ends; flows that get no packet end at the next Expire. Both are
// functions of the packets alone, so that output does not depend on how work is
// divided. Expire and End call back in order of the flows' first packets.
//
// # Memory
//
// The memory of flows is bounded by Options.MemCap. When an allocation would
// pass it, the table enters emergency mode: the shorter emergency time-outs hold
// from then on, TCP packets other than SYN start no flow (unless midstream pickup
// is off anyway), and each new flow takes the place of the one whose emergency
// time-out comes first. That is the shedding order: closed flows and flows that
// saw one direction go before bypassed ones, those before established ones, and
// within a kind the longest idle goes first. If none is found within a bounded
// search, the packet gets no flow. Both are counted. The mode ends when
// Options.Recovery percent of the flows that fit are free.
package flow
