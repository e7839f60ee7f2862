package telnet

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// maxLine bounds a line or a command, bytes; a longer one ends there.
const maxLine = 16 << 10

// Protocol is Telnet.
var Protocol = &proto.Protocol{
	Name:      "telnet",
	Doc:       "Remote terminal (RFC 854).",
	Transport: proto.TCP,
	Probes:    []proto.Probe{{Transport: proto.TCP, Ports: "23", Min: 1, Func: probe}},
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	GapOK:     true,
	Frames:    []string{framePDU: "pdu", frameCommand: "ctl", frameData: "data"},
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "a session has no end of a request"}},
		{{Name: "response_started", Doc: "a session has no end of a response"}},
	},
	Uncounted: true,
}

// Frames.
const (
	framePDU = iota
	frameCommand
	frameData
)

// Commands (RFC 854).
const (
	cmdSE   = 0xf0 // end of a subnegotiation
	cmdSB   = 0xfa // beginning of one
	cmdWill = 0xfb // the first of four that an option follows
	cmdDont = 0xfe
	iac     = 0xff // begins a command
)

// probe takes whatever no pattern recognises on the port.
func probe([]byte, field.Dir, *flow.Flow) proto.Verdict { return proto.Yes }

// phase is how far a session is.
type phase uint8

const (
	greeting  phase = iota // the server has not asked for the user
	asked                  // it has, and waits for the answer
	named                  // the user is told; the password was not asked for
	challenge              // it was
	session
)

// parser is the state of one session.
type parser struct {
	env   *proto.Env
	phase phase
	sides [2]side
}

// side is what one end has sent.
type side struct {
	open bool // a frame of data is open
	seen int  // bytes of what was left that have no end of the line
}

// Reset implements proto.Resetter.
func (p *parser) Reset(env *proto.Env) { *p = parser{env: env} }

// Txs implements proto.Parser.
func (p *parser) Txs() []proto.Transaction { return nil }

// Free implements proto.Parser.
func (p *parser) Free(proto.Transaction) {}

// Parse implements proto.Parser.
func (p *parser) Parse(in *proto.Input) proto.Result {
	s := &p.sides[in.Dir.Index()]
	if in.Gap > 0 {
		p.endData(s, in.Dir, len(in.Left))
		return proto.Result{}
	}
	used := 0
	for used < len(in.Data) {
		b := in.Data[used:]
		var n int
		if b[0] == iac && !s.open {
			if n = command(b); n > len(b) {
				return proto.Result{Consumed: used, Need: n, Status: proto.Incomplete}
			}
			p.show(in.Dir, frameCommand, used, int64(n))
		} else if n = p.data(s, in.Dir, b, used); n == 0 {
			return proto.Result{Consumed: used, Need: len(b) + 1, Status: proto.Incomplete}
		}
		used += n
	}
	return proto.Result{Consumed: used}
}

// subEnd ends a subnegotiation.
var subEnd = []byte{iac, cmdSE}

// command returns the length of the command that begins b: more than b has if it is
// not whole. The end of a subnegotiation is a command of its own.
func command(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	switch {
	case b[1] == cmdSB:
		if i := bytes.Index(b, subEnd); i >= 0 {
			return i
		}
		return min(len(b)+1, maxLine)
	case b[1] >= cmdWill && b[1] <= cmdDont:
		return 3
	}
	return 2
}

// data takes text, which stands at off of the call's bytes, and returns how much of
// it is done with.
func (p *parser) data(s *side, dir field.Dir, b []byte, off int) int {
	if !s.open {
		s.open, s.seen = true, 0
		p.show(dir, frameData, off, -1)
	}
	asking := dir == field.ToClient && (p.phase == greeting || p.phase == named)
	n := 0
	if asking {
		n = promptEnd(b[s.seen:], p.phase == named)
	} else {
		n = bytes.IndexByte(b[s.seen:], '\n') + 1
	}
	if n == 0 {
		s.seen = max(s.seen, len(b)-(len(passwordPrompt)-1)) // it may have begun
		if !asking {
			s.seen = len(b)
		}
		if s.seen < maxLine {
			return 0
		}
		p.endData(s, dir, off+len(b))
		return len(b)
	}
	n += s.seen
	p.endData(s, dir, off+n)
	if asking || dir == field.ToServer && (p.phase == asked || p.phase == challenge) {
		p.phase++
	}
	return n
}

// What a server asks, in lower case.
const (
	loginPrompt    = "login: "
	passwordPrompt = "password: "
)

// promptEnd returns where the first prompt of b ends, that for the password among
// them if either will do; 0 if there is none.
func promptEnd(b []byte, either bool) int {
	for at := 0; ; {
		i := bytes.Index(b[at:], promptTail)
		if i < 0 {
			return 0
		}
		at += i + len(promptTail)
		if endsFold(b[:at], loginPrompt) || either && endsFold(b[:at], passwordPrompt) {
			return at
		}
	}
}

// promptTail is how prompts end.
var promptTail = []byte(": ")

// endsFold reports whether b ends in s but for case; s is in lower case.
func endsFold(b []byte, s string) bool {
	if len(b) < len(s) {
		return false
	}
	for i, c := range b[len(b)-len(s):] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != s[i] {
			return false
		}
	}
	return true
}

// show opens the frames of a command or of text.
func (p *parser) show(dir field.Dir, kind uint8, off int, length int64) {
	if p.env.Frames {
		p.env.Host.Frame(dir, framePDU, off, length, nil)
		p.env.Host.Frame(dir, kind, off, length, nil)
	}
}

// endData ends the frames of text that is open.
func (p *parser) endData(s *side, dir field.Dir, off int) {
	if s.open && p.env.Frames {
		p.env.Host.Frame(dir, framePDU, off, proto.FrameEnd, nil)
		p.env.Host.Frame(dir, frameData, off, proto.FrameEnd, nil)
	}
	s.open, s.seen = false, 0
}
