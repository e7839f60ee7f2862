package nsq

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/identity"
)

// confirmAs says for a store that a run of alerts is kept.
func confirmAs(t *testing.T, addr string, w identity.Weir, from, to uint64) {
	t.Helper()
	body, _ := json.Marshal(Confirmation{Sensor: w.Sensor, Boot: w.Boot, Seqs: map[string][][2]uint64{"alert": {{from, to}}}})
	p, err := gonsq.NewProducer(addr, gonsq.NewConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	p.SetLogger(Logger(nil), gonsq.LogLevelError)
	if err := p.Publish("weir."+ConfirmTopic, body); err != nil {
		t.Fatal(err)
	}
}

// TestConfirm: events stay in the spool until the store has confirmed them, and come
// again if it does not, also after a restart.
func TestConfirm(t *testing.T) {
	b := startBroker(t, t.TempDir(), "", false)
	defer b.Close()
	o := Options{Mode: External, Brokers: []string{b.TCP()}, StateDir: t.TempDir(), Confirm: ByStore, Confirmed: []string{"alert"}, Resend: 100 * time.Millisecond}
	d := start(t, o)
	in := subscribe(t, b.TCP(), "weir.alert")
	record(d, "alert", 0, 300)
	record(d, "dns", 0, 10) // a topic that needs no confirmation
	in.wait(t, 300)
	if st := d.Stats(); st.Waiting != 300 || st.Lag == 0 {
		t.Fatalf("before any confirmation: %d unconfirmed, lag %d", st.Waiting, st.Lag)
	}
	var w identity.Weir
	in.mu.Lock()
	for _, w = range in.got {
		break
	}
	in.mu.Unlock()
	confirmAs(t, b.TCP(), w, 1, 299)
	until(t, "299 confirmed", func() bool { return d.Stats().Waiting == 1 })
	until(t, "the last one is sent again", func() bool { return d.Stats().Resent > 0 })
	d.Close()
	in.mu.Lock()
	before := in.n
	in.mu.Unlock()

	d = start(t, o)
	defer d.Close()
	until(t, "unconfirmed events come after a restart", func() bool {
		in.mu.Lock()
		defer in.mu.Unlock()
		return in.n > before
	})
	confirmAs(t, b.TCP(), w, 1, 300)
	drain(t, d)
	if all, _ := filepath.Glob(filepath.Join(o.StateDir, "spool", "*.seg")); len(all) > 1 {
		t.Errorf("segments stay: %v", all)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.got) != 300 {
		t.Errorf("%d ids, want 300", len(in.got))
	}
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
