package main

import (
	"context"
	"time"

	"weir/cmd/weir/config"
	"weir/sinks/consume"
	"weir/sinks/store"
)

// storeOptions say where events are kept, and for how long.
type storeOptions struct {
	dir                  string // of SQLite, unless one of those below is given
	postgres, clickhouse string // URL
	days                 int    // 0: no limit
	size                 int64  // bytes of SQLite; 0: no limit
	text                 bool   // SQLite has an index of text
}

// storeSettings reads the section store over o.
func storeSettings(cfg *config.Config, o storeOptions) (storeOptions, error) {
	s := cfg.Store
	o.dir = s.String("dir", o.dir)
	o.postgres = s.String("postgres", o.postgres)
	o.clickhouse = s.String("clickhouse", o.clickhouse)
	o.days = int(min(s.Uint("days", uint64(o.days)), 100_000))
	o.size = int64(s.Size("max-size", uint64(o.size)))
	o.text = s.Bool("full-text", o.text)
	if o.postgres != "" && o.clickhouse != "" {
		s.Reject("clickhouse", "one of postgres and clickhouse")
	}
	return o, cfg.Err()
}

// storeLinger is short: while a batch is committed the next one gathers.
const storeLinger = 5 * time.Millisecond

// suit sets what batches the store likes.
func (o *storeOptions) suit(co *consume.Options) {
	co.Linger = storeLinger
	if o.clickhouse != "" {
		co.Batch, co.Linger = store.ClickHouseBatch, store.ClickHouseLinger
	}
}

// open opens the store; days that are too old are removed between batches.
func (o *storeOptions) open(ctx context.Context, warn func(string, ...any)) (closing, error) {
	age := time.Duration(o.days) * 24 * time.Hour
	switch {
	case o.postgres != "":
		p, err := store.OpenPostgres(ctx, o.postgres, age)
		if err != nil {
			return nil, err
		}
		return &retaining{closing: p, retain: p.Retain, warn: warn}, nil
	case o.clickhouse != "":
		c, err := store.OpenClickHouse(ctx, o.clickhouse, age)
		if err != nil {
			return nil, err
		}
		return &retaining{closing: c, retain: c.Retain, warn: warn}, nil
	}
	s, err := store.Open(store.Options{Dir: o.dir, MaxAge: age, MaxBytes: o.size, FullText: o.text})
	if err != nil {
		return nil, err
	}
	return &retaining{closing: s, retain: func(_ context.Context, now time.Time) (int, error) { return s.Retain(now) }, warn: warn}, nil
}

// retainEvery is how often old days are looked for.
const retainEvery = 10 * time.Minute

// retaining is a store that removes old days between batches.
type retaining struct {
	closing
	retain func(ctx context.Context, now time.Time) (int, error)
	warn   func(string, ...any)
	next   time.Time
}

// Handle implements consume.Handler.
func (r *retaining) Handle(ctx context.Context, batch []consume.Event) error {
	if err := r.closing.Handle(ctx, batch); err != nil {
		return err
	}
	if now := time.Now(); now.After(r.next) {
		r.next = now.Add(retainEvery)
		if _, err := r.retain(ctx, now); err != nil {
			r.warn("%v", err) // the events are kept
		}
	}
	return nil
}
