package detect

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"weir/decode/field"
	"weir/decode/proto"
)

// cost is what checking one rule has taken.
type cost struct {
	checks, matches, givenUp uint64
	ticks, most, matched     time.Duration // of all checks, of one, of those that fitted
}

func (c *cost) add(d time.Duration, fits bool) {
	c.checks++
	c.ticks += d
	c.most = max(c.most, d)
	if fits {
		c.matches++
		c.matched += d
	}
}

// Profile makes the worker count what each rule costs; before it inspects.
func (w *Worker) Profile() { w.costs = make([]cost, len(w.e.sigs)) }

// RuleCost is what a rule has cost in a run. Ticks are nanoseconds.
type RuleCost struct {
	SID         uint32   `json:"signature_id"`
	GID         uint32   `json:"gid"`
	Rev         uint32   `json:"rev"`
	Msg         string   `json:"signature"`
	Checks      uint64   `json:"checks"`
	Matches     uint64   `json:"matches"`
	Ticks       uint64   `json:"ticks_total"`
	Max         uint64   `json:"ticks_max"`
	Avg         uint64   `json:"ticks_avg"`
	AvgMatch    uint64   `json:"ticks_avg_match"`
	AvgNoMatch  uint64   `json:"ticks_avg_nomatch"`
	Percent     float64  `json:"percent"` // of the time of all rules
	GivenUp     uint64   `json:"given_up"`
	FastPattern string   `json:"fast_pattern,omitempty"`
	Why         []string `json:"why,omitempty"` // what makes the rule dear
}

// Costs are the costs of the rules in one run or several.
type Costs struct {
	e   *Engine
	all []cost
}

// NewCosts returns costs to which those of workers are added.
func (e *Engine) NewCosts() *Costs { return &Costs{e, make([]cost, len(e.sigs))} }

// Add adds what a worker has counted.
func (c *Costs) Add(w *Worker) {
	for i := range w.costs {
		a, b := &c.all[i], &w.costs[i]
		a.checks, a.matches, a.givenUp = a.checks+b.checks, a.matches+b.matches, a.givenUp+b.givenUp
		a.ticks, a.matched, a.most = a.ticks+b.ticks, a.matched+b.matched, max(a.most, b.most)
	}
}

// Rules returns the rules that were checked, the dearest first.
func (c *Costs) Rules() []RuleCost {
	var all []RuleCost
	total := time.Duration(0)
	for i := range c.all {
		total += c.all[i].ticks
	}
	for i := range c.all {
		x, s := &c.all[i], c.e.sigs[i]
		if x.checks == 0 {
			continue
		}
		r := RuleCost{
			SID: s.sid, GID: s.gid, Rev: s.rev, Msg: s.msg, Checks: x.checks, Matches: x.matches, GivenUp: x.givenUp,
			Ticks: uint64(x.ticks), Max: uint64(x.most), Avg: uint64(x.ticks) / x.checks,
			AvgMatch: uint64(x.matched) / max(x.matches, 1), AvgNoMatch: uint64(x.ticks-x.matched) / max(x.checks-x.matches, 1),
			Percent: 100 * float64(x.ticks) / float64(max(total, 1)), Why: x.why(s),
		}
		if s.fast != nil {
			r.FastPattern = string(s.fast.pattern)
		}
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b RuleCost) int { return cmp.Compare(b.Ticks, a.Ticks) })
	return all
}

// seldom: of so many checks not one has fitted.
const seldom = 1000

// why says what makes a rule dear.
func (c *cost) why(s *signature) (why []string) {
	switch f := s.fast; {
	case s.eventOnly:
	case f == nil && s.src.Any && s.dst.Any && s.sport.Any && s.dport.Any && !s.hasTx:
		why = append(why, "no fast pattern, any addresses and ports: checked on each packet of its protocol")
	case f == nil:
		why = append(why, "no fast pattern: checked wherever addresses and ports fit")
	case len(f.pattern) < 4:
		why = append(why, fmt.Sprintf("fast pattern of %d bytes", len(f.pattern)))
	}
	for i := range s.units {
		u := &s.units[i]
		for j := range u.match {
			if m := &u.match[j]; m.kind == mPCRE && len(m.re.Required().Bytes) == 0 {
				why = append(why, "pcre without a literal")
				break
			}
		}
		if len(u.match) > 0 && u.match[0].kind == mPCRE {
			why = append(why, "pcre before any content of its buffer")
		}
		if len(u.transforms) > 0 {
			why = append(why, "transforms")
		}
		if u.def != nil && u.def.Kind == field.KindBody {
			why = append(why, "looks at each part of a body: "+u.def.Name)
		}
	}
	if c.givenUp > 0 {
		why = append(why, fmt.Sprintf("given up at a step limit %d times", c.givenUp))
	}
	if s.fast != nil && c.matches == 0 && c.checks >= seldom {
		why = append(why, "its fast pattern is found often, the rest never fits")
	}
	slices.Sort(why)
	return slices.Compact(why)
}

// tryPacket checks a rule that looks at no transaction, if it is in use.
func (w *Worker) tryPacket(s *signature) (fits bool) {
	if w.out != nil && w.out[s.order] {
		return false
	}
	p, f := w.in.Packet, w.in.Flow
	if w.costs == nil {
		fits = w.packetRule(s, p, f)
	} else {
		if w.ex != nil && w.ex.s == s {
			w.ex.see(w, nil, p.Dir, nil)
		}
		start := time.Now()
		fits = w.packetRule(s, p, f)
		w.costs[s.order].add(time.Since(start), fits)
	}
	if w.match.spent {
		w.gaveUp(s)
	}
	return fits
}

// tryTx checks a rule on a transaction, if it is in use, and fires it if it fits.
func (w *Worker) tryTx(pd *pending, tx proto.Transaction, dir field.Dir, progress uint8) {
	if w.out != nil && w.out[pd.sig] {
		return
	}
	if w.costs == nil {
		w.txRule(pd, tx, dir, progress)
	} else {
		if w.ex != nil && w.ex.s.order == int(pd.sig) {
			w.ex.see(w, tx, dir, nil)
		}
		start, before := time.Now(), len(w.alerts)
		w.txRule(pd, tx, dir, progress)
		w.costs[pd.sig].add(time.Since(start), len(w.alerts) > before)
	}
	if w.match.spent {
		w.gaveUp(w.e.sigs[pd.sig])
	}
}
