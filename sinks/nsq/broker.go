package nsq

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

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
	TLSCert, TLSKey       string   // PEM files: clients have to speak TLS, 1.2 or later
	TLSClientCA           string   // PEM file: and have a certificate of this authority
	AuthHTTP              string   // "host:port" that is asked who may do what; see nsqd's --auth-http-address
	AnyPort               bool     // take any port where that of NSQ is in use
	Log                   LogFunc
}

// MaxMessage is the largest message that nsqd takes by default, bytes.
const MaxMessage = 1 << 20

// at returns the address to listen at: that of the options, or that of NSQ.
func (o *BrokerOptions) at(addr, def string) string {
	if addr != "" || !o.AnyPort {
		return cmp.Or(addr, def)
	}
	l, err := net.Listen("tcp", def)
	if errors.Is(err, syscall.EADDRINUSE) {
		return "127.0.0.1:0"
	}
	if err == nil {
		l.Close()
	}
	return def
}

// Broker is nsqd, nsqlookupd and nsqadmin in this process.
type Broker struct {
	quiet   atomic.Bool // what they say is no news: they begin or end
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
	b.quiet.Store(true)
	log := o.Log
	o.Log = func(format string, args ...any) {
		if log != nil && !b.quiet.Load() {
			log(format, args...)
		}
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	if o.Lookup {
		l := nsqlookupd.NewOptions()
		l.TCPAddress, l.HTTPAddress = o.at(o.LookupTCP, "127.0.0.1:4160"), o.at(o.LookupHTTP, "127.0.0.1:4161")
		// At warnings it says that a topic without disk has gone.
		l.BroadcastAddress, l.LogLevel, l.Logger = "127.0.0.1", nsqd.LOG_ERROR, Logger(o.Log)
		if b.lookupd, err = nsqlookupd.New(l); err != nil {
			return nil, fmt.Errorf("start nsqlookupd: %w", err)
		}
		b.ended.Go(func() { b.report(o.Log, "nsqlookupd", b.lookupd.Main()) })
	}
	d := nsqd.NewOptions()
	d.TCPAddress, d.HTTPAddress, d.HTTPSAddress = o.at(o.TCP, "127.0.0.1:4150"), o.at(o.HTTP, "127.0.0.1:4151"), ""
	d.BroadcastAddress, d.DataPath = "127.0.0.1", o.Dir
	d.LogLevel, d.Logger = nsqd.LOG_WARN, Logger(o.Log)
	d.MemQueueSize = cmp.Or(o.MemQueue, 10000)
	d.MaxMsgSize = MaxMessage
	if o.TLSCert != "" {
		d.TLSCert, d.TLSKey, d.TLSRootCAFile = o.TLSCert, o.TLSKey, o.TLSClientCA
		d.TLSRequired, d.TLSMinVersion = nsqd.TLSRequiredExceptHTTP, tls.VersionTLS12
		if o.TLSClientCA != "" {
			d.TLSClientAuthPolicy = "require-verify"
		}
	}
	if o.AuthHTTP != "" {
		d.AuthHTTPAddresses = []string{o.AuthHTTP}
	}
	d.MinOutputBufferTimeout = time.Millisecond
	if b.lookupd != nil {
		d.NSQLookupdTCPAddresses = []string{b.lookupd.RealTCPAddr().String()}
	}
	if b.nsqd, err = nsqd.New(d); err != nil {
		return nil, fmt.Errorf("start nsqd in %s: %w", filepath.Clean(o.Dir), err)
	}
	if err = errors.Join(b.nsqd.LoadMetadata(), b.nsqd.PersistMetadata()); err != nil {
		return nil, fmt.Errorf("start nsqd: %w", err)
	}
	// Topics are made before nsqlookupd can be asked for their channels, which nsqd
	// remarks upon.
	prefix := cmp.Or(o.Prefix, DefaultPrefix)
	b.nsqd.GetTopic(prefix + "." + ConfirmTopic)
	for _, name := range TopicNames(prefix) {
		t := b.nsqd.GetTopic(name)
		for _, c := range o.Channels {
			t.GetChannel(c)
		}
	}
	b.quiet.Store(false)
	b.ended.Go(func() { b.report(o.Log, "nsqd", b.nsqd.Main()) })
	if o.Admin {
		a := nsqadmin.NewOptions()
		a.HTTPAddress, a.LogLevel, a.Logger = o.at(o.AdminHTTP, "127.0.0.1:4171"), nsqd.LOG_WARN, Logger(o.Log)
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

// Addrs returns all places where it listens.
func (b *Broker) Addrs() []string {
	all := []string{b.TCP(), b.HTTP()}
	if b.lookupd != nil {
		all = append(all, b.lookupd.RealTCPAddr().String(), b.LookupHTTP())
	}
	if b.admin != nil {
		all = append(all, b.AdminHTTP())
	}
	return all
}

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
	b.quiet.Store(true)
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
