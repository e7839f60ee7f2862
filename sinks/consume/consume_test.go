package consume

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/nsq"
)

// keeper is a Handler that refuses the first batches.
type keeper struct {
	mu     sync.Mutex
	refuse int
	got    map[string]int
	more   chan struct{}
}

func (k *keeper) Handle(_ context.Context, batch []Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.refuse > 0 {
		k.refuse--
		return errors.New("disk is full")
	}
	for _, e := range batch {
		k.got[e.EID]++
	}
	select {
	case k.more <- struct{}{}:
	default:
	}
	return nil
}

// TestConsume: refused batches come again, duplicates once, what is no event
// becomes a dead letter, gaps are known.
func TestConsume(t *testing.T) {
	b, err := nsq.StartBroker(nsq.BrokerOptions{Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Channels: []string{"store"}})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	p, _ := gonsq.NewProducer(b.TCP(), gonsq.NewConfig())
	p.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
	defer p.Stop()
	for _, seq := range []int{1, 2, 2, 5} {
		if err := p.Publish("weir.alert", fmt.Appendf(nil, `{"weir":{"eid":"e%d","sensor":"s","boot":"b","seq":%d}}`, seq, seq)); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Publish("weir.flow", []byte("rubbish")); err != nil {
		t.Fatal(err)
	}
	k := &keeper{refuse: 1, got: map[string]int{}, more: make(chan struct{}, 1)}
	c, err := New(Options{Brokers: []string{b.TCP()}, Channel: "store", Linger: 100 * time.Millisecond}, k)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); c.Dead.Load() == 0 || c.Handled.Load() < 3 || c.Duplicates.Load() == 0; {
		select {
		case <-k.more:
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(end) {
			t.Fatalf("%d handled, %d duplicates, %d dead", c.Handled.Load(), c.Duplicates.Load(), c.Dead.Load())
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if len(k.got) != 3 || k.got["e2"] != 1 {
		t.Errorf("got %v, want e1, e2 and e5 once each", k.got)
	}
	if c.Requeued.Load() == 0 {
		t.Error("nothing came again after a refusal")
	}
	gaps := c.Gaps()
	if len(gaps) != 1 || gaps[0].From != 3 || gaps[0].To != 4 {
		t.Errorf("gaps %v, want 3 to 4", gaps)
	}
}

func TestNewErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"nobody to ask", Options{Channel: "store"}, "neither nsqd nor nsqlookupd"},
		{"channel", Options{Brokers: []string{"127.0.0.1:1"}, Channel: "a b"}, `channel "a b"`},
		{"topic", Options{Brokers: []string{"127.0.0.1:1"}, Channel: "store", Topics: []string{"alarm"}}, `topic "alarm"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := New(c.o, nil); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDelay(t *testing.T) {
	for attempts := range uint16(40) {
		if d := delay(attempts); d < delayMin/2 || d > delayMax {
			t.Errorf("delay %v at attempt %d", d, attempts)
		}
	}
}
