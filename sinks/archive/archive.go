// Package archive keeps events in compressed files by hour, for good.
//
// An Archive is a consume.Handler. Each batch is one zstd frame behind the part file of
// the hour that its events are of (in UTC), synced before Handle returns. A part that
// nothing has been added to for Options.Idle, or that is large, is finished: read
// again, written as one file of JSON lines (zstd) or Parquet, put in place and listed
// with size and SHA-256 in manifest.jsonl. Parts of a process that was killed are
// finished by the next; what is torn at their end was not acknowledged and comes
// again.
//
//	DIR/2026/01/02/15-k3jq7a.jsonl.zst
//
// NSQ delivers at least once: around a crash an event can be in two files, under the
// same weir.eid.
package archive

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"weir/sinks/consume"
)

// Format is that of finished files.
type Format string

// Formats.
const (
	JSON    Format = "json" // lines, in zstd
	Parquet Format = "parquet"
)

// Options of an archive.
type Options struct {
	Dir    string
	Format Format        // empty is JSON
	Idle   time.Duration // 0 is 10 minutes
	Large  int64         // bytes of a part; 0 is 256 MB
	// Finished is called for each finished file, and once for each of the manifest when
	// the archive is opened. It must not wait.
	Finished func(Entry)
	Log      func(format string, args ...any)
}

const (
	defaultIdle  = 10 * time.Minute
	defaultLarge = 256 << 20
	lookEvery    = time.Second
	partSuffix   = ".part"
)

// Archive implements consume.Handler.
type Archive struct {
	o     Options
	enc   *zstd.Encoder
	end   context.CancelFunc
	ended sync.WaitGroup

	mu    sync.Mutex
	parts map[string]*part // by hour
}

// part is a file that is being added to. It is locked, so that others see that it is
// somebody's.
type part struct {
	f     *os.File
	hour  string
	size  int64
	added time.Time
}

// Open opens the archive in a folder, made if need be, and finishes what a process
// that was killed has left.
func Open(o Options) (*Archive, error) {
	switch o.Format = cmp.Or(o.Format, JSON); o.Format {
	case JSON, Parquet:
	default:
		return nil, fmt.Errorf("archive: format %q: want json or parquet", o.Format)
	}
	o.Idle, o.Large = cmp.Or(o.Idle, defaultIdle), cmp.Or(o.Large, defaultLarge)
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Finished == nil {
		o.Finished = func(Entry) {}
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the archive: %w", err)
	}
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	a := &Archive{o: o, enc: enc, parts: map[string]*part{}}
	all, err := readManifest(o.Dir)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		o.Finished(e)
	}
	if err := a.adopt(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	a.end = cancel
	a.ended.Go(func() { a.run(ctx) })
	return a, nil
}

// adopt finishes parts that are nobody's.
func (a *Archive) adopt() error {
	names, err := filepath.Glob(filepath.Join(a.o.Dir, "*"+partSuffix))
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue // another has just finished it
		}
		if err != nil {
			return err
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			f.Close()
			continue
		}
		hour, _, _ := strings.Cut(filepath.Base(name), "_")
		if err := a.finish(&part{f: f, hour: hour}); err != nil {
			return fmt.Errorf("finish %s: %w", name, err)
		}
	}
	return nil
}

// hourForm names hours in part files.
const hourForm = "2006-01-02-15"

// hourOf returns the hour that an event is of.
func hourOf(body []byte) string {
	var e struct{ Timestamp string }
	_ = json.Unmarshal(body, &e)
	t, err := time.Parse("2006-01-02T15:04:05.999999-0700", e.Timestamp)
	if err != nil {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(hourForm)
}

// Handle implements consume.Handler: the batch is on disk when it returns.
func (a *Archive) Handle(_ context.Context, batch []consume.Event) error {
	lines := map[string]*bytes.Buffer{}
	for i := range batch {
		h := hourOf(batch[i].Body)
		if lines[h] == nil {
			lines[h] = &bytes.Buffer{}
		}
		lines[h].Write(bytes.TrimRight(batch[i].Body, "\n"))
		lines[h].WriteByte('\n')
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for hour, b := range lines {
		if err := a.add(hour, b.Bytes()); err != nil {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

// add appends a frame to the part of an hour. mu is held.
func (a *Archive) add(hour string, lines []byte) error {
	p := a.parts[hour]
	if p == nil {
		name := filepath.Join(a.o.Dir, hour+"_"+strings.ToLower(rand.Text()[:8])+partSuffix)
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return err
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			return errors.Join(err, f.Close())
		}
		p = &part{f: f, hour: hour}
		a.parts[hour] = p
	}
	frame := a.enc.EncodeAll(lines, nil)
	_, err := p.f.WriteAt(frame, p.size)
	if err == nil {
		err = p.f.Sync()
	}
	if err != nil {
		// Nothing of it may stay in front of what comes.
		return errors.Join(err, p.f.Truncate(p.size))
	}
	p.size += int64(len(frame))
	p.added = time.Now()
	return nil
}

// run finishes parts whose time has come.
func (a *Archive) run(ctx context.Context) {
	for tick := time.NewTicker(lookEvery); ; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			tick.Stop()
			return
		}
		if err := a.finishAll(func(p *part) bool { return time.Since(p.added) >= a.o.Idle || p.size >= a.o.Large }); err != nil {
			a.o.Log("archive: %v", err)
		}
	}
}

// finishAll finishes the parts that are due. One that cannot be stays on disk, where
// the next start finds it.
func (a *Archive) finishAll(due func(*part) bool) error {
	a.mu.Lock()
	var all []*part
	for hour, p := range a.parts {
		if due(p) {
			all = append(all, p)
			delete(a.parts, hour)
		}
	}
	a.mu.Unlock()
	var errs []error
	for _, p := range all {
		errs = append(errs, a.finish(p))
	}
	return errors.Join(errs...)
}

// Close finishes all parts.
func (a *Archive) Close() error {
	a.end()
	a.ended.Wait()
	return errors.Join(a.finishAll(func(*part) bool { return true }), a.enc.Close())
}
