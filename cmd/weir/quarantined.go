package main

import (
	"weir/decode/event"
	"weir/detect"
)

// quarantined tells, in a record and to the user, which rules a run has taken out
// of use because they were given up at the step limits too often.
func (a *analysis) quarantined(pub event.Publisher, now int64, workers []*detect.Worker) {
	if a.rules == nil {
		return
	}
	for _, q := range a.rules.engine.Quarantined(workers) {
		a.stats.Quarantined++
		a.warn("rule %d:%d was taken out of use: it was given up at the step limits %d times; see detect.quarantine", q.GID, q.SID, q.After)
		if pub.Wants("engine") {
			pub.Publish(&event.Event{Type: "engine", Time: now, Body: &q})
		}
	}
}
