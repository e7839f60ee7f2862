package nsq

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	gonsq "github.com/nsqio/go-nsq"
)

// hearEvery is how often brokers that confirmations cannot come from are tried.
const hearEvery = time.Second

// hear listens for confirmations at all brokers of the pool until ctx ends, on a
// channel that nobody else has and that goes away with it.
func (s *shipper) hear(ctx context.Context) {
	channel := "sensor-" + strings.ToLower(rand.Text()[:12]) + "#ephemeral"
	heard := map[string]*gonsq.Consumer{}
	for {
		now := map[string]bool{}
		for _, addr := range s.pool.addrs() {
			now[addr] = true
			if c := heard[addr]; c != nil {
				if c.Stats().Connections > 0 {
					continue
				}
				c.Stop()
				delete(heard, addr)
			}
			if c := s.hearAt(addr, channel); c != nil {
				heard[addr] = c
			}
		}
		for addr, c := range heard {
			if !now[addr] {
				c.Stop()
				delete(heard, addr)
			}
		}
		select {
		case <-time.After(hearEvery):
		case <-ctx.Done():
			for _, c := range heard {
				c.Stop()
			}
			for _, c := range heard {
				<-c.StopChan
			}
			return
		}
	}
}

// hearAt subscribes at one broker; nil if that is not there.
func (s *shipper) hearAt(addr, channel string) *gonsq.Consumer {
	conn := *s.pool.conn
	conn.MaxInFlight = 100
	c, err := gonsq.NewConsumer(s.prefix+"."+ConfirmTopic, channel, &conn)
	if err != nil {
		return nil
	}
	c.SetLogger(Logger(nil), gonsq.LogLevelError)
	c.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error {
		s.heard(m.Body)
		return nil
	}))
	if c.ConnectToNSQD(addr) != nil {
		c.Stop()
		return nil
	}
	return c
}
