package detect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/oschwald/maxminddb-golang/v2"

	"weir/decode/flow"
	"weir/decode/packet"
)

// Countries knows the countries of addresses from a MaxMind database.
type Countries struct {
	db *maxminddb.Reader

	mu    sync.RWMutex
	known map[uintptr]country // by place of the record in the database
}

// country is a code of ISO 3166; zero if there is none.
type country [2]byte

// maxCountries bounds the records whose country is kept: a database of countries
// has some hundred, one of cities many.
const maxCountries = 1 << 16

// OpenCountries opens a database.
func OpenCountries(name string) (*Countries, error) {
	db, err := maxminddb.Open(name)
	if err != nil {
		return nil, err
	}
	return &Countries{db: db, known: map[uintptr]country{}}, nil
}

// of returns the country of an address.
func (c *Countries) of(a netip.Addr) country {
	r := c.db.Lookup(a.Unmap())
	if !r.Found() {
		return country{}
	}
	at := r.Offset()
	c.mu.RLock()
	code, ok := c.known[at]
	c.mu.RUnlock()
	if ok {
		return code
	}
	var text string
	if err := r.DecodePath(&text, "country", "iso_code"); err == nil && len(text) == 2 {
		code = country([]byte(text))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) < maxCountries {
		c.known[at] = code
	}
	return code
}

// geoip compiles [src|dst|both|any,][!]country[,country...]. Without a side it
// is both.
func geoip(c *compiler, v string) error {
	db := c.e.opt.Countries
	if db == nil {
		return fmt.Errorf("there is no database: set geoip-database")
	}
	p := split(v)
	side := "both"
	if slices.Contains([]string{"src", "dst", "both", "any"}, p[0]) {
		side, p = p[0], p[1:]
	}
	var want []country
	negated := false
	for i, name := range p {
		if i == 0 {
			name, negated = strings.CutPrefix(name, "!")
		}
		if len(name) != 2 || strings.ToUpper(name) != name {
			return fmt.Errorf("country %q: want two capital letters, as in ISO 3166", name)
		}
		want = append(want, country([]byte(name)))
	}
	if len(want) == 0 {
		return fmt.Errorf("value %q: want countries", v)
	}
	// What is not in the database fits no list, not even a negated one.
	fits := func(a netip.Addr) bool {
		code := db.of(a)
		return code != country{} && slices.Contains(want, code) != negated
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		switch {
		case p.Version == 0:
			return false
		case side == "src":
			return fits(p.SrcAddr())
		case side == "dst":
			return fits(p.DstAddr())
		case side == "any":
			return fits(p.SrcAddr()) || fits(p.DstAddr())
		}
		return fits(p.SrcAddr()) && fits(p.DstAddr())
	})
}
