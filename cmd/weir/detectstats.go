package main

import (
	"weir/decode/event"
	"weir/detect"
)

// detectStats are the counters of the detection engine.
type detectStats struct {
	rules   *ruleSet
	workers []*detect.Worker
	shared  *detect.Shared
}

// AppendEvent implements event.Appender.
func (d detectStats) AppendEvent(b []byte, _ *event.Output) []byte {
	var c detect.Counters
	for _, w := range d.workers {
		c.Add(w)
	}
	b = event.Open(b, "detect")
	b = event.OpenElem(event.OpenArray(b, "engines"))
	b = event.Uint(b, "id", 0)
	if t := d.rules.loadedAt; !t.IsZero() {
		b = event.Time(b, "last_reload", t.UnixNano())
	}
	b = event.Uint(b, "rules_loaded", uint64(d.rules.loaded))
	b = event.Uint(b, "rules_failed", uint64(len(d.rules.errs)))
	b = event.Uint(b, "rules_skipped", 0)
	b = event.CloseArray(event.Close(b))
	b = event.Uint(b, "alert", c.Alerts)
	b = event.Uint(b, "alert_queue_overflow", c.Overflow)
	b = event.Uint(b, "alerts_suppressed", c.Suppressed)
	memuse, refused := d.shared.ThresholdMemory()
	if out := d.rules.engine.Quarantined(d.workers); c.GivenUp > 0 {
		b = event.Uint(b, "checks_given_up", c.GivenUp)
		b = event.Uint(b, "rules_quarantined", uint64(len(out)))
	}
	b = event.Open(b, "thresholds")
	b = event.Uint(b, "memuse", memuse)
	b = event.Uint(b, "alloc_fail", refused)
	return event.Close(event.Close(b))
}
