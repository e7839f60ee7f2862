package mime

import (
	"bytes"
	"net/netip"
)

const (
	maxText     = 8 << 10  // of a line of text that links are looked for in, bytes
	maxLinks    = 256      // kept of one message
	maxLinkText = 64 << 10 // of all of them, bytes
)

// links are the addresses in the texts of a message.
type links struct {
	text []byte
	end  []int
	// IPv4, IPv6, Exe: one has such a host, or names a program.
	ipv4, ipv6, exe bool
	outer           bool // one stands in the message itself, not in a part
}

func (l *links) reset() { *l = links{text: l.text[:0], end: l.end[:0]} }

// Links returns how many addresses were found.
func (m *Mail) Links() int { return len(m.links.end) }

// Link returns one of them; the last that was found comes first.
func (m *Mail) Link(i int) []byte {
	l := &m.links
	i = len(l.end) - 1 - i
	start := 0
	if i > 0 {
		start = l.end[i-1]
	}
	return l.text[start:l.end[i]]
}

// LinkKinds reports what the addresses in the message itself, not in its parts, are
// like: ok is false without any.
func (m *Mail) LinkKinds() (ipv4, ipv6, exe, ok bool) {
	return m.links.ipv4, m.links.ipv6, m.links.exe, m.links.outer
}

// find adds the addresses of a line.
func (l *links) find(line []byte, opt *MailOptions) {
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
			l.add(line[start:end], line[at:end])
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

// add adds an address in lower case; bare is it without its scheme.
func (l *links) add(link, bare []byte) {
	if len(l.end) == maxLinks || len(l.text)+len(link) > maxLinkText {
		return
	}
	start := len(l.text)
	for _, c := range link {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		l.text = append(l.text, c)
	}
	l.end = append(l.end, len(l.text))
	low := l.text[start:]
	l.exe = l.exe || bytes.HasSuffix(low, []byte(".exe"))
	if len(bare) > 1 && bare[0] == '[' {
		l.ipv6 = true
	} else if len(bare) <= len("255.255.255.255") && bare[0] >= '0' && bare[0] <= '9' {
		a, err := netip.ParseAddr(string(bare))
		l.ipv4 = l.ipv4 || err == nil && a.Is4()
	}
}
