package nsq

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/nsqio/nsq/nsqadmin"
	"github.com/nsqio/nsq/nsqd"
	"github.com/nsqio/nsq/nsqlookupd"
)

// BrokerOptions set up the brokers of this process. Addresses are "host:port";
// port 0 takes any. Empty: loopback with NSQ's own port.
type BrokerOptions struct {
	Dir                   string // of nsqd's queues, made if need be
	TCP, HTTP             string
	Lookup                bool // run nsqlookupd too
	LookupTCP, LookupHTTP string
	Admin                 bool // run nsqadmin too
	AdminHTTP             string
	MemQueue              int64    // messages of a channel held in memory; 0 is 10000
	Prefix                string   // of topics
	Channels              []string // made with each topic
	Log                   LogFunc
}

// MaxMessage is the largest message that nsqd takes by default, bytes.
const MaxMessage = 1 << 20

// Broker is nsqd, nsqlookupd and nsqadmin in this process.
type Broker struct {
	nsqd    *nsqd.NSQD
	lookupd *nsqlookupd.NSQLookupd
	admin   *nsqadmin.NSQAdmin
	ended   sync.WaitGroup
}

// StartBroker starts them. Only what is told to by its address listens beyond
// loopback.
func StartBroker(o BrokerOptions) (_ *Broker, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of the broker: %w", err)
	}
	b := &Broker{}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if o.Lookup {
		l := nsqlookupd.NewOptions()
		l.TCPAddress, l.HTTPAddress = cmp.Or(o.LookupTCP, "127.0.0.1:4160"), cmp.Or(o.LookupHTTP, "127.0.0.1:4161")
		l.BroadcastAddress, l.LogLevel, l.Logger = "127.0.0.1", nsqd.LOG_WARN, Logger(o.Log)
		if b.lookupd, err = nsqlookupd.New(l); err != nil {
			return nil, fmt.Errorf("start nsqlookupd: %w", err)
		}
		b.ended.Go(func() { b.report(o.Log, "nsqlookupd", b.lookupd.Main()) })
	}
	d := nsqd.NewOptions()
	d.TCPAddress, d.HTTPAddress, d.HTTPSAddress = cmp.Or(o.TCP, "127.0.0.1:4150"), cmp.Or(o.HTTP, "127.0.0.1:4151"), ""
	d.BroadcastAddress, d.DataPath = "127.0.0.1", o.Dir
	// Topics are made before nsqlookupd can be asked for their channels, which
	// nsqd remarks upon.
	var ready atomic.Bool
	d.LogLevel, d.Logger = nsqd.LOG_WARN, Logger(func(format string, args ...any) {
		if o.Log != nil && ready.Load() {
			o.Log(format, args...)
		}
	})
	d.MemQueueSize = cmp.Or(o.MemQueue, 10000)
	d.MaxMsgSize = MaxMessage
	if b.lookupd != nil {
		d.NSQLookupdTCPAddresses = []string{b.lookupd.RealTCPAddr().String()}
	}
	if b.nsqd, err = nsqd.New(d); err != nil {
		return nil, fmt.Errorf("start nsqd in %s: %w", filepath.Clean(o.Dir), err)
	}
	if err = errors.Join(b.nsqd.LoadMetadata(), b.nsqd.PersistMetadata()); err != nil {
		return nil, fmt.Errorf("start nsqd: %w", err)
	}
	for _, name := range TopicNames(cmp.Or(o.Prefix, DefaultPrefix)) {
		t := b.nsqd.GetTopic(name)
		for _, c := range o.Channels {
			t.GetChannel(c)
		}
	}
	ready.Store(true)
	b.ended.Go(func() { b.report(o.Log, "nsqd", b.nsqd.Main()) })
	if o.Admin {
		a := nsqadmin.NewOptions()
		a.HTTPAddress, a.LogLevel, a.Logger = cmp.Or(o.AdminHTTP, "127.0.0.1:4171"), nsqd.LOG_WARN, Logger(o.Log)
		if b.lookupd != nil {
			a.NSQLookupdHTTPAddresses = []string{b.lookupd.RealHTTPAddr().String()}
		} else {
			a.NSQDHTTPAddresses = []string{b.HTTP()}
		}
		if b.admin, err = nsqadmin.New(a); err != nil {
			return nil, fmt.Errorf("start nsqadmin: %w", err)
		}
		b.ended.Go(func() { b.report(o.Log, "nsqadmin", b.admin.Main()) })
	}
	return b, nil
}

func (b *Broker) report(log LogFunc, who string, err error) {
	if err != nil && log != nil {
		log("%s ended: %v", who, err)
	}
}

// TCP returns where nsqd listens for clients.
func (b *Broker) TCP() string { return b.nsqd.RealTCPAddr().String() }

// HTTP returns where nsqd listens for HTTP.
func (b *Broker) HTTP() string { return b.nsqd.RealHTTPAddr().String() }

// LookupHTTP returns where nsqlookupd answers consumers; empty if it does not run.
func (b *Broker) LookupHTTP() string {
	if b.lookupd == nil {
		return ""
	}
	return b.lookupd.RealHTTPAddr().String()
}

// AdminHTTP returns where nsqadmin is; empty if it does not run.
func (b *Broker) AdminHTTP() string {
	if b.admin == nil {
		return ""
	}
	return b.admin.RealHTTPAddr().String()
}

// Close ends all of them; nsqd writes what it holds in memory.
func (b *Broker) Close() {
	if b.admin != nil {
		b.admin.Exit()
	}
	if b.nsqd != nil {
		b.nsqd.Exit()
	}
	if b.lookupd != nil {
		b.lookupd.Exit()
	}
	b.ended.Wait()
}
