package detect

import (
	"fmt"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"

	"weir/detect/regex"
)

// registeredDomain appends the domain that was registered: the public suffix and
// the label before it. A name that has none stays as it is.
func registeredDomain(dst, b []byte) []byte {
	if d, err := publicsuffix.EffectiveTLDPlusOne(string(lowerBytes(b))); err == nil {
		return append(dst, b[len(b)-len(d):]...)
	}
	return append(dst, b...)
}

// publicSuffix appends the suffix under which names are registered. A name that
// has none stays as it is.
func publicSuffix(dst, b []byte) []byte {
	tld, icann := publicsuffix.PublicSuffix(string(lowerBytes(b)))
	if icann || strings.Contains(tld, ".") {
		return append(dst, b[len(b)-len(tld):]...)
	}
	return append(dst, b...)
}

// pcrexform makes the transform "regex": the buffer becomes what the first group
// holds. Without a match it stays as it is.
func pcrexform(v string) (transform, error) {
	v = strings.TrimSpace(v)
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return transform{}, fmt.Errorf("value %s: want an expression in quotes", v)
	}
	expr := strings.ReplaceAll(strings.ReplaceAll(v[1:len(v)-1], `\"`, `"`), `\;`, ";")
	re, err := regex.Compile(expr, 0, regex.Limits{Steps: transformSteps})
	if err != nil {
		return transform{}, err
	}
	machines := sync.Pool{New: func() any { return &regex.Machine{} }}
	return transform{"pcrexform " + expr, func(dst, b []byte) []byte {
		m := machines.Get().(*regex.Machine)
		defer machines.Put(m)
		if ok, _ := re.Match(b, 0, m); ok {
			if lo, hi := m.Group(1); lo >= 0 {
				b = b[lo:hi]
			}
		}
		return append(dst, b...)
	}}, nil
}

// transformSteps bounds one match of a transform.
const transformSteps = 1 << 17
