package consume

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	gonsq "github.com/nsqio/go-nsq"

	"weir/sinks/identity"
	"weir/sinks/nsq"
)

// producers publish to the brokers that messages came from, by address. They belong
// to the goroutine of the consumer.
type producers struct {
	conn *gonsq.Config
	all  map[string]*gonsq.Producer
}

func (p *producers) publish(addr, topic string, body []byte) error {
	out := p.all[addr]
	if out == nil {
		var err error
		if out, err = gonsq.NewProducer(addr, p.conn); err != nil {
			return err
		}
		out.SetLogger(nsq.Logger(nil), gonsq.LogLevelError)
		p.all[addr] = out
	}
	return out.Publish(topic, body)
}

func (p *producers) stop() {
	for _, out := range p.all {
		out.Stop()
	}
}

// Letter is a message of the dead topic.
type Letter struct {
	Reason string `json:"reason"`
	Topic  string `json:"topic"`
	Time   string `json:"time"`
	Body   string `json:"body"`
}

// poison sends a message that is no event back, and to the dead topic in the end.
func (c *Consumer) poison(a arrival, why error) {
	if a.m.Attempts < DeadAfter {
		a.m.RequeueWithoutBackoff(delay(a.m.Attempts))
		return
	}
	body, err := json.Marshal(Letter{why.Error(), a.topic, time.Now().UTC().Format(time.RFC3339), string(a.m.Body)})
	if err == nil {
		err = c.back.publish(a.m.NSQDAddress, c.o.Prefix+"."+nsq.DeadTopic, body)
	}
	if err != nil {
		a.m.RequeueWithoutBackoff(delay(a.m.Attempts))
		return
	}
	c.Dead.Add(1)
	a.m.Finish()
}

// confirm tells the sensors what has been handled, through the broker that each
// message came from. A confirmation that is lost is asked for by the events coming
// again.
func (c *Consumer) confirm(all []arrival, whose []identity.Weir) {
	type address struct{ broker, sensor, boot string }
	seqs := map[address]map[string][]uint64{}
	for i, a := range all {
		w := &whose[i]
		k := address{a.m.NSQDAddress, w.Sensor, w.Boot}
		if seqs[k] == nil {
			seqs[k] = map[string][]uint64{}
		}
		topic := strings.TrimPrefix(a.topic, c.o.Prefix+".")
		seqs[k][topic] = append(seqs[k][topic], w.Seq)
	}
	for k, byTopic := range seqs {
		m := nsq.Confirmation{Sensor: k.sensor, Boot: k.boot, Seqs: map[string][][2]uint64{}}
		for topic, s := range byTopic {
			m.Seqs[topic] = runs(s)
		}
		body, err := json.Marshal(&m)
		if err == nil {
			err = c.back.publish(k.broker, c.o.Prefix+"."+nsq.ConfirmTopic, body)
		}
		if err != nil && c.o.Log != nil {
			c.o.Log("confirm to sensor %s: %v", k.sensor, err)
		}
	}
}

// runs makes numbers runs of following ones, and sorts seqs.
func runs(seqs []uint64) (all [][2]uint64) {
	slices.Sort(seqs)
	for _, n := range seqs {
		if last := len(all) - 1; last >= 0 && n <= all[last][1]+1 {
			all[last][1] = n
		} else {
			all = append(all, [2]uint64{n, n})
		}
	}
	return all
}
