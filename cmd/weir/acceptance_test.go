package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"weir/bpf/nstest"
	"weir/sinks/consume"
)

// The tests of this file take minutes and give figures: make accept runs them. Each
// needs a variable that says how long.

// acceptFor returns the length of a test.
func acceptFor(t *testing.T, variable string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(os.Getenv(variable))
	if err != nil || d <= 0 {
		t.Skipf("takes minutes: say how long with %s, such as 1m", variable)
	}
	return d
}

// TestAcceptLatency: from a packet on the wire to a row in the store that others see,
// at 1,000 alerts a second, all in one process.
func TestAcceptLatency(t *testing.T) {
	d := acceptFor(t, "WEIR_LATENCY")
	if !nstest.Enter(t) {
		return
	}
	l := newLoadLink(t)
	s := startSensor(t, binWeir(t))
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	go l.run(ctx, t, 1000)
	var ages []time.Duration
	var db *sql.DB
	last := int64(0)
	for ; ctx.Err() == nil; time.Sleep(2 * time.Millisecond) {
		if db == nil {
			files, _ := filepath.Glob(filepath.Join(s.dir, "store", "events-*.db"))
			if len(files) == 0 {
				continue
			}
			var err error
			if db, err = sql.Open("sqlite", "file:"+files[0]+"?mode=ro&_pragma=busy_timeout(10000)"); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
		}
		rows, err := db.Query("SELECT seq, time FROM events WHERE sid = 1 AND seq > ? AND topic = 'weir.alert' AND time > ?", last, time.Now().Add(-3*time.Second).UnixMicro())
		if err != nil {
			continue // it is just being made
		}
		now := time.Now()
		for rows.Next() {
			var seq, us int64
			if err := rows.Scan(&seq, &us); err != nil {
				t.Fatal(err)
			}
			ages = append(ages, now.Sub(time.UnixMicro(us)))
			last = max(last, seq)
		}
		rows.Close()
	}
	st := s.await(t, "all stored", time.Minute, func(st *loadStats) bool { return st.Delivery.Store.Handled >= l.sent.Load() })
	slices.Sort(ages)
	if len(ages) == 0 {
		t.Fatal("no row was seen")
	}
	p50, p99 := ages[len(ages)/2], ages[len(ages)*99/100]
	t.Logf("FIGURE wire to row: %d packets, %d rows timed: p50 %v, p99 %v, most %v; by the store's own count p50 %d ms, p99 %d ms; %d lost, %d dropped by the kernel",
		l.sent.Load(), len(ages), p50.Round(time.Millisecond), p99.Round(time.Millisecond), ages[len(ages)-1].Round(time.Millisecond),
		st.Delivery.Store.P50, st.Delivery.Store.P99, st.lost(), st.Capture.Drops)
	if p50 > 50*time.Millisecond || p99 > 250*time.Millisecond {
		t.Errorf("want p50 at most 50 ms, p99 at most 250 ms")
	}
}

// TestAcceptMemory: what brokers and store in the process cost beside the sensor.
func TestAcceptMemory(t *testing.T) {
	d := acceptFor(t, "WEIR_MEMORY")
	if !nstest.Enter(t) {
		return
	}
	l := newLoadLink(t)
	weir := binWeir(t)
	var most, whole [2]int64
	for i, mode := range []string{"off", "embedded"} {
		s := startSensor(t, weir, "--set", "nsq.mode="+mode)
		ctx, stop := context.WithTimeout(t.Context(), d)
		go l.run(ctx, t, 1000)
		for ctx.Err() == nil {
			own, all := s.resident(t)
			most[i], whole[i] = max(most[i], own), max(whole[i], all)
			time.Sleep(50 * time.Millisecond)
		}
		stop()
		s.Process.Signal(os.Interrupt)
		s.Wait()
	}
	t.Logf("FIGURE memory at 1,000 alerts/s, most: %.1f MB alone, %.1f MB with all embedded: %.1f MB more; with rings and files %.1f and %.1f MB: %.1f MB more",
		float64(most[0])/1e6, float64(most[1])/1e6, float64(most[1]-most[0])/1e6, float64(whole[0])/1e6, float64(whole[1])/1e6, float64(whole[1]-whole[0])/1e6)
	if most[1]-most[0] > 60e6 || whole[1]-whole[0] > 60e6 {
		t.Error("want at most 60 MB more")
	}
}

// startNSQ starts weir nsq and returns it when it takes clients.
func startNSQ(t *testing.T, weir, dir string) *exec.Cmd {
	t.Helper()
	b := exec.Command(weir, "nsq", "--no-lookupd", "--no-admin", "--data-path", dir)
	b.Stderr = os.Stderr
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if resp, err := http.Get("http://127.0.0.1:4151/ping"); err == nil {
			resp.Body.Close()
			return b
		}
		if time.Now().After(end) {
			t.Fatal("the broker does not answer")
		}
	}
}

// TestAcceptOutage: the broker is away for long at 2,000 events a second. Nothing is
// lost, packets cost the same, and what has piled up goes at ten times the rate that
// it came with.
func TestAcceptOutage(t *testing.T) {
	const rate = 2000
	away := acceptFor(t, "WEIR_OUTAGE")
	if !nstest.Enter(t) {
		return
	}
	l := newLoadLink(t)
	weir, data := binWeir(t), t.TempDir()
	b := startNSQ(t, weir, data)
	kill := func() {
		b.Process.Kill()
		b.Wait()
	}
	defer func() { kill() }()
	s := startSensor(t, weir, "--nsqd", defaultBroker, "--set", "outputs.0.eve-log.enabled=no")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var sending sync.WaitGroup
	sending.Go(func() { l.run(ctx, t, rate) })
	time.Sleep(2 * time.Second)

	// Alternating, what a packet costs.
	const turns, turn = 5, 12 * time.Second
	var all, workers [2][]float64 // µs a packet: with the broker, without it
	for i := range 2 * turns {
		gone := i % 2
		if gone == 1 {
			b.Process.Signal(os.Interrupt)
			b.Wait()
		} else if i > 0 {
			b = startNSQ(t, weir, data)
			s.await(t, "the spool is empty", time.Minute, func(st *loadStats) bool { return st.Delivery.Lag < 100_000 })
		}
		time.Sleep(time.Second)
		n := s.stats(t).Decoder.Pkts
		a, w := s.processor(t)
		time.Sleep(turn)
		m := s.stats(t).Decoder.Pkts
		a2, w2 := s.processor(t)
		all[gone] = append(all[gone], float64((a2-a).Microseconds())/float64(m-n))
		workers[gone] = append(workers[gone], float64((w2-w).Microseconds())/float64(m-n))
	}
	median := func(v []float64) float64 { v = slices.Sorted(slices.Values(v)); return v[len(v)/2] }
	t.Logf("FIGURE processor time a packet, with the broker and without, median of %d turns: workers %.2f and %.2f µs (%+.1f %%), whole process %.2f and %.2f µs (%+.1f %%)",
		turns, median(workers[0]), median(workers[1]), 100*(median(workers[1])/median(workers[0])-1),
		median(all[0]), median(all[1]), 100*(median(all[1])/median(all[0])-1))
	t.Logf("workers %.2f, process %.2f", workers, all)

	// The broker is away already: so it stays.
	time.Sleep(away - turn)
	before := s.stats(t)
	stop()
	sending.Wait()
	b = startNSQ(t, weir, data)
	// The first that comes is counted from: the breaker may keep the broker out for up
	// to 30 s.
	first := s.await(t, "the broker is used again", time.Minute, func(st *loadStats) bool { return st.Delivery.Shipped > before.Delivery.Shipped })
	start := time.Now()
	last := s.await(t, "the spool is empty", 5*time.Minute, func(st *loadStats) bool { return st.Delivery.Lag == 0 })
	took := time.Since(start)
	drained := float64(last.Delivery.Shipped-first.Delivery.Shipped) / took.Seconds()
	t.Logf("FIGURE away %v at %d events/s: %d waited, %.0f MB; drained in %v: %.0f events/s, %.1f times the input; %d lost, %d dropped by the kernel of %d packets",
		away, rate, last.Delivery.Shipped-first.Delivery.Shipped, float64(before.Delivery.Spool.Bytes)/1e6, took.Round(time.Millisecond), drained, drained/rate,
		last.lost(), last.Capture.Drops, l.sent.Load())
	if last.lost() > 0 || drained < 10*rate {
		t.Error("want nothing lost, and ten times the input")
	}
	checkAllThere(t, int(l.sent.Load()-last.Capture.Drops))
}

// checkAllThere counts the different alerts in the broker.
func checkAllThere(t *testing.T, want int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	h := &distinct{seen: map[[16]byte]bool{}, want: want, done: cancel}
	c, err := consume.New(consume.Options{Brokers: []string{defaultBroker}, Channel: "archive", Topics: []string{"alert"}, Batch: 1000, Remember: 1}, h)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(ctx); err != nil {
		t.Fatal(err)
	}
	var st struct {
		Topics []struct {
			Name  string `json:"topic_name"`
			Count uint64 `json:"message_count"`
		}
	}
	if resp, err := http.Get("http://127.0.0.1:4151/stats?format=json"); err == nil {
		_ = json.NewDecoder(resp.Body).Decode(&st)
		resp.Body.Close()
	}
	t.Logf("FIGURE %d packets gave %d different alerts in nsqd (%s)", want, len(h.seen), fmt.Sprint(st.Topics))
	if len(h.seen) != want {
		t.Errorf("want %d", want)
	}
}

// distinct is a consume.Handler that counts different events.
type distinct struct {
	seen map[[16]byte]bool // by the first bytes of the id
	want int
	done func()
}

func (d *distinct) Handle(_ context.Context, batch []consume.Event) error {
	for i := range batch {
		d.seen[[16]byte([]byte(batch[i].EID)[:16])] = true
	}
	if len(d.seen) >= d.want {
		d.done()
	}
	return nil
}
