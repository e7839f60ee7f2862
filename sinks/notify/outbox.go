package notify

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Pauses between tries of a message, and how long one try may take.
const (
	retryMin = time.Second
	retryMax = 10 * time.Minute
	sendMax  = 30 * time.Second

	budgetPeriod = time.Hour
	// listed bounds the titles in a summary.
	listed = 20
)

// box sends the messages of one receiver, one at a time and the oldest first.
type box struct {
	n    *Notifier
	r    *Receiver
	more chan struct{}
}

func (b *box) wake() {
	select {
	case b.more <- struct{}{}:
	default:
	}
}

func (b *box) run(ctx context.Context) {
	for {
		wait, err := b.next(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			b.n.o.Log("notify %s: %v", b.r.Name, err)
		}
		if wait == 0 {
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-b.more:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// letter is a message in the outbox.
type letter struct {
	id       int64
	attempts int
	body     string
}

// next sends one message if it may, and returns how long to wait for the next.
func (b *box) next(ctx context.Context) (time.Duration, error) {
	now := b.n.o.Now()
	l, wait, err := b.oldest(ctx, now)
	if err != nil || l == nil {
		return max(wait, retryMin), err
	}
	if b.r.Budget > 0 {
		if wait, err := b.overBudget(ctx, now); wait > 0 || err != nil {
			return max(wait, retryMin), err
		}
		if l, err = b.summed(ctx, l, now); err != nil {
			return retryMin, err
		}
	}
	var m Message
	if err := json.Unmarshal([]byte(l.body), &m); err != nil {
		return 0, errors.Join(err, b.done(ctx, l, now))
	}
	b.r.render(&m)
	sending, cancel := context.WithTimeout(ctx, sendMax)
	defer cancel()
	if err := b.r.Sender.Send(sending, &m); err != nil {
		if ctx.Err() != nil {
			return 0, err
		}
		pause := min(retryMin<<min(l.attempts, 12), retryMax)
		pause = pause/2 + rand.N(pause)
		// What is behind it waits too: the far end is down, and order is kept.
		_, e := b.n.db.ExecContext(ctx, "UPDATE outbox SET attempts = attempts + 1, due = ? WHERE id = ?", now.Add(pause).UnixMilli(), l.id)
		return pause, errors.Join(fmt.Errorf("try %d: %w", l.attempts+1, err), e)
	}
	return 0, b.done(ctx, l, now)
}

// oldest returns the message whose turn it is, or how long that is away.
func (b *box) oldest(ctx context.Context, now time.Time) (*letter, time.Duration, error) {
	var l letter
	var due int64
	err := b.n.db.QueryRowContext(ctx, "SELECT id, due, attempts, body FROM outbox WHERE receiver = ? ORDER BY id LIMIT 1", b.r.Name).
		Scan(&l.id, &due, &l.attempts, &l.body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Minute, nil
	}
	if err != nil {
		return nil, 0, err
	}
	if wait := time.UnixMilli(due).Sub(now); wait > 0 {
		return nil, wait, nil
	}
	return &l, 0, nil
}

// done takes a message out and counts it against the budget.
func (b *box) done(ctx context.Context, l *letter, now time.Time) error {
	tx, err := b.n.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, q := range []struct {
		text string
		args []any
	}{
		{"DELETE FROM outbox WHERE id = ?", []any{l.id}},
		{"DELETE FROM sent WHERE receiver = ? AND time < ?", []any{b.r.Name, now.Add(-budgetPeriod).UnixMilli()}},
		{"INSERT INTO sent VALUES (?,?)", []any{b.r.Name, now.UnixMilli()}},
	} {
		if _, err := tx.ExecContext(ctx, q.text, q.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// overBudget returns how long no message may be sent.
func (b *box) overBudget(ctx context.Context, now time.Time) (time.Duration, error) {
	// The Budget-th newest has to leave the period first.
	var at int64
	err := b.n.db.QueryRowContext(ctx, "SELECT time FROM sent WHERE receiver = ? AND time > ? ORDER BY time DESC LIMIT 1 OFFSET ?",
		b.r.Name, now.Add(-budgetPeriod).UnixMilli(), b.r.Budget-1).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return time.UnixMilli(at).Add(budgetPeriod).Sub(now), err
}

// summed makes one message of all that wait when the budget has just one left for
// them.
func (b *box) summed(ctx context.Context, l *letter, now time.Time) (*letter, error) {
	var used, waiting int
	err := b.n.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM sent WHERE receiver = ?1 AND time > ?2), (SELECT count(*) FROM outbox WHERE receiver = ?1)`,
		b.r.Name, now.Add(-budgetPeriod).UnixMilli()).Scan(&used, &waiting)
	if err != nil || waiting < 2 || used+1 < b.r.Budget || l.attempts > 0 {
		return l, err
	}
	tx, err := b.n.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	rows, err := tx.QueryContext(ctx, "SELECT id, body FROM outbox WHERE receiver = ? ORDER BY id", b.r.Name)
	if err != nil {
		return nil, err
	}
	sum := Message{State: Summary}
	var titles []string
	for rows.Next() {
		var id int64
		var body string
		if err := rows.Scan(&id, &body); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		var m Message
		if json.Unmarshal([]byte(body), &m) != nil {
			continue
		}
		sum.add(&m)
		if len(titles) < listed {
			titles = append(titles, m.Title)
		}
		l.id = id // the summary takes the place of the last
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	sum.ID = fmt.Sprintf("summary-%s-%d", b.r.Name, l.id)
	sum.Title = fmt.Sprintf("%d more: %s", sum.Count, strings.Join(titles, "; "))
	if n := sum.Count - len(titles); n > 0 {
		sum.Title += fmt.Sprintf("; and %d others", n)
	}
	body, err := json.Marshal(&sum)
	if err != nil {
		return nil, err
	}
	l.body = string(body)
	if _, err := tx.ExecContext(ctx, "DELETE FROM outbox WHERE receiver = ? AND id < ?", b.r.Name, l.id); err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE outbox SET body = ? WHERE id = ?", l.body, l.id); err != nil {
		return nil, err
	}
	return l, tx.Commit()
}

// add counts a message in a summary.
func (m *Message) add(other *Message) {
	if other.State == Summary {
		m.Count += other.Count
	} else {
		m.Count++
	}
	if m.First.IsZero() || other.First.Before(m.First) {
		m.First = other.First
	}
	if other.Last.After(m.Last) {
		m.Last = other.Last
	}
	if other.Severity != 0 && (m.Severity == 0 || other.Severity < m.Severity) {
		m.Severity = other.Severity
	}
}
