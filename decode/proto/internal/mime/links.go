package mime

import (
	"bytes"
	"net/netip"
	"slices"
)

const (
	maxText     = 8 << 10  // of a line of text that links are looked for in, bytes
	maxLinks    = 256      // kept of one message
	maxLinkText = 64 << 10 // of all of them, bytes
)

// links are the addresses in the texts of a message.
type links struct {
	text []byte
	all  []link
	// turned is how many stand in the order of version 7.0 already: part after
	// part, in each the last first.
	turned int
	// What those in the message itself, not in its parts, are like: one has an
	// address as its host, one names a program.
	addr, exe, outer bool
}

// link is one address, by place in links.text.
type link struct{ start, end int }

func (l *links) reset() { *l = links{text: l.text[:0], all: l.all[:0]} }

// turn ends a part.
func (l *links) turn() {
	slices.Reverse(l.all[l.turned:])
	l.turned = len(l.all)
}

// Links returns how many addresses were found; in version 7.0 those of a part count
// once it is whole.
func (m *Mail) Links() int {
	if m.opt.V7 && len(m.parts) > 1 {
		return m.links.turned
	}
	return len(m.links.all)
}

// Link returns one of them. The last that was found comes first, in version 7.0
// the last of each part.
func (m *Mail) Link(i int) []byte {
	l := &m.links
	if i >= l.turned {
		i = len(l.all) - 1 - (i - l.turned)
	}
	return l.text[l.all[i].start:l.all[i].end]
}

// LinkKinds reports what the addresses in the message itself, not in its parts, are
// like; ok is false without any.
func (m *Mail) LinkKinds() (addr, exe, ok bool) { return m.links.addr, m.links.exe, m.links.outer }

// find adds the addresses of a line; outer: of the message itself.
func (l *links) find(line []byte, opt *MailOptions, outer bool) {
	for at := 0; ; {
		i := bytes.Index(line[at:], []byte("://"))
		if i < 0 {
			return
		}
		i += at
		at = i + 3
		scheme := ""
		for _, s := range opt.Schemes {
			if i >= len(s) && len(s) > len(scheme) && equalFold(line[i-len(s):i], s) {
				scheme = s
			}
		}
		if scheme == "" {
			continue
		}
		end := at
		for end < len(line) && !endsLink(line[end]) {
			end++
		}
		start := at
		if opt.ShowScheme {
			start = i - len(scheme)
		}
		if end > at {
			l.add(line[start:end])
			if outer {
				l.judge(line[at:end])
			}
		}
		at = end
	}
}

// endsLink reports whether c does not belong to an address.
func endsLink(c byte) bool {
	switch c {
	case '"', '\'', '<', '>', ']':
		return true
	}
	return c <= ' '
}

// add adds an address in lower case.
func (l *links) add(b []byte) {
	if len(l.all) == maxLinks || len(l.text)+len(b) > maxLinkText {
		return
	}
	start := len(l.text)
	for _, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		l.text = append(l.text, c)
	}
	l.all = append(l.all, link{start, len(l.text)})
}

// judge notes what an address without its scheme is like.
func (l *links) judge(b []byte) {
	l.outer = true
	for i := range b {
		if hasPrefixFold(b[i:], ".exe") {
			l.exe = true
			break
		}
	}
	host, _, _ := bytes.Cut(b, []byte{'/'})
	if len(host) > 0 && len(host) <= maxAddr && (host[0] <= '9' || bytes.IndexByte(host, ':') >= 0) {
		_, err := netip.ParseAddr(string(host))
		l.addr = l.addr || err == nil
	}
}

// maxAddr is the length of an address in text, bytes.
const maxAddr = 45
