// Package flow keeps both directions of a conversation: who talks to whom, since
// when, how much, in which state, and what it will be logged with.
//
// Records live in slabs outside the Go heap and hold no pointers, so that a
// million idle flows cost the garbage collector nothing; what needs pointers
// (parsers, reassembly, detection state) lives in slices of the worker and is
// named by index.
//
// One Table serves one worker, and no lock is in it. The worker's part:
//
//	t := flow.NewTable(opts)
//	t.Reuse = streams.Reusable        // a SYN on a finished TCP flow starts anew
//	for each packet p:
//		f, created := t.Get(p)        // nil: the packet has no flow
//		if t.Ended(end) && f == nil { // flows that p replaced end before p is handled
//			f, created = t.Get(p)     // their memory is free now
//		}
//		...                           // streams, parsers, detection, logging
//		t.Settle(f)                   // its state may have changed
//	at each boundary of the packet clock: t.Expire(now, end)
//	at the end of the capture:            t.End(end), t.Close()
//
// where end(f) flushes the streams of f, inspects and logs what is left, logs the
// flow record, releases what belongs to f elsewhere and then calls t.Release(f).
// A flow handed to end is out of the table: no packet finds it any more.
//
// # Which packets
//
// Flows are kept for TCP, UDP, SCTP, ICMP, ICMPv6, ESP (a flow for each direction
// and security parameter index) and tunnels of IP in IP. ICMP questions and answers of a
// pair of types are one flow whatever their identifiers and codes. An ICMPv4
// "unreachable" about a known TCP or UDP flow belongs to that one, towards the
// sender of what it quotes; no ICMPv4 error starts a flow. ICMPv6 errors are
// flows of their own.
//
// # Time
//
// All time is packet time. A packet that comes later than its flow's last one plus
// the time-out of protocol and state starts a new flow and the old one ends;
// flows that get no packet end at the first change of the clock's second that is
// past their time. Both are functions of the packets alone, so that output does
// not depend on how work is divided. Expire and End call back in order of the flows' first packets.
//
// # Memory
//
// The records of flows are bounded by Options.MemCap, which tables of a pipeline
// have in common through a Budget; the index, eight bytes a slot, comes on top.
// When a record would pass it, the table enters emergency mode: the shorter
// emergency time-outs hold from then on, TCP packets other than SYN start no flow
// if midstream pickup is on, and each new flow takes the place of the one whose
// time-out comes first among a bounded number looked at, beginning with those
// that the timing wheel has next. So closed flows and flows that saw one
// direction go before bypassed ones, those before established ones. All of it is
// counted. The mode ends when Options.Recovery percent of the records are free.
package flow
