package consume

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/nsq"
)

// DeadOptions say what is done with dead letters.
type DeadOptions struct {
	Brokers    []string // nsqd, TCP
	Connection nsq.Connection
	Prefix     string
	// Idle ends the reading when no letter has come for so long; 0 is 1 s.
	Idle time.Duration
}

// Fate is what becomes of a dead letter.
type Fate int

// Fates of a letter.
const (
	Keep    Fate = iota // it stays in the dead topic
	Requeue             // it goes to the topic that it came from
	Drop                // it is gone
)

// deadChannel is that of all who read the dead topic: letters wait in it.
const deadChannel = "dead"

// ReadDead calls each for the dead letters that wait, until no more come; what it
// returns is done with the letter. What is no letter has a reason that says so.
func ReadDead(ctx context.Context, o DeadOptions, each func(*Letter) (Fate, error)) error {
	o.Prefix, o.Idle = cmp.Or(o.Prefix, nsq.DefaultPrefix), cmp.Or(o.Idle, time.Second)
	if len(o.Brokers) == 0 {
		return errors.New("consume: no nsqd is named")
	}
	conn, err := o.Connection.Config("weir-dead")
	if err != nil {
		return err
	}
	conn.MaxAttempts, conn.MaxInFlight, conn.MaxBackoffDuration = 0, 100, 0
	conn.MsgTimeout = time.Minute
	c, err := gonsq.NewConsumer(o.Prefix+"."+nsq.DeadTopic, deadChannel, conn)
	if err != nil {
		return err
	}
	c.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
	in := make(chan *gonsq.Message)
	left := make(chan struct{})
	c.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error {
		m.DisableAutoResponse()
		select {
		case in <- m:
		case <-left:
			m.RequeueWithoutBackoff(0)
		}
		return nil
	}))
	back := producers{conn: conn, all: map[string]*gonsq.Producer{}}
	// Letters that stay are held until all have been read, or they would come again.
	var kept []*gonsq.Message
	defer func() {
		close(left)
		c.ChangeMaxInFlight(0) // or what goes back would come here again
		for _, m := range kept {
			m.RequeueWithoutBackoff(0)
		}
		c.Stop()
		<-c.StopChan
		back.stop()
	}()
	if err := c.ConnectToNSQDs(o.Brokers); err != nil {
		return fmt.Errorf("read dead letters: %w", err)
	}
	for {
		select {
		case m := <-in:
			l := &Letter{}
			if json.Unmarshal(m.Body, l) != nil || l.Topic == "" {
				l = &Letter{Reason: "not a dead letter of this program", Body: string(m.Body)}
			}
			fate, err := each(l)
			if err == nil && fate == Requeue {
				if l.Topic == "" {
					fate = Keep
				} else if err = back.publish(m.NSQDAddress, l.Topic, []byte(l.Body)); err != nil {
					err = fmt.Errorf("requeue: %w", err)
				}
			}
			if err != nil || fate == Keep {
				if kept = append(kept, m); len(kept) == cap(in)+conn.MaxInFlight {
					return err
				}
			} else {
				m.Finish()
			}
			if err != nil {
				return err
			}
		case <-time.After(o.Idle):
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}
