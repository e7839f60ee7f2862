package main

import (
	"fmt"
	"os"

	"weir/cmd/weir/config"
	"weir/sinks/eve"
	"weir/sinks/nsq"
)

// startDelivery starts the line to brokers elsewhere, with the spool below dir; nil
// if the flags name none.
func startDelivery(o *brokerOptions, dir string, warn func(string, ...any)) (*nsq.Delivery, error) {
	if len(o.Brokers)+len(o.Lookups) == 0 {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make log folder: %w", err)
	}
	conn, err := o.connection()
	if err != nil {
		return nil, err
	}
	mode := nsq.External
	if len(o.Brokers) == 0 {
		mode = nsq.Lookup
	}
	return nsq.Start(nsq.Options{
		Mode: mode, StateDir: dir, Brokers: o.Brokers, Lookups: o.Lookups, Connection: conn, Prefix: o.Prefix, Wait: true, Log: warn,
	})
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
