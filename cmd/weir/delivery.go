package main

import (
	"fmt"
	"os"
	"time"

	"weir/cmd/weir/config"
	"weir/sinks/eve"
	"weir/sinks/nsq"
)

// embeddedQueue is how many messages of a channel the broker of this process holds
// in memory; what is more it has on disk.
const embeddedQueue = 1000

// startDelivery starts the line to brokers for captures, with the spool below dir;
// nil if neither flags nor configuration name any.
func startDelivery(cfg *config.Config, o *brokerOptions, dir string, warn func(string, ...any)) (*nsq.Delivery, error) {
	no, err := deliveryOptions(cfg, o, nsq.Off)
	if err != nil || no.Mode == nsq.Off {
		return nil, err
	}
	no.Wait = true // a live worker waits for nobody, a reader of files may
	return openDelivery(no, dir, warn)
}

func openDelivery(no nsq.Options, dir string, warn func(string, ...any)) (*nsq.Delivery, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	no.StateDir, no.Log = dir, warn
	return nsq.Start(no)
}

// liveMode is the mode of a live run that nobody has chosen: brokers in this process,
// unless a configuration says where events go.
func liveMode(cfg *config.Config, file string) nsq.Mode {
	if file != "" && cfg.Root().Get("outputs").Exists() && !cfg.NSQ.Exists() {
		return nsq.Off
	}
	return nsq.Embedded
}

// deliveryOptions reads the sections nsq and spool; flags come first. Without
// brokers, and without a mode, it is def.
func deliveryOptions(cfg *config.Config, flags *brokerOptions, def nsq.Mode) (nsq.Options, error) {
	o, s, tls := *flags, cfg.NSQ, cfg.NSQ.Get("tls")
	given := func(flag string) bool { return flags.set != nil && flags.set(flag) }
	text := func(flag string, s config.Section, key string, to *string) {
		if v := s.String(key, ""); v != "" && !given(flag) {
			*to = v
		}
	}
	text("nsq-tls-ca", tls, "ca", &o.CA)
	text("nsq-tls-cert", tls, "cert", &o.Cert)
	text("nsq-tls-key", tls, "key", &o.Key)
	text("nsq-auth-secret-file", s, "auth-secret-file", &o.SecretFile)
	text("nsq-compression", s, "compression", &o.Compression)
	text("topic-prefix", s, "topic-prefix", &o.Prefix)
	if on := tls.Bool("enabled", false); !given("nsq-tls") {
		o.TLS = o.TLS || on
	}
	brokers, lookups := s.Strings("brokers"), s.Strings("lookupd")
	if len(flags.Brokers)+len(flags.Lookups) == 0 {
		o.Brokers, o.Lookups = brokers, lookups
	}
	switch {
	case len(o.Brokers) > 0:
		def = nsq.External
	case len(o.Lookups) > 0:
		def = nsq.Lookup
	}
	no := nsq.Options{
		Mode: def, Brokers: o.Brokers, Lookups: o.Lookups, Prefix: o.Prefix, Sensor: cfg.SensorName,
		Confirmed: s.Strings("confirmed-topics"),
		Resend:    time.Duration(s.Uint("resend-after", 0)) * time.Second,
		Quota:     int64(cfg.Spool.Size("quota", 0)),
	}
	switch mode := nsq.Mode(s.String("mode", "")); mode {
	case "":
	case nsq.Embedded, nsq.External, nsq.Lookup, nsq.Off:
		if len(flags.Brokers)+len(flags.Lookups) == 0 {
			no.Mode = mode
		}
	default:
		s.Reject("mode", "embedded, external, lookup or off")
	}
	if no.Mode == nsq.Embedded {
		no.Broker = nsq.BrokerOptions{
			TCP: s.String("listen", ""), HTTP: s.String("http", ""), Lookup: s.Bool("lookup", true), Admin: s.Bool("admin", true),
			AnyPort: true, MemQueue: int64(s.Uint("mem-queue", embeddedQueue)),
		}
	}
	switch no.Confirm = nsq.Confirm(s.String("confirm", "")); no.Confirm {
	case "", nsq.ByBroker, nsq.ByStore:
	default:
		s.Reject("confirm", "store or broker")
	}
	if err := cfg.Err(); err != nil {
		return no, err
	}
	if err := o.check(); err != nil {
		return no, err
	}
	if no.Mode == nsq.Off {
		return no, nil
	}
	var err error
	no.Connection, err = o.connection()
	return no, err
}

// deliveryOutput makes a delivery an output: of the records that the first
// eve-log of the configuration has, or of all types without one.
func deliveryOutput(c *config.Config, d *nsq.Delivery, types map[string]eve.Type) eve.Output {
	var out eve.Output
	found := false
	for i := range c.Outputs {
		if o := &c.Outputs[i]; o.Enabled && o.Eve != nil {
			out, found = eveOutput(o.Eve, o.Section, types, c.Version), true
			break
		}
	}
	if !found {
		for name := range types {
			out.Types = append(out.Types, eve.TypeOptions{Name: name, Opts: versioned{config.Section{}, c.Version, nil}})
		}
	}
	out.Prefix = "" // a message is one JSON object
	out.Record = func(int) eve.Recorder { return d.Recorder() }
	return out
}
