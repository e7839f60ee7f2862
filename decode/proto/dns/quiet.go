package dns

// maxQuiet bounds the queries whose answers are to be kept out of the records.
const maxQuiet = 64

// quiet are the IDs of queries that a rule has kept out of the records, and that
// have no answer yet: query and answer are transactions of their own.
type quiet struct {
	ids [maxQuiet]uint16
	n   int
}

// note takes a query's transaction that is given back.
func (q *quiet) note(t *Tx) {
	if !t.NoLog || t.Response() {
		return
	}
	if q.n == maxQuiet {
		copy(q.ids[:], q.ids[1:])
		q.n--
	}
	q.ids[q.n] = t.ID
	q.n++
}

// answered reports whether the query with an ID is among those noted, and
// forgets it.
func (q *quiet) answered(id uint16) bool {
	for i, have := range q.ids[:q.n] {
		if have == id {
			copy(q.ids[i:q.n], q.ids[i+1:q.n])
			q.n--
			return true
		}
	}
	return false
}

// silence keeps an answer out of the records if its query is.
func (p *parser) silence(t *Tx) {
	t.NoLog = p.quiet.n > 0 && p.quiet.answered(t.ID)
	for _, o := range p.txs.All() {
		if o := o.(*Tx); o.NoLog && !o.Response() && o.ID == t.ID {
			t.NoLog = true
		}
	}
}
