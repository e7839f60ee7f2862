// Package tail shows events to a person.
package tail

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"weir/sinks/consume"
)

// Options say what is shown and how. Empty fields take everything.
type Options struct {
	Types []string
	SID   uint64
	Host  string
	Text  string
	Count int // events after which Done is called; 0: no end
	Done  func()
	JSON  bool
	Color bool
}

// Tail is a consume.Handler.
type Tail struct {
	w io.Writer
	o Options
	n int
}

// New returns one that writes to w.
func New(w io.Writer, o Options) *Tail { return &Tail{w: w, o: o} }

// head is what a line shows of an event.
type head struct {
	Timestamp string `json:"timestamp"`
	Type      string `json:"event_type"`
	Src       string `json:"src_ip"`
	SrcPort   uint16 `json:"src_port"`
	Dst       string `json:"dest_ip"`
	DstPort   uint16 `json:"dest_port"`
	Proto     string `json:"proto"`
	AppProto  string `json:"app_proto"`
	Alert     *struct {
		SID       uint64 `json:"signature_id"`
		Signature string `json:"signature"`
		Severity  int    `json:"severity"`
		Action    string `json:"action"`
	} `json:"alert"`
}

// Handle implements consume.Handler.
func (t *Tail) Handle(_ context.Context, batch []consume.Event) error {
	for _, e := range batch {
		if t.o.Count > 0 && t.n == t.o.Count {
			return nil
		}
		var h head
		if json.Unmarshal(e.Body, &h) != nil || !t.takes(&h, e.Body) {
			continue
		}
		line := e.Body
		if !t.o.JSON {
			line = t.line(&h, e.Body)
		}
		if _, err := t.w.Write(append(slices.Clip(line), '\n')); err != nil {
			return fmt.Errorf("show events: %w", err)
		}
		if t.n++; t.n == t.o.Count {
			t.o.Done()
		}
	}
	return nil
}

func (t *Tail) takes(h *head, body []byte) bool {
	o := &t.o
	return (len(o.Types) == 0 || slices.Contains(o.Types, h.Type)) &&
		(o.SID == 0 || h.Alert != nil && h.Alert.SID == o.SID) &&
		(o.Host == "" || h.Src == o.Host || h.Dst == o.Host) &&
		(o.Text == "" || bytes.Contains(body, []byte(o.Text)))
}

// Colours of a terminal.
const (
	reset, dim, red, yellow, cyan = "\x1b[0m", "\x1b[2m", "\x1b[31m", "\x1b[33m", "\x1b[36m"
)

func (t *Tail) paint(color, s string) string {
	if !t.o.Color {
		return s
	}
	return color + s + reset
}

// line is one event in short: time, type, who with whom, what.
func (t *Tail) line(h *head, body []byte) []byte {
	var b strings.Builder
	b.WriteString(t.paint(dim, clean(strings.TrimSuffix(h.Timestamp, "+0000"))))
	kind := fmt.Sprintf(" %-8s ", clean(h.Type))
	if h.Alert != nil {
		color := yellow
		if h.Alert.Severity == 1 {
			color = red
		}
		b.WriteString(t.paint(color, kind))
	} else {
		b.WriteString(t.paint(cyan, kind))
	}
	if h.Src != "" {
		fmt.Fprintf(&b, "%s -> %s %s", end(h.Src, h.SrcPort), end(h.Dst, h.DstPort), clean(h.Proto))
	}
	if a := h.Alert; a != nil {
		fmt.Fprintf(&b, " [%d] %s (severity %d, %s)", a.SID, clean(a.Signature), a.Severity, clean(a.Action))
	} else if own := ownPart(h.Type, body); own != "" {
		b.WriteString(" " + own)
	}
	return []byte(b.String())
}

// maxOwn bounds what a line shows of an event's own object, bytes.
const maxOwn = 160

// ownPart is the object named like the event's type, in short.
func ownPart(typ string, body []byte) string {
	var ev map[string]json.RawMessage
	if json.Unmarshal(body, &ev) != nil {
		return ""
	}
	s := clean(string(ev[typ]))
	if len(s) > maxOwn {
		s = strings.ToValidUTF8(s[:maxOwn], "") + ".."
	}
	return s
}

func end(addr string, port uint16) string {
	if port == 0 {
		return clean(addr)
	}
	if strings.Contains(addr, ":") {
		addr = "[" + addr + "]"
	}
	return fmt.Sprintf("%s:%d", clean(addr), port)
}

// clean takes out what a terminal would act on: events hold what strangers sent.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return '.'
		}
		return r
	}, s)
}
