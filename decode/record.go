package decode

import (
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// txRecord is the body of one record of a transaction.
type txRecord struct {
	rec  *proto.Record
	tx   proto.Transaction
	flow *flow.Flow
}

// Swapped implements event.Swapper.
func (r *txRecord) Swapped(opt any) bool { return r.rec.Client(opt) }

// AppendEvent implements event.Appender.
func (r *txRecord) AppendEvent(b []byte, out *event.Output) []byte {
	key := r.rec.Key
	if key == "" {
		key = r.rec.Type
	}
	b, ok := r.rec.Append(event.Key(b, key), r.tx, r.flow, out.Opts)
	if !ok {
		return nil
	}
	if r.rec.Extra != nil {
		b = r.rec.Extra(b, r.tx, r.flow, out.Opts)
	}
	return b
}

// logTxs logs what is complete of the transactions, and gives back those that
// need nothing more. last says that the flow is over: what is there is logged.
func (w *worker) logTxs(p *packet.Packet, f *flow.Flow, pr *proto.Protocol, ps proto.Parser, last bool) {
	txs := ps.Txs()
	for i := 0; i < len(txs); i++ {
		tx := txs[i]
		t := tx.Base()
		if w.wantsAnomaly {
			w.logTxAnomalies(p, f, pr, t)
		}
		if t.Certs != 0 && w.certs != nil && pr.Certs != nil {
			w.keepCerts(p, f, pr, tx)
		}
		w.logFiles(p, f, pr, tx, last)
		done := w.logTx(p, f, pr, tx, last)
		if done && t.Inspected[0] && t.Inspected[1] {
			w.inspector.EndTx(t)
			w.countTx(f, pr)
			ps.Free(tx)
			txs = ps.Txs()
			i--
		}
	}
}

// countTx counts a transaction that is given back.
func (w *worker) countTx(f *flow.Flow, pr *proto.Protocol) {
	if !pr.Uncounted {
		w.counters.app[pr.ID].txs[transportOf(f)]++
	}
	if f.Parser != 0 {
		w.apps[f.Parser-1].txs++
	}
}

// logTx writes the records of tx that are due and reports whether it is
// complete and nothing is left to write.
func (w *worker) logTx(p *packet.Packet, f *flow.Flow, pr *proto.Protocol, tx proto.Transaction, last bool) bool {
	t := tx.Base()
	complete := last || reached(t, pr.Done)
	all := true
	for i := range pr.Records {
		r := &pr.Records[i]
		bit := uint8(1) << i
		if t.Logged&bit != 0 {
			continue
		}
		due := complete
		if r.At != nil {
			due = last || reached(t, *r.At)
		}
		if due && !last && r.Due != nil {
			due = r.Due(tx)
		}
		if !due {
			all = false
			continue
		}
		t.Logged |= bit
		if t.NoLog || f.Has(flow.NoLog) || !w.pub.Wants(r.Type) {
			continue
		}
		dir := field.ToServer
		if r.Dir != nil {
			if dir = r.Dir(tx); dir == 0 && p != nil {
				dir = p.Dir
			} else if dir == 0 {
				dir = field.ToClient // the flow is over
			}
		}
		w.record = txRecord{r, tx, f}
		w.flowHead(r.Type, f, dir, p)
		w.ev.Shown = r.Shown
		w.firstMACs(f, dir)
		w.ev.HasTx, w.ev.TxID = true, t.ID
		w.ev.Body = &w.record
		if r.Client != nil && dir == field.ToClient {
			w.ev.Swap = &w.record
		}
		w.pub.Publish(&w.ev)
	}
	return complete && all
}

// firstMACs gives an event that no captured packet stands for the hardware
// addresses that the flow was first seen with, as an Ethernet header.
func (w *worker) firstMACs(f *flow.Flow, dir field.Dir) {
	src, dst := w.flows.MACs(f)
	if w.ev.Ether != nil || len(src) < 6 || len(dst) < 6 {
		return
	}
	if dir == field.ToClient {
		src, dst = dst, src
	}
	const ipv4, ipv6 = "\x08\x00", "\x86\xdd"
	typ := ipv4
	if f.Version == 6 {
		typ = ipv6
	}
	copy(w.ether[:6], dst)
	copy(w.ether[6:], src)
	copy(w.ether[12:], typ)
	w.ev.Ether = w.ether[:]
}

// reached reports whether a transaction has come to done in both directions.
// One that lives in one direction alone is judged by that.
func reached(t *proto.Tx, done [2]uint8) bool {
	for i := range done {
		if t.Dirs != 0 && t.Dirs&(1<<i) == 0 {
			continue
		}
		if t.Progress[i] < done[i] {
			return false
		}
	}
	return true
}
