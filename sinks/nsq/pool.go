package nsq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	gonsq "github.com/nsqio/go-nsq"
)

// A broker that has failed is left alone for breakMin, twice as long each
// time, at most breakMax.
const (
	breakMin = 200 * time.Millisecond
	breakMax = 30 * time.Second
)

// peer is a broker with its circuit breaker.
type peer struct {
	addr string
	p    *gonsq.Producer

	mu     sync.Mutex
	until  time.Time     // left alone so long
	pause  time.Duration // the last one; 0 while all is well
	topics bool          // topics and channels have been made since it last failed
}

// pool are the brokers that batches can go to.
type pool struct {
	conn     *gonsq.Config
	log      LogFunc
	channels []string
	prefix   string

	mu    sync.Mutex
	peers []*peer
	turn  int
}

var errNoBroker = errors.New("no broker takes messages")

// set makes the addresses those of the pool.
func (p *pool) set(addrs []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := map[string]*peer{}
	for _, b := range p.peers {
		old[b.addr] = b
	}
	p.peers = p.peers[:0:0]
	for _, a := range addrs {
		b := old[a]
		if b == nil {
			prod, err := gonsq.NewProducer(a, p.conn)
			if err != nil {
				return fmt.Errorf("broker %s: %w", a, err)
			}
			prod.SetLogger(Logger(nil), gonsq.LogLevelError)
			b = &peer{addr: a, p: prod}
		}
		delete(old, a)
		p.peers = append(p.peers, b)
	}
	for _, b := range old {
		go b.p.Stop()
	}
	return nil
}

// addrs returns where the brokers are.
func (p *pool) addrs() (all []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.peers {
		all = append(all, b.addr)
	}
	return all
}

// publish sends messages to copies brokers, or to fewer if there are no more that
// take them; with none it is an error. It returns how many have taken them.
func (p *pool) publish(topic string, bodies [][]byte, copies int) (done int, err error) {
	p.mu.Lock()
	p.turn++
	at, peers := p.turn, p.peers
	p.mu.Unlock()
	err = errNoBroker
	for i := range peers {
		b := peers[(at+i)%len(peers)]
		if !b.closed() {
			continue
		}
		if e := p.send(b, topic, bodies); e != nil {
			err = fmt.Errorf("broker %s: %w", b.addr, e)
			b.failed()
			continue
		}
		b.worked()
		if done++; done == copies {
			break
		}
	}
	if done > 0 {
		return done, nil
	}
	return 0, err
}

func (p *pool) send(b *peer, topic string, bodies [][]byte) error {
	if err := p.prepare(b); err != nil {
		return err
	}
	return b.p.MultiPublish(topic, bodies)
}

// prepare makes the topics and channels of a broker: one that begins anew would
// else keep no message for a consumer that comes later.
func (p *pool) prepare(b *peer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.topics || len(p.channels) == 0 {
		return nil
	}
	// Together, as a client takes a quarter of a second to say goodbye.
	names := TopicNames(p.prefix)
	errs := make([]error, len(names)*len(p.channels))
	var all sync.WaitGroup
	for i := range errs {
		topic, channel := names[i/len(p.channels)], p.channels[i%len(p.channels)]
		all.Go(func() { errs[i] = makeChannel(p.conn, b.addr, topic, channel) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	b.topics = true
	return nil
}

// makeChannel subscribes, takes nothing and leaves.
func makeChannel(conn *gonsq.Config, addr, topic, channel string) error {
	c := *conn
	c.MaxInFlight = 1
	s, err := gonsq.NewConsumer(topic, channel, &c)
	if err != nil {
		return err
	}
	s.SetLogger(Logger(nil), gonsq.LogLevelError)
	s.ChangeMaxInFlight(0)
	s.AddHandler(gonsq.HandlerFunc(func(m *gonsq.Message) error { return errors.New("not for us") }))
	err = s.ConnectToNSQD(addr)
	s.Stop()
	<-s.StopChan
	return err
}

// closed reports whether the breaker lets messages pass.
func (b *peer) closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().After(b.until)
}

// maxRest bounds how long nobody looks for brokers that are new.
const maxRest = time.Second

// rest returns how long there is no broker to try, at least least.
func (p *pool) rest(least time.Duration) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.peers) == 0 {
		return least
	}
	first := maxRest
	for _, b := range p.peers {
		b.mu.Lock()
		first = min(first, time.Until(b.until))
		b.mu.Unlock()
	}
	return max(first, least)
}

func (b *peer) failed() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.topics = false
	b.pause = min(max(2*b.pause, breakMin), breakMax)
	b.until = time.Now().Add(b.pause/2 + rand.N(b.pause))
}

func (b *peer) worked() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pause = 0
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range p.peers {
		b.p.Stop()
	}
}

// lookup asks a nsqlookupd for the brokers that it knows.
func lookup(ctx context.Context, addr string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/nodes", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask nsqlookupd: %w", err)
	}
	defer resp.Body.Close()
	var answer struct {
		Producers []struct {
			Address string `json:"broadcast_address"`
			Port    int    `json:"tcp_port"`
		} `json:"producers"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 16<<20)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("ask nsqlookupd %s: %w", addr, err)
	}
	var all []string
	for _, b := range answer.Producers {
		all = append(all, net.JoinHostPort(b.Address, strconv.Itoa(b.Port)))
	}
	return all, nil
}
