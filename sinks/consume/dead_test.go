package consume

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/nsq"
)

// TestReadDead: letters stay until they are requeued or dropped.
func TestReadDead(t *testing.T) {
	b, err := nsq.StartBroker(nsq.BrokerOptions{Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Channels: []string{"store"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, _ := gonsq.NewProducer(b.TCP(), gonsq.NewConfig())
	p.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
	defer p.Stop()
	for _, l := range []Letter{{Reason: "no weir.eid", Topic: "weir.alert", Body: "a"}, {Reason: "event: bad", Topic: "weir.flow", Body: "b"}} {
		body, _ := json.Marshal(l)
		if err := p.Publish("weir."+nsq.DeadTopic, body); err != nil {
			t.Fatal(err)
		}
	}
	read := func(fate func(*Letter) Fate) (n int) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		err := ReadDead(ctx, DeadOptions{Brokers: []string{b.TCP()}, Idle: 300 * time.Millisecond}, func(l *Letter) (Fate, error) {
			n++
			return fate(l), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		name string
		fate func(*Letter) Fate
		want int
	}{
		{"shown", func(*Letter) Fate { return Keep }, 2},
		{"one requeued", func(l *Letter) Fate {
			if l.Topic == "weir.alert" {
				return Requeue
			}
			return Keep
		}, 2},
		{"the other dropped", func(*Letter) Fate { return Drop }, 1},
		{"none left", func(*Letter) Fate { return Drop }, 0},
	} {
		if n := read(step.fate); n != step.want {
			t.Errorf("%s: %d letters, want %d", step.name, n, step.want)
		}
	}
	got := make(chan string, 1)
	c, _ := gonsq.NewConsumer("weir.alert", "store", gonsq.NewConfig())
	c.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
	c.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error { got <- string(m.Body); return nil }))
	if err := c.ConnectToNSQD(b.TCP()); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Stop(); <-c.StopChan }()
	select {
	case body := <-got:
		if body != "a" {
			t.Errorf("requeued %q, want a", body)
		}
	case <-time.After(20 * time.Second):
		t.Error("what was requeued did not come")
	}
}
