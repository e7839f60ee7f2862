package http1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
)

// settings are options of the configuration as tests write them.
type settings map[string]any

func (s settings) Has(k string) bool { _, ok := s[k]; return ok }
func (s settings) Bool(k string, def bool) bool {
	if v, ok := s[k].(bool); ok {
		return v
	}
	return def
}
func (s settings) Uint(k string, def uint64) uint64 {
	if v, ok := s[k].(int); ok {
		return uint64(v)
	}
	return def
}
func (s settings) Size(k string, def uint64) uint64 { return s.Uint(k, def) }
func (s settings) String(k, def string) string {
	if v, ok := s[k].(string); ok {
		return v
	}
	return def
}
func (s settings) Strings(k string) []string { v, _ := s[k].([]string); return v }
func (s settings) Sub(k string) event.Options {
	if v, ok := s[k].(settings); ok {
		return v
	}
	return settings{}
}
func (s settings) Items() []event.Options { return nil }
func (s settings) Keys() []string         { return nil }
func (s settings) Reject(k, want string)  { panic(k + ": want " + want) }

// server returns the settings of all servers.
func server(s settings) settings {
	return settings{"libhtp": settings{"default-config": s}}
}

// wire is a connection under test. It keeps for each side what the parser did
// not consume, as the pipeline does.
type wire struct {
	t        testing.TB
	p        *parser
	held     [2][]byte
	stopped  bool
	upgraded string
}

func (w *wire) Upgrade(name, expect string)                   { w.upgraded = "to " + name }
func (w *wire) Expect(proto.Expectation)                      {}
func (w *wire) NoInspect(bool)                                {}
func (w *wire) NoRawInspect(field.Dir)                        {}
func (w *wire) TriggerRaw(field.Dir)                          {}
func (w *wire) Frame(field.Dir, uint8, int, int64, *proto.Tx) {}

func dial(t testing.TB, s settings) *wire {
	opt, err := setup(s)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, p: &parser{}}
	w.p.Reset(&proto.Env{
		Flow: &flow.Flow{Proto: 6}, Options: opt, Host: w, Files: &file.Store{Hashes: file.MD5, Window: true},
	})
	return w
}

// send gives bytes of a direction to the parser.
func (w *wire) send(dir field.Dir, b []byte, end bool) {
	i := dir.Index()
	w.held[i] = append(w.held[i], b...)
	if w.stopped || w.upgraded != "" {
		return
	}
	r := w.p.Parse(&proto.Input{Dir: dir, Data: w.held[i], End: end})
	if r.Consumed < 0 || r.Consumed > len(w.held[i]) {
		w.t.Fatalf("consumed %d of %d bytes", r.Consumed, len(w.held[i]))
	}
	w.held[i] = w.held[i][r.Consumed:]
	w.stopped = r.Status == proto.Stop
}

// talk plays messages, which alternate beginning with the client's, in pieces
// of cut bytes, and closes both sides.
func (w *wire) talk(cut int, messages ...string) {
	dir := field.ToServer
	for _, m := range messages {
		for b := []byte(m); len(b) > 0; {
			n := min(cut, len(b))
			w.send(dir, b[:n], false)
			b = b[n:]
		}
		dir = dir.Reverse()
	}
	w.send(field.ToServer, nil, true)
	w.send(field.ToClient, nil, true)
}

func (w *wire) tx(i int) *Tx {
	w.t.Helper()
	if i >= w.p.txs.Len() {
		w.t.Fatalf("%d transactions, want more than %d", w.p.txs.Len(), i)
	}
	return w.p.txs.At(i)
}

// events are the names of a transaction's events.
func (t *Tx) eventNames() string {
	var names []string
	for _, e := range t.Events {
		names = append(names, events[e].Name)
	}
	return strings.Join(names, " ")
}

// dump writes all there is to see of the connection.
func (w *wire) dump() string {
	var b bytes.Buffer
	for i := range w.p.txs.Len() {
		t := w.tx(i)
		for dir := field.ToServer; dir <= field.ToClient; dir++ {
			for k := range fields {
				dumpField(&b, &fields[k], t, dir)
			}
			for _, f := range t.transfers[dir.Index()].list.Files {
				fmt.Fprintf(&b, "file %q %d %v %x\n", f.Name, f.Size, f.State, f.MD5)
			}
		}
		rec, _ := appendRecord(nil, t, w.p.env.Flow, nil)
		if !json.Valid(rec) {
			w.t.Errorf("record is no JSON: %s", rec)
		}
		fmt.Fprintf(&b, "%s\n%s\n%v\n", rec, t.eventNames(), t.Progress)
	}
	return b.String()
}

func dumpField(b *bytes.Buffer, f *field.Def, t *Tx, dir field.Dir) {
	if !f.Dir.Has(dir) {
		return
	}
	switch f.Kind {
	case field.KindBytes:
		if v := f.Bytes(t, dir); v != nil {
			fmt.Fprintf(b, "%s %q\n", f.Name, v)
		}
	case field.KindMulti:
		for i := 0; ; i++ {
			v, ok := f.Multi(t, dir, i)
			if !ok {
				break
			}
			fmt.Fprintf(b, "%s %q\n", f.Name, v)
		}
	case field.KindBody:
		if v := f.Body(t, dir, true); v.Data != nil {
			fmt.Fprintf(b, "%s %d %q\n", f.Name, v.Offset, v.Data)
		}
	}
}
