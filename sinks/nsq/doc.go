// Package nsq takes events from the packet path to NSQ.
//
// A Delivery is the whole line: a Recorder for each worker gives events their
// identity and puts them in the spool; the shipper reads the spool and publishes
// batches by topic, alerts to two brokers where there are two, the rest to one of
// them; what brokers have acknowledged moves the cursor. The broker may run in this
// process (Broker), elsewhere, or be found through nsqlookupd.
//
// A broker that fails is left alone for a time that doubles up to 30 s; while none
// takes a batch, the shipper waits and the spool grows. NSQ delivers at least
// once: consumers drop duplicates by weir.eid (package identity).
package nsq
