package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"weir/sinks/consume"
)

// Options of a Notifier.
type Options struct {
	Dir       string // of what is remembered
	Rules     []Rule
	Receivers []Receiver
	Remember  time.Duration // ids of events; 0 is 24 hours
	Payload   int           // bytes of each member with transferred data that messages carry; 0: none
	Log       func(format string, args ...any)
	Now       func() time.Time // nil is time.Now
}

const (
	defaultRemember = 24 * time.Hour
	defaultResolve  = time.Hour
	tickEvery       = time.Second
)

// Notifier implements consume.Handler.
type Notifier struct {
	o     Options
	db    *sql.DB
	rules map[string]*Rule
	boxes []*box
	end   context.CancelFunc
	ended sync.WaitGroup
}

// Open checks the options and starts sending what is left from last time.
func Open(o Options) (*Notifier, error) {
	o.Remember = cmp.Or(o.Remember, defaultRemember)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	n := &Notifier{o: o, rules: map[string]*Rule{}}
	known := map[string]bool{}
	for _, r := range o.Receivers {
		if r.Name == "" || known[r.Name] {
			return nil, fmt.Errorf("notify: receiver %q: want a name that no other has", r.Name)
		}
		known[r.Name] = true
	}
	for i := range o.Rules {
		r := &o.Rules[i]
		if r.Name == "" || n.rules[r.Name] != nil {
			return nil, fmt.Errorf("notify: rule %q: want a name that no other has", r.Name)
		}
		if len(r.Receivers) == 0 {
			return nil, fmt.Errorf("notify: rule %s: no receiver is named", r.Name)
		}
		for _, to := range append(r.Receivers[:len(r.Receivers):len(r.Receivers)], r.EscalateTo...) {
			if !known[to] {
				return nil, fmt.Errorf("notify: rule %s: receiver %q is not described", r.Name, to)
			}
		}
		n.rules[r.Name] = r
	}
	var err error
	if n.db, err = openState(o.Dir); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	n.end = cancel
	for i := range o.Receivers {
		b := &box{n: n, r: &o.Receivers[i], more: make(chan struct{}, 1)}
		n.boxes = append(n.boxes, b)
		n.ended.Go(func() { b.run(ctx) })
	}
	n.ended.Go(func() { n.run(ctx) })
	return n, nil
}

// Close ends sending; what is not sent stays for the next start.
func (n *Notifier) Close() error {
	n.end()
	n.ended.Wait()
	return n.db.Close()
}

// Handle implements consume.Handler.
func (n *Notifier) Handle(ctx context.Context, batch []consume.Event) error {
	err := n.change(ctx, func(tx *sql.Tx) error {
		now := n.o.Now()
		for i := range batch {
			if err := n.take(ctx, tx, &batch[i], now); err != nil {
				return err
			}
		}
		return n.due(ctx, tx, now)
	})
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// change runs f in a transaction and wakes those who send.
func (n *Notifier) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := n.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	for _, b := range n.boxes {
		b.wake()
	}
	return nil
}

// take notes one event in the groups that it belongs to.
func (n *Notifier) take(ctx context.Context, tx *sql.Tx, e *consume.Event, now time.Time) error {
	f := parse(e.Body)
	var rules []*Rule
	for i := range n.o.Rules {
		if r := &n.o.Rules[i]; r.match(&f, now) {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		return nil
	}
	res, err := tx.ExecContext(ctx, "INSERT INTO seen VALUES (?,?) ON CONFLICT DO NOTHING", e.EID, now.UnixMilli())
	if err != nil {
		return err
	}
	if fresh, err := res.RowsAffected(); err != nil || fresh == 0 {
		return err
	}
	for _, r := range rules {
		if err := n.join(ctx, tx, r, &f, e, now); err != nil {
			return err
		}
	}
	return nil
}

// join adds an event to its group of a rule.
func (n *Notifier) join(ctx context.Context, tx *sql.Tx, r *Rule, f *facts, e *consume.Event, now time.Time) error {
	members := r.members(f)
	key := groupKey(r.Name, members)
	g, err := loadGroup(ctx, tx, key)
	if err != nil {
		return err
	}
	if g == nil {
		g = &group{
			Key: key, Rule: r.Name, Members: members, Title: title(f), Signature: f.Alert.Signature,
			First: f.time, Last: f.time, Began: now, Event: shorten(e.Body, n.o.Payload),
		}
	}
	g.Count++
	g.Active = now
	if f.time.Before(g.First) {
		g.First = f.time
	}
	if f.time.After(g.Last) {
		g.Last = f.time
	}
	if s := f.Alert.Severity; s != 0 && (g.Severity == 0 || s < g.Severity) {
		g.Severity = s
	}
	return g.save(ctx, tx, g.next(r))
}

func groupKey(rule string, members []Member) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", rule)
	for _, m := range members {
		fmt.Fprintf(h, "%q%q", m.Name, m.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func title(f *facts) string {
	t := f.Alert.Signature
	if t == "" {
		t = f.Type
	}
	if f.Src != "" {
		t += ": " + f.Src + " -> " + f.Dst
	}
	return Line(t)
}

// next returns when a group needs to be looked at again.
func (g *group) next(r *Rule) time.Time {
	if g.Told.IsZero() {
		return g.Began.Add(r.Wait)
	}
	at := g.Active.Add(cmp.Or(r.ResolveAfter, defaultResolve))
	earlier := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	if r.Repeat > 0 && g.Count > g.ToldCount {
		earlier(g.Told.Add(r.Repeat))
	}
	if e := g.Began.Add(r.EscalateAfter); r.EscalateAfter > 0 && !g.Escalated && !g.Active.Before(e) {
		earlier(e)
	}
	return at
}

// due tells of the groups whose time has come.
func (n *Notifier) due(ctx context.Context, tx *sql.Tx, now time.Time) error {
	rows, err := tx.QueryContext(ctx, "SELECT key FROM groups WHERE due <= ? ORDER BY due", now.UnixMilli())
	if err != nil {
		return err
	}
	var keys []string
	for rows.Next() {
		var k string
		if err := rows.Scan(&k); err != nil {
			return errors.Join(err, rows.Close())
		}
		keys = append(keys, k)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, k := range keys {
		g, err := loadGroup(ctx, tx, k)
		if err != nil {
			return err
		}
		if err := n.advance(ctx, tx, g, now); err != nil {
			return err
		}
	}
	return nil
}

// advance takes a group to its next state.
func (n *Notifier) advance(ctx context.Context, tx *sql.Tx, g *group, now time.Time) error {
	r := n.rules[g.Rule]
	if r == nil { // the rule is gone from the configuration
		_, err := tx.ExecContext(ctx, "DELETE FROM groups WHERE key = ?", g.Key)
		return err
	}
	tell := func(s State, to []string) error {
		g.Told, g.ToldCount = now, g.Count
		return post(ctx, tx, to, g.message(s), now)
	}
	var err error
	switch {
	case g.Told.IsZero():
		err = tell(Firing, r.Receivers)
	case r.EscalateAfter > 0 && !g.Escalated && g.Active.Sub(g.Began) >= r.EscalateAfter:
		g.Escalated = true
		err = tell(Escalated, r.EscalateTo)
	case now.Sub(g.Active) >= cmp.Or(r.ResolveAfter, defaultResolve):
		if r.Resolved {
			to := r.Receivers
			if g.Escalated {
				to = append(to[:len(to):len(to)], r.EscalateTo...)
			}
			err = tell(Resolved, to)
		}
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM groups WHERE key = ?", g.Key)
		}
		return err
	case r.Repeat > 0 && g.Count > g.ToldCount && now.Sub(g.Told) >= r.Repeat:
		err = tell(Repeated, r.Receivers)
	}
	if err != nil {
		return err
	}
	return g.save(ctx, tx, g.next(r))
}

// message makes one of a group. Its id says group, begin and state.
func (g *group) message(s State) *Message {
	return &Message{
		ID: fmt.Sprintf("%s-%x-%s-%d", g.Key[:16], g.Began.UnixMilli(), s, g.Count), State: s, Rule: g.Rule, Title: g.heading(s), Severity: g.Severity,
		Count: g.Count, First: g.First, Last: g.Last, Group: g.Members, Signature: g.Signature, Event: g.Event,
	}
}

func (g *group) heading(s State) string {
	var b strings.Builder
	if s != Firing {
		fmt.Fprintf(&b, "[%s] ", s)
	}
	b.WriteString(g.Title)
	if g.Count > 1 {
		fmt.Fprintf(&b, " (%d times)", g.Count)
	}
	return b.String()
}

// run looks after groups and what is remembered, also when nothing comes.
func (n *Notifier) run(ctx context.Context) {
	for tick := time.NewTicker(tickEvery); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
		err := n.change(ctx, func(tx *sql.Tx) error {
			now := n.o.Now()
			if _, err := tx.ExecContext(ctx, "DELETE FROM seen WHERE time < ?", now.Add(-n.o.Remember).UnixMilli()); err != nil {
				return err
			}
			return n.due(ctx, tx, now)
		})
		if err != nil && ctx.Err() == nil {
			n.o.Log("notify: %v", err)
		}
	}
}
