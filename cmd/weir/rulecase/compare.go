package rulecase

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Alert is an alert record.
type Alert struct {
	SID, GID uint32
	Packet   uint64
	fields   map[string]any
}

// Alerts returns the alerts among EVE records, one a line.
func Alerts(eve []byte) ([]Alert, error) {
	var all []Alert
	for line := range bytes.Lines(eve) {
		d := json.NewDecoder(bytes.NewReader(line))
		d.UseNumber()
		var fields map[string]any
		if err := d.Decode(&fields); err != nil {
			return nil, fmt.Errorf("record %q: %w", line, err)
		}
		if fields["event_type"] != "alert" {
			continue
		}
		a := Alert{fields: fields}
		a.SID, a.GID = uint32(a.number("alert.signature_id")), uint32(a.number("alert.gid"))
		a.Packet = a.number("pcap_cnt")
		all = append(all, a)
	}
	return all, nil
}

// number returns a number of the record, 0 without.
func (a *Alert) number(path string) uint64 {
	s, _ := a.field(path)
	n, _ := strconv.ParseUint(s, 10, 64)
	return n
}

// field returns what stands at a path, as text: names and, in lists, indices.
func (a *Alert) field(path string) (string, bool) {
	var v any = a.fields
	for name := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			y, ok := x[name]
			if !ok {
				return "", false
			}
			v = y
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return "", false
			}
			v = x[i]
		default:
			return "", false
		}
	}
	return text(v), true
}

// text spells a value: texts as they are, anything else as JSON.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// Failure is what is wrong with the alerts of a case.
type Failure struct {
	SID  uint32 `json:"signature_id"`
	GID  uint32 `json:"gid,omitempty"` // 0: any
	Text string `json:"text"`
	// Missing: the rule has not fired at all; explaining it helps.
	Missing bool `json:"missing,omitempty"`
}

// Check compares the alerts of a case with what it expects.
func (c *Case) Check(got []Alert) (all []Failure) {
	bySID := map[uint32][]Alert{}
	for _, a := range got {
		bySID[a.SID] = append(bySID[a.SID], a)
	}
	named := map[uint32]bool{}
	for _, w := range c.Alerts {
		named[w.SID] = true
		list := slices.Clone(bySID[w.SID])
		list = slices.DeleteFunc(list, func(a Alert) bool { return w.GID != 0 && a.GID != w.GID })
		all = append(all, w.check(list)...)
	}
	for _, sid := range c.Not {
		named[sid] = true
		if n := len(bySID[sid]); n > 0 {
			all = append(all, Failure{SID: sid, Text: fmt.Sprintf("rule %d fired %d times, at %s: want none", sid, n, places(bySID[sid]))})
		}
	}
	if c.Others {
		return all
	}
	for _, sid := range slices.Sorted(maps.Keys(bySID)) {
		if !named[sid] {
			msg, _ := bySID[sid][0].field("alert.signature")
			all = append(all, Failure{SID: sid, Text: fmt.Sprintf("rule %d (%s) fired %d times, at %s: the case does not name it", sid, msg, len(bySID[sid]), places(bySID[sid]))})
		}
	}
	return all
}

// check compares the alerts of one rule.
func (w *Want) check(got []Alert) (all []Failure) {
	fail := func(format string, args ...any) {
		all = append(all, Failure{SID: w.SID, Text: fmt.Sprintf("rule %d: ", w.SID) + fmt.Sprintf(format, args...)})
	}
	if len(got) == 0 && (w.Count == nil || *w.Count > 0) {
		return []Failure{{SID: w.SID, GID: w.GID, Text: fmt.Sprintf("rule %d did not fire", w.SID), Missing: true}}
	}
	if w.Count != nil && len(got) != *w.Count {
		fail("%d alerts, at %s: want %d", len(got), places(got), *w.Count)
	}
	if w.Packets != nil {
		var at []uint64
		for _, a := range got {
			at = append(at, a.Packet)
		}
		want := slices.Clone(w.Packets)
		slices.Sort(at)
		slices.Sort(want)
		if !slices.Equal(at, want) {
			fail("pcap_cnt\n  - %v\n  + %v", want, at)
		}
	}
	if len(w.Fields) == 0 || len(got) == 0 {
		return all
	}
	// One alert must have all the fields; of several the one with most is shown.
	var best []string
	for i := range got {
		var diff []string
		for _, path := range slices.Sorted(maps.Keys(w.Fields)) {
			is, ok := got[i].field(path)
			if want := text(w.Fields[path]); !ok {
				diff = append(diff, fmt.Sprintf("  - %s: %s\n  + %s is not there", path, want, path))
			} else if is != want {
				diff = append(diff, fmt.Sprintf("  - %s: %s\n  + %s: %s", path, want, path, is))
			}
		}
		if len(diff) == 0 {
			return all
		}
		if best == nil || len(diff) < len(best) {
			best = diff
		}
	}
	fail("no alert has the fields (- wanted, + there)\n%s", strings.Join(best, "\n"))
	return all
}

// places lists the packets of alerts, the first ones.
func places(as []Alert) string {
	const most = 8
	var b strings.Builder
	b.WriteString("packet")
	for i, a := range as {
		if i == most {
			b.WriteString(" …")
			break
		}
		fmt.Fprintf(&b, " %d", a.Packet)
	}
	return b.String()
}
