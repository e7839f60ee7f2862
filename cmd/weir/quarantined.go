package main

import "weir/decode/event"

// quarantined tells, in a record and to the user, which rules a run has taken out
// of use because they were given up at the step limits too often.
func (x *session) quarantined(pub event.Publisher) {
	if x.rules == nil {
		return
	}
	for _, q := range x.rules.engine.Quarantined(x.workers) {
		x.a.stats.Quarantined++
		x.a.warn("rule %d:%d was taken out of use: it was given up at the step limits %d times; see detect.quarantine", q.GID, q.SID, q.After)
		if pub.Wants("engine") {
			pub.Publish(&event.Event{Type: "engine", Time: x.pl.Now(), Body: &q})
		}
	}
}
