package nsq

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/decode/event"
	"weir/sinks/identity"
)

// startBroker starts a real nsqd on loopback.
func startBroker(t *testing.T, dir, addr string, lookupd bool) *Broker {
	t.Helper()
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	b, err := StartBroker(BrokerOptions{
		Dir: dir, TCP: addr, HTTP: "127.0.0.1:0", Lookup: lookupd, LookupTCP: "127.0.0.1:0", LookupHTTP: "127.0.0.1:0",
		Admin: lookupd, AdminHTTP: "127.0.0.1:0", Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// inbox collects the messages of a channel.
type inbox struct {
	mu   sync.Mutex
	got  map[string]identity.Weir // by eid
	n    int
	c    *gonsq.Consumer
	more chan struct{}
}

func subscribe(t *testing.T, addr, topic string) *inbox {
	t.Helper()
	c, err := gonsq.NewConsumer(topic, "store", gonsq.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	in := &inbox{got: map[string]identity.Weir{}, c: c, more: make(chan struct{}, 1)}
	c.SetLogger(Logger(nil), gonsq.LogLevelError)
	c.ChangeMaxInFlight(100)
	c.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error {
		w, err := identity.Of(m.Body)
		if err != nil {
			t.Errorf("%.200s: %v", m.Body, err)
		}
		in.mu.Lock()
		in.got[w.EID] = w
		in.n++
		in.mu.Unlock()
		select {
		case in.more <- struct{}{}:
		default:
		}
		return nil
	}))
	if err := c.ConnectToNSQD(addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Stop(); <-c.StopChan })
	return in
}

// wait returns when n different events have come.
func (in *inbox) wait(t *testing.T, n int) {
	t.Helper()
	for end := time.After(20 * time.Second); ; {
		in.mu.Lock()
		got := len(in.got)
		in.mu.Unlock()
		if got >= n {
			return
		}
		select {
		case <-in.more:
		case <-end:
			t.Fatalf("%d events came, want %d", got, n)
		}
	}
}

// record puts n events of a type in, and closes the recorder.
func record(d *Delivery, typ string, from, n int) {
	r := d.Recorder()
	for i := from; i < from+n; i++ {
		r.Record(&event.Event{Type: typ, Time: int64(i)}, fmt.Appendf(nil, `{"event_type":%q,"n":%d}`+"\n", typ, i))
	}
	r.Close()
}

func start(t *testing.T, o Options) *Delivery {
	t.Helper()
	if o.StateDir == "" {
		o.StateDir = t.TempDir()
	}
	o.Wait, o.Sensor = true, "test"
	d, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func drain(t *testing.T, d *Delivery) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := d.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestEmbedded(t *testing.T) {
	d := start(t, Options{Mode: Embedded, Broker: BrokerOptions{TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0"}})
	defer d.Close()
	record(d, "alert", 0, 250)
	record(d, "dns", 0, 30)
	drain(t, d)
	in, app := subscribe(t, d.Broker().TCP(), "weir.alert"), subscribe(t, d.Broker().TCP(), "weir.app")
	in.wait(t, 250)
	app.wait(t, 30)
	seqs := map[uint64]bool{}
	in.mu.Lock()
	defer in.mu.Unlock()
	for _, w := range in.got {
		seqs[w.Seq] = true
	}
	if len(seqs) != 250 || !seqs[1] || !seqs[250] {
		t.Errorf("%d numbers, want 1 to 250", len(seqs))
	}
	if st := d.Stats(); st.Shipped != 280 || st.Lag != 0 || st.Spool.Classes[0].Written != 250 {
		t.Errorf("got %+v", st)
	}
}

// TestOutage: what is recorded while no broker is there arrives when one is.
func TestOutage(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	b := startBroker(t, dir, "", false)
	addr := b.TCP()
	d := start(t, Options{Mode: External, Brokers: []string{addr}, StateDir: state})
	record(d, "alert", 0, 10)
	drain(t, d)
	b.Close()
	record(d, "alert", 10, 10)
	d.spool.Sync()
	if d.Stats().Lag == 0 {
		t.Error("nothing waits in the spool without a broker")
	}
	d.Close() // and the sensor restarts meanwhile
	d = start(t, Options{Mode: External, Brokers: []string{addr}, StateDir: state})
	defer d.Close()
	record(d, "alert", 20, 10)
	b = startBroker(t, dir, addr, false)
	defer b.Close()
	drain(t, d)
	subscribe(t, addr, "weir.alert").wait(t, 30)
}

// TestPair: alerts go to two brokers, the rest to one of them.
func TestPair(t *testing.T) {
	a, b := startBroker(t, t.TempDir(), "", false), startBroker(t, t.TempDir(), "", false)
	defer a.Close()
	d := start(t, Options{Mode: External, Brokers: []string{a.TCP(), b.TCP()}})
	defer d.Close()
	record(d, "alert", 0, 5)
	record(d, "flow", 0, 5)
	drain(t, d)
	first := subscribe(t, a.TCP(), "weir.alert")
	first.wait(t, 5)
	subscribe(t, b.TCP(), "weir.alert").wait(t, 5)
	if d.Stats().Single != 0 {
		t.Errorf("%d alerts went to one broker alone", d.Stats().Single)
	}
	b.Close()
	record(d, "alert", 5, 5)
	drain(t, d)
	first.wait(t, 10)
	if d.Stats().Single != 5 {
		t.Errorf("%d alerts went to one broker alone, want 5", d.Stats().Single)
	}
}

func TestLookup(t *testing.T) {
	b := startBroker(t, t.TempDir(), "", true)
	defer b.Close()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if all, err := lookup(t.Context(), b.LookupHTTP()); err == nil && len(all) == 1 {
			break
		} else if time.Now().After(end) {
			t.Fatalf("nsqlookupd knows %v: %v", all, err)
		}
	}
	d := start(t, Options{Mode: Lookup, Lookups: []string{b.LookupHTTP()}})
	defer d.Close()
	record(d, "stats", 0, 3)
	drain(t, d)
	subscribe(t, b.TCP(), "weir.stats").wait(t, 3)
}

func TestStartErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"mode", Options{Mode: "cloud"}, `mode "cloud": want embedded`},
		{"no broker", Options{Mode: External}, "no broker is named"},
		{"no lookupd", Options{Mode: Lookup}, "no nsqlookupd is named"},
		{"prefix", Options{Mode: Off, Prefix: "a b"}, `value "a b"`},
		{"compression", Options{Mode: External, Brokers: []string{"127.0.0.1:1"}, Connection: Connection{Compression: "zip"}}, `value "zip"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.StateDir = t.TempDir()
			if _, err := Start(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestTruncate(t *testing.T) {
	line := fmt.Appendf(nil, `{"event_type":"alert","payload":%q,"http":{"url":"/"},"note":%q}`, strings.Repeat("x", 5000), strings.Repeat("y", 900))
	body := identity.Seal(identity.NewMaker("s", "b").Append(nil, &event.Event{}, line), 7)
	for _, c := range []struct {
		limit int
		gone  []string
	}{{3000, []string{"payload"}}, {800, []string{"payload", "note"}}} {
		out := truncate(body, c.limit)
		w, err := identity.Of(out)
		if err != nil || len(out) > c.limit || w.Seq != 7 || fmt.Sprint(w.Truncated) != fmt.Sprint(c.gone) {
			t.Errorf("limit %d: %d bytes, %+v, %v", c.limit, len(out), w, err)
		}
		if !json.Valid(out) {
			t.Errorf("limit %d: %s", c.limit, out)
		}
	}
	if truncate(body, 100) != nil {
		t.Error("an event fits into 100 bytes")
	}
}
