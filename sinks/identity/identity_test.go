package identity

import (
	"strings"
	"testing"

	"weir/decode/event"
)

func make1(m *Maker, ev event.Event, line string, seq uint64) []byte {
	return Seal(m.Append(nil, &ev, []byte(line)), seq)
}

func TestIdentity(t *testing.T) {
	ev := event.Event{Time: 1, Num: 2}
	m, again := NewMaker("s", "boot1"), NewMaker("s", "boot2")
	a, err := Of(make1(m, ev, "{\"event_type\":\"alert\"}\n", 1))
	if err != nil {
		t.Fatal(err)
	}
	if a.Sensor != "s" || a.Boot != "boot1" || a.Seq != 1 || a.Schema != Schema || len(a.EID) != 26 {
		t.Errorf("got %+v", a)
	}
	twin, _ := Of(make1(m, ev, `{"event_type":"alert"}`, 2))
	if twin.EID == a.EID {
		t.Error("two events at one place have one id")
	}
	for i, want := range []string{a.EID, twin.EID} {
		if got, _ := Of(make1(again, ev, `{"event_type":"alert"}`, 9)); got.EID != want {
			t.Errorf("event %d read again: got %s, want %s", i, got.EID, want)
		}
	}
	other, _ := Of(make1(NewMaker("t", "boot1"), ev, `{"event_type":"alert"}`, 1))
	if other.EID == a.EID {
		t.Error("two sensors give one id")
	}
}

// TestReopen: what an event says under weir stays, and there is one weir.
func TestReopen(t *testing.T) {
	for _, c := range []struct{ name, line, want string }{
		{"at the end", `{"a":1,"weir":{"process":{"exe":"/b}\""}}}`, `{"a":1,"weir":{"process":{"exe":"/b}\""},"eid":`},
		{"none", `{"a":1}`, `{"a":1,"weir":{"eid":`},
		{"inside another", `{"a":{"b":1,"weir":{"c":1}}}`, `{"a":{"b":1,"weir":{"c":1}},"weir":{"eid":`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make1(NewMaker("s", "b"), event.Event{}, c.line, 1)
			if !strings.HasPrefix(string(got), c.want) {
				t.Errorf("got %s, want it to begin with %s", got, c.want)
			}
			if w, err := Of(got); err != nil || w.Seq != 1 || Boot(got) != "b" {
				t.Errorf("got %+v of %s: %v", w, got, err)
			}
		})
	}
}

func TestOf(t *testing.T) {
	for _, body := range []string{"", "{", `{"a":1}`, `{"weir":{}}`, `{"weir":7}`} {
		if _, err := Of([]byte(body)); err == nil {
			t.Errorf("%q has an identity", body)
		}
	}
}

func TestAppendAllocates(t *testing.T) {
	m, ev, b := NewMaker("s", "b"), event.Event{}, make([]byte, 0, 1024)
	line := []byte(`{"event_type":"flow"}`)
	m.Append(b, &ev, line)
	if n := testing.AllocsPerRun(100, func() {
		ev.Time++
		m.Append(b, &ev, line)
	}); n != 0 {
		t.Errorf("Append allocates %v times, want 0", n)
	}
}

func TestTracker(t *testing.T) {
	id := func(eid string, seq uint64) Weir { return Weir{EID: eid, Sensor: "s", Boot: "b", Seq: seq} }
	tr := NewTracker(2)
	for _, step := range []struct {
		name string
		w    Weir
		seen bool
		gaps int
	}{
		{"first", id("a", 1), false, 0},
		{"again", id("a", 1), true, 0},
		{"ahead", id("e", 5), false, 1},
		{"late, in the middle", id("c", 3), false, 2},
		{"late, rest", id("b", 2), false, 1},
		{"late, last", id("d", 4), false, 0},
		{"again, id forgotten", id("a", 1), true, 0},
		{"another boot", Weir{EID: "x", Sensor: "s", Boot: "c", Seq: 3}, false, 1},
	} {
		if got := tr.Seen("weir.alert", step.w); got != step.seen {
			t.Errorf("%s: seen %v, want %v", step.name, got, step.seen)
		}
		if got := tr.Gaps(); len(got) != step.gaps {
			t.Errorf("%s: gaps %v, want %d", step.name, got, step.gaps)
		}
	}
}
