package detect

import (
	"cmp"
	"slices"

	"weir/decode/field"
	"weir/decode/proto"
)

// tx inspects one transaction in the direction of the packet.
func (w *Worker) tx(tx proto.Transaction) {
	t := tx.Base()
	in := w.in
	dir := in.Packet.Dir
	d := dir.Index()
	if t.Inspected[d] || t.Dirs != 0 && t.Dirs&dir == 0 {
		return
	}
	if !t.Moved[d] && !in.Last && len(w.txFirst) == 0 {
		return
	}
	g := &w.e.app[in.Proto.ID][d]
	st := w.txState(t, d)
	for w.pass = range maxWindows {
		t.Moved[d] = false
		w.txPass(g, st, tx, dir)
		if !t.Moved[d] {
			break // no body has a further window
		}
	}
	if t.Progress[d] >= in.Proto.Done[d] || in.Last {
		t.Inspected[d] = true
	}
}

// txPass runs the rules over what a transaction shows now.
func (w *Worker) txPass(g *appGroup, st *txState, tx proto.Transaction, dir field.Dir) {
	t, in, d := tx.Base(), w.in, dir.Index()
	if w.e.files.Store {
		w.keepFiles(t, st, dir)
	}
	w.bufs, w.used = w.bufs[:0], 0
	progress := t.Progress[d]

	w.newGeneration()
	for i, b := range g.buffers {
		if b.set == nil || b.def.State[d] > progress && !in.Last {
			continue
		}
		again := b.def.Kind == field.KindBody || b.def.Growing
		if !again && i < 64 && st.scanned&(1<<i) != 0 {
			continue
		}
		if i < 64 {
			st.scanned |= 1 << i
		}
		w.scanBuffer(b, tx, dir)
	}
	if !st.plain {
		st.plain = true
		for _, s := range g.plain {
			w.add(s.order)
		}
	}
	for _, s := range w.txFirst {
		w.add(s.order)
	}
	if w.ex != nil && w.ex.s.hasTx && w.ex.s.dir&dir != 0 {
		w.add(w.ex.s.order) // it may lack no more than its fast pattern
	}
	w.await(t, st, d)
	w.txNow = t
	if w.ex != nil {
		w.ex.tx(w, st, tx, dir)
	}
	for i := range st.pending {
		if p := &st.pending[i]; !p.off {
			w.tryTx(p, tx, dir, progress)
		}
	}
	w.txNow = nil
	for _, def := range g.bodies {
		if def.Inspected != nil && def.State[d] <= progress {
			def.Inspected(tx, dir)
		}
	}
}

// txState returns what is remembered of a transaction, made at first use.
func (w *Worker) txState(t *proto.Tx, d int) *txState {
	st := w.stateOf(t, d)
	if st != nil {
		return st
	}
	if n := len(w.freeTx); n > 0 {
		st, w.freeTx = w.freeTx[n-1], w.freeTx[:n-1]
	} else {
		st = &txState{gen: w.e.gen}
	}
	t.Detect[d] = st
	return st
}

// scanBuffer looks for fast patterns in a buffer.
func (w *Worker) scanBuffer(b *bufferSet, tx proto.Transaction, dir field.Dir) {
	for i := 0; ; i++ {
		c, more := w.buffer(b.def, b.transforms, b.key, tx, dir, i)
		if c.b != nil {
			for _, id := range b.set.ScanFrom(c.b, c.seen, c.base, c.end, &w.scan) {
				w.add(int(b.sigs[id]))
			}
		}
		if !more {
			return
		}
	}
}

// buffer returns value i of a field after transforms; more says that there may
// be another.
func (w *Worker) buffer(def *field.Def, ts []transform, key string, tx proto.Transaction, dir field.Dir, i int) (c cached, more bool) {
	for k := range w.bufs {
		if b := &w.bufs[k]; b.def == def && b.i == i && b.key == key {
			return *b, def.Kind == field.KindMulti && b.b != nil
		}
	}
	c = cached{def: def, key: key, i: i, end: true}
	switch def.Kind {
	case field.KindBytes:
		c.b = def.Bytes(tx, dir)
	case field.KindMulti:
		b, ok := def.Multi(tx, dir, i)
		if ok && b == nil {
			b = []byte{}
		}
		if ok {
			c.b = b
		}
	case field.KindBody:
		win := def.Body(tx, dir, w.in.Last)
		c.b, c.base, c.end, c.seen = win.Data, win.Offset, win.End, win.Seen
	}
	if c.b != nil {
		for _, t := range ts {
			if w.used == len(w.spare) {
				w.spare = append(w.spare, nil)
			}
			w.spare[w.used] = t.apply(w.spare[w.used][:0], c.b)
			c.b, c.seen = w.spare[w.used], 0
			w.used++
		}
	}
	w.bufs = append(w.bufs, c)
	return c, def.Kind == field.KindMulti && c.b != nil
}

// await puts the rules found among those pending.
func (w *Worker) await(t *proto.Tx, st *txState, d int) {
	n := len(st.pending)
	for _, i := range w.cand {
		s := w.e.sigs[i]
		if waiting(st.pending[:n], i) || !s.between(w.in.Packet) && w.ex == nil {
			continue
		}
		st.pending = append(st.pending, pending{sig: i})
		if s.wholeTx {
			// The other direction may be what it waits for.
			if o := w.txState(t, 1-d); !waiting(o.pending, i) {
				o.pending = append(o.pending, pending{sig: i})
			}
		}
	}
	if len(st.pending) > n {
		slices.SortFunc(st.pending, func(a, b pending) int { return cmp.Compare(a.sig, b.sig) })
	}
}

// txRule checks a rule on a transaction: the units that have not fitted yet.
func (w *Worker) txRule(pd *pending, tx proto.Transaction, dir field.Dir, progress uint8) {
	s := w.e.sigs[pd.sig]
	p, f := w.in.Packet, w.in.Flow
	if !slices.Contains(s.app, w.in.Proto) || !w.header(s, p, f) || s.hook.set && (progress < s.hook.state || w.pass > 0 && len(s.units) == 0) {
		return
	}
	if s.writesSets && !w.conditions(s, p, f) {
		return
	}
	w.match.captured = w.match.captured[:0]
	d := dir.Index()
	all := true
	for i := range s.units {
		if i < 64 && pd.done&(1<<i) != 0 {
			continue
		}
		u := &s.units[i]
		ok := false
		if u.payload || u.header != nil || u.each != nil {
			ok = w.payloadUnit(s, u, p, f)
		} else if def := u.of(w.in.Proto); def != nil {
			d, dir := d, s.side(def, dir)
			progress := progress
			if s.wholeTx {
				d = dir.Index()
				progress = tx.Base().Progress[d]
			}
			if def.State[d] > progress && !w.in.Last {
				all = false
				if s.writesSets {
					break // what comes behind waits for it
				}
				continue
			}
			ok = w.unit(u, def, tx, dir)
			if !ok && def.Kind != field.KindBody && !def.Growing && u.test == nil && def.State[d] <= progress {
				pd.off = true // it will not change any more
				return
			}
		}
		if !ok {
			all = false
			break
		}
		if i < 64 {
			pd.done |= 1 << i
		}
	}
	if !all || !w.conditions(s, p, f) {
		return
	}
	// A hook's rule counts each time that the transaction moves in its state.
	if pd.off = !s.hook.set || progress != s.hook.state || progress >= w.in.Proto.Done[d]; !pd.off {
		pd.done = 0
	}
	if s.wholeTx {
		other := w.txState(tx.Base(), 1-d)
		for i := range other.pending {
			if other.pending[i].sig == pd.sig {
				other.pending[i].off = true
			}
		}
	}
	w.fire(s, tx)
}

// side returns the direction in which a field is looked at: for rules about both
// that of the field, else that of the packet.
func (s *signature) side(def *field.Def, dir field.Dir) field.Dir {
	if s.wholeTx && def.Dir != field.Both {
		return def.Dir
	}
	return dir
}

// unit checks one buffer or field of a transaction.
func (w *Worker) unit(u *unit, def *field.Def, tx proto.Transaction, dir field.Dir) bool {
	if def.Dir&dir == 0 {
		return false
	}
	if u.test != nil {
		test := u.test
		if def != u.def {
			test = u.others[def]
		}
		return test(tx, dir)
	}
	w.match.little = w.in.Proto.Little != nil && w.in.Proto.Little(tx, dir)
	key := transformKey(u.transforms)
	for i := 0; ; i++ {
		c, more := w.buffer(def, u.transforms, key, tx, dir, i)
		if c.b == nil {
			return i == 0 && u.absent != absentNo
		}
		if u.absent == absentOnly {
			return false
		}
		if w.fits(u, c.b, c.base, c.end) {
			return true
		}
		if !more {
			return false
		}
	}
}
