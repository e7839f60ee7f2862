package mpm

// The order of the parts of a set in its stored form, writer and reader side by
// side.

func (w *writer) set(s *Set) {
	w.int(int(s.kind))
	w.int(int(s.cpu))
	w.int(s.npats)
	putSlice(w, s.ids)
	putSlice(w, s.lits)
	putSlice(w, s.cons)
	putSlice(w, s.arena)
	putSlice(w, s.singles)
	w.int(len(s.parts))
	for i := range s.parts {
		w.part(&s.parts[i])
	}
}

func (r *reader) set() *Set {
	s := &Set{kind: Kind(r.int()), cpu: CPU(r.int()), npats: r.int()}
	s.ids = getSlice[uint32](r)
	s.lits = getSlice[literal](r)
	s.cons = getSlice[constraint](r)
	s.arena = getSlice[byte](r)
	s.singles = getSlice[int32](r)
	n := r.int()
	if n > len(headLimits)+1 {
		r.fail("%d parts", n)
	}
	for i := 0; i < n && r.err == nil; i++ {
		s.parts = append(s.parts, r.part())
	}
	return s
}

func (w *writer) part(p *part) {
	w.int(int(p.limit))
	putSlice(w, p.fewLits)
	for _, f := range p.few {
		w.int(f.keys.at)
		w.int(f.keys.at2)
	}
	w.dfa(p.dfa)
	w.anchored(p.starts)
	w.anchored(p.ends)
	w.strided(p.strided)
	w.strided(p.dense)
	w.buckets(p.buckets)
	w.dfa(p.overflow)
}

// part leaves the pattern of each few to validate.
func (r *reader) part() part {
	p := part{limit: uint32(r.int())}
	p.fewLits = getSlice[uint32](r)
	for range p.fewLits {
		p.few = append(p.few, &Finder{keys: findKeys{at: r.int(), at2: r.int()}})
	}
	p.dfa = r.dfa()
	p.starts = r.anchored()
	p.ends = r.anchored()
	p.strided = r.strided()
	p.dense = r.strided()
	p.buckets = r.buckets()
	p.overflow = r.dfa()
	return p
}

func (w *writer) dfa(d *dfa) {
	w.bool(d != nil)
	if d == nil {
		return
	}
	putSlice(w, d.classes[:])
	w.int(int(d.row))
	w.int(d.win)
	putSlice(w, d.tab)
	putSlice(w, d.entries)
}

func (r *reader) dfa() *dfa {
	if !r.bool() {
		return nil
	}
	d := &dfa{}
	copy(d.classes[:], getSlice[uint8](r))
	d.row = uint32(r.int())
	d.win = r.int()
	d.tab = getSlice[uint32](r)
	d.entries = getSlice[entry](r)
	return d
}

func (w *writer) anchored(t *anchored) {
	w.bool(t != nil)
	if t == nil {
		return
	}
	putSlice(w, t.places)
	putSlice(w, t.filter)
	w.int(int(t.shift))
	w.windows(&t.tab)
}

func (r *reader) anchored() *anchored {
	if !r.bool() {
		return nil
	}
	t := &anchored{places: getSlice[place](r)}
	t.filter = getSlice[uint64](r)
	t.shift = uint32(r.int())
	if tab := r.windows(); tab != nil {
		t.tab = *tab
	}
	return t
}

func (w *writer) windows(t *windows) {
	w.bool(t != nil)
	if t == nil {
		return
	}
	w.int(t.w)
	w.int(int(t.shift))
	putSlice(w, t.slots)
	putSlice(w, t.entries)
}

func (r *reader) windows() *windows {
	if !r.bool() {
		return nil
	}
	t := newWindows(r.int())
	t.shift = uint32(r.int())
	t.slots = getSlice[slot](r)
	t.entries = getSlice[entry](r)
	return t
}

func (w *writer) strided(t *strided) {
	w.bool(t != nil)
	if t == nil {
		return
	}
	w.int(t.step)
	w.int(int(t.shift))
	putSlice(w, t.filter)
	w.windows(t.windows)
}

func (r *reader) strided() *strided {
	if !r.bool() {
		return nil
	}
	t := &strided{step: r.int(), shift: uint32(r.int())}
	t.filter = getSlice[uint32](r)
	t.windows = r.windows()
	return t
}

func (w *writer) buckets(t *buckets) {
	w.bool(t != nil)
	if t == nil {
		return
	}
	w.int(t.groups)
	w.windows(t.four)
	w.windows(t.two)
	putSlice(w, t.six[:])
	putSlice(w, t.half[:])
}

func (r *reader) buckets() *buckets {
	if !r.bool() {
		return nil
	}
	t := &buckets{groups: r.int(), four: r.windows(), two: r.windows()}
	copy(t.six[:], getSlice[[64]byte](r))
	copy(t.half[:], getSlice[[16]byte](r))
	return t
}
