package main

import (
	"errors"
	"fmt"
	"os"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/event"
)

// readCapture is a capture that was read to its end without a fault.
type readCapture struct {
	name        string
	first, last uint64 // numbers of its packets
}

// alertedPackets are the numbers of the packets that one worker has raised alerts
// on, those in a row once.
type alertedPackets struct{ nums []uint64 }

// watched is a lane whose alerts are noted as they pass.
type watched struct {
	decode.Lane
	seen *alertedPackets
}

// Publish implements event.Publisher.
func (l watched) Publish(ev *event.Event) {
	if ev.Type == "alert" {
		if n := l.seen.nums; len(n) == 0 || n[len(n)-1] != ev.Num {
			l.seen.nums = append(n, ev.Num)
		}
	}
	l.Lane.Publish(ev)
}

// watchAlerts makes the lanes of a run note their alerts, if captures without any
// are to be removed.
func watchAlerts(c *config.Config, o *decode.Options) []*alertedPackets {
	if c.PcapFile.DeleteWhenDone != "non-alerts" {
		return nil
	}
	seen := make([]*alertedPackets, o.Workers)
	lane := o.Lane
	o.Lane = func(i int) decode.Lane {
		seen[i] = &alertedPackets{}
		return watched{lane(i), seen[i]}
	}
	return seen
}

// deleteDone removes the captures that pcap-file.delete-when-done says, of those
// that were read to their end. An alert on no packet counts for all of them.
func deleteDone(c *config.Config, read []readCapture, seen []*alertedPackets) error {
	if c.PcapFile.DeleteWhenDone == "no" {
		return nil
	}
	var errs []error
	for _, r := range read {
		if st, err := os.Lstat(r.name); err != nil || !st.Mode().IsRegular() || r.alerted(seen) {
			continue
		}
		if err := os.Remove(r.name); err != nil {
			errs = append(errs, fmt.Errorf("pcap-file.delete-when-done: %w", err))
		}
	}
	return errors.Join(errs...)
}

// alerted reports whether a packet of the capture is among those seen.
func (r *readCapture) alerted(seen []*alertedPackets) bool {
	for _, s := range seen {
		for _, n := range s.nums {
			if n == 0 || r.first <= n && n <= r.last {
				return true
			}
		}
	}
	return false
}
