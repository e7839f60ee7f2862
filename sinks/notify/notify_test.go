package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/identity"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// inbox is a Sender that keeps what it gets, or is down.
type inbox struct {
	mu   sync.Mutex
	down bool
	got  []string
}

func (in *inbox) Send(_ context.Context, m *Message) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.down {
		return errors.New("down")
	}
	in.got = append(in.got, m.Title)
	return nil
}

func (in *inbox) wait(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		in.mu.Lock()
		got = append(got[:0], in.got...)
		in.mu.Unlock()
		if len(got) >= len(want) {
			break
		}
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Fatalf("got %q, want %q", got, want)
	}
}

func alert(n, sid, severity int) consume.Event {
	return consume.Event{Weir: identity.Weir{EID: fmt.Sprint("e", n)}, Body: fmt.Appendf(nil,
		`{"timestamp":"2026-01-02T03:04:05.000000+0000","event_type":"alert","src_ip":"10.0.0.1","dest_ip":"10.0.0.2","payload":"AAAA","alert":{"signature_id":%d,"severity":%d,"signature":"s%d"}}`,
		sid, severity, sid)}
}

func handle(t *testing.T, n *Notifier, events ...consume.Event) {
	t.Helper()
	if err := n.Handle(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// TestLife takes a group through its states, restarts and a receiver that is down.
func TestLife(t *testing.T) {
	c := &clock{t: time.Date(2026, 1, 2, 12, 0, 0, 0, time.Local)}
	ops, boss := &inbox{}, &inbox{}
	o := Options{
		Dir: t.TempDir(), Now: c.now, Log: t.Logf,
		Rules: []Rule{{
			Name: "bad", Severity: 2, Receivers: []string{"ops"}, EscalateTo: []string{"boss"},
			Repeat: 10 * time.Minute, EscalateAfter: 30 * time.Minute, ResolveAfter: time.Hour, Resolved: true,
		}},
		Receivers: []Receiver{{Name: "ops", Sender: ops}, {Name: "boss", Sender: boss}},
	}
	open := func() *Notifier {
		t.Helper()
		n, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := open()
	handle(t, n, alert(1, 7, 1), alert(2, 7, 1), alert(1, 7, 1), alert(3, 8, 3)) // one twice, one not bad enough
	const title = "s7: 10.0.0.1 -> 10.0.0.2"
	ops.wait(t, title+" (2 times)")
	n.Close()

	n = open()
	handle(t, n, alert(2, 7, 1)) // again, after a restart
	c.add(11 * time.Minute)
	handle(t, n, alert(4, 7, 1))
	ops.wait(t, title+" (2 times)", "[repeated] "+title+" (3 times)")
	c.add(20 * time.Minute)
	handle(t, n, alert(5, 7, 1))
	boss.wait(t, "[escalated] "+title+" (4 times)")
	ops.mu.Lock()
	ops.down = true
	ops.mu.Unlock()
	c.add(61 * time.Minute)
	handle(t, n)
	boss.wait(t, "[escalated] "+title+" (4 times)", "[resolved] "+title+" (4 times)")
	n.Close()
	ops.down = false
	c.add(time.Hour)
	n = open()
	defer n.Close()
	ops.wait(t, title+" (2 times)", "[repeated] "+title+" (3 times)", "[resolved] "+title+" (4 times)")
	handle(t, n, alert(6, 7, 1))
	ops.wait(t, title+" (2 times)", "[repeated] "+title+" (3 times)", "[resolved] "+title+" (4 times)", title)
}

// TestBudget: what is beyond it is told in one message.
func TestBudget(t *testing.T) {
	c := &clock{t: time.Now()}
	in := &inbox{}
	n, err := Open(Options{
		Dir: t.TempDir(), Now: c.now, Log: t.Logf, Rules: []Rule{{Name: "all", Receivers: []string{"in"}}},
		Receivers: []Receiver{{Name: "in", Sender: in, Budget: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	handle(t, n, alert(1, 1, 1))
	in.wait(t, "s1: 10.0.0.1 -> 10.0.0.2")
	handle(t, n, alert(2, 2, 1), alert(3, 3, 1), alert(4, 4, 1))
	c.add(61 * time.Minute)
	handle(t, n)
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		in.mu.Lock()
		k := len(in.got)
		in.mu.Unlock()
		if k > 1 {
			break
		}
	}
	if len(in.got) != 2 || !strings.HasPrefix(in.got[1], "3 more: ") {
		t.Errorf("got %q", in.got)
	}
}

func TestHours(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.Local) } // the 2nd is a Friday
	night := Rule{From: 22 * time.Hour, To: 6 * time.Hour, Days: []time.Weekday{time.Friday}}
	office := Rule{From: 8 * time.Hour, To: 18 * time.Hour}
	for _, c := range []struct {
		name string
		r    *Rule
		at   time.Time
		want bool
	}{
		{"any", &Rule{}, at(2, 3), true},
		{"in the office", &office, at(2, 8), true},
		{"gone home", &office, at(2, 18), false},
		{"late on Friday", &night, at(2, 23), true},
		{"the morning after", &night, at(3, 5), true},
		{"the morning before", &night, at(2, 5), false},
		{"late on Saturday", &night, at(3, 23), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.r.inHours(c.at); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestShorten(t *testing.T) {
	body := []byte(`{"a":1,"payload":"AAAABBBB","http":{"url":"/","http_body":"secret"}}`)
	if got := string(shorten(body, 0)); got != `{"a":1,"http":{"url":"/"}}` {
		t.Errorf("got %s", got)
	}
	if got := string(shorten(body, 4)); got != `{"a":1,"http":{"http_body":"secr","url":"/"},"payload":"AAAA"}` {
		t.Errorf("got %s", got)
	}
}

func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no receiver", Options{Rules: []Rule{{Name: "r"}}}, "no receiver is named"},
		{"unknown receiver", Options{Rules: []Rule{{Name: "r", Receivers: []string{"x"}}}}, `receiver "x" is not described`},
		{"rule without a name", Options{Rules: []Rule{{}}}, `rule ""`},
		{"two of a name", Options{Receivers: []Receiver{{Name: "x"}, {Name: "x"}}}, `receiver "x": want a name that no other has`},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Dir = t.TempDir()
			if _, err := Open(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
