package main

import (
	"fmt"
	"io"

	"weir/detect"
)

// printExplanation writes an explanation for a person, with the first firings.
func printExplanation(w io.Writer, x *detect.Explanation, most int) (err error) {
	p := printer(w, &err)
	switch {
	case x.Alerts > 0:
		p("rule %d:%d fired: %d alerts\n", x.GID, x.SID, x.Alerts)
	case x.Fitted > 0:
		p("rule %d:%d fitted %d times and raised no alert\n", x.GID, x.SID, x.Fitted)
	default:
		p("rule %d:%d did not fire\n", x.GID, x.SID)
	}
	if x.Msg != "" {
		p("%s\n", x.Msg)
	}
	p("\n")
	p("gate                                   packets    flows      tx  what the rule says\n")
	p("    %-32s %9d %8d %7d\n", "what was inspected", x.Packets, x.Flows, x.Txs)
	for i := range x.Gates {
		g := &x.Gates[i]
		name := g.Kind
		if g.Buffer != "" {
			name += " in " + g.Buffer
			if g.Kind == detect.GateBuffer || g.Kind == detect.GateFrame {
				name = g.Kind + " " + g.Buffer
			}
		}
		mark := "  "
		if x.Nearest != nil && len(x.Nearest.Misses) > 0 && x.Nearest.Misses[0].Gate == i {
			mark = "✗ "
		}
		p("%s%2d %-31s %9d %8d %7d  %s\n", mark, i+1, name, g.Packets, g.Flows, g.Txs, g.Text)
	}
	if x.Passed > 0 {
		p("\n%d packets were not inspected: their flow was passed, bypassed or is encrypted\n", x.Passed)
	}
	if err != nil {
		return err
	}
	if err := printFirings(w, x, most); err != nil {
		return err
	}
	if x.Nearest == nil {
		return nil
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return printNearest(w, x)
}

// printFirings writes where the rule has fitted, the first places.
func printFirings(w io.Writer, x *detect.Explanation, most int) (err error) {
	p := printer(w, &err)
	for i := range min(most, len(x.Fired)) {
		f := &x.Fired[i]
		p("\n%s", placeLine(&f.Place))
		if !f.Alert {
			p("\n    no alert: %s", f.Why)
		}
		p("\n")
		printMatches(p, x, f.Matches)
	}
	if n := len(x.Fired) - most; n > 0 {
		p("\n%d more\n", n)
	}
	return err
}

// printNearest writes where the rule came nearest, or where it has fitted.
func printNearest(w io.Writer, x *detect.Explanation) (err error) {
	p := printer(w, &err)
	n := x.Nearest
	if n == nil {
		return printFirings(w, x, 1)
	}
	p("nearest: %s\n", placeLine(&n.Place))
	printMatches(p, x, n.Matches)
	if len(n.Misses) == 0 {
		p("    every gate holds there, but rules of this kind are checked once for a direction of a flow or transaction\n")
	}
	for i, m := range n.Misses {
		too := ""
		if i > 0 {
			too = " too"
		}
		p("    gate %d failed%s: %s\n        %s\n", m.Gate+1, too, x.Gates[m.Gate].Text, m.Why)
		for _, h := range m.Hints {
			p("        hint: %s\n", h)
		}
	}
	return err
}

// printer returns a function that prints until something fails.
func printer(w io.Writer, err *error) func(format string, args ...any) {
	return func(format string, args ...any) {
		if *err == nil {
			_, *err = fmt.Fprintf(w, format, args...)
		}
	}
}

// printMatches writes where contents stand.
func printMatches(p func(string, ...any), x *detect.Explanation, ms []detect.Match) {
	for _, m := range ms {
		if m.Start < 0 {
			p("    gate %d: ends at %d of %s\n", m.Gate+1, m.End, m.Buffer)
		} else {
			p("    gate %d: %d to %d of %s\n", m.Gate+1, m.Start, m.End, m.Buffer)
		}
	}
}

// placeLine describes a packet in a line.
func placeLine(at *detect.Place) string {
	s := fmt.Sprintf("packet %d", at.Packet)
	if at.Src != "" {
		s += fmt.Sprintf(", %s -> %s", at.Src, at.Dst)
	}
	if at.Dir != "" {
		s += fmt.Sprintf(", %s, flow %d", at.Dir, at.Flow)
	}
	if at.Tx != nil {
		s += fmt.Sprintf(", transaction %d", *at.Tx)
	}
	if at.Frame {
		s += ", in a frame"
	}
	return s
}
