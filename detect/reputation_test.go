package detect

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReputation(t *testing.T) {
	r, errs := NewReputation("c", []byte("# number,name,text\n1,Bad,Bad ones\n2,Good,Good ones\n60,Far,too far\nx,y\n"))
	if len(errs) != 2 || errs[0].Pos.Line != 4 || errs[1].Pos.Line != 5 {
		t.Errorf("categories: %v", errs)
	}
	errs = r.Load("f", []byte("192.0.2.1,1,10\n192.0.2.0/24,1,20\n192.0.0.0/16,1,30\n192.0.0.0/16,2,5\n2001:db8::/32,2,7\n"+
		"192.0.2.9,1,128\nnowhere,1,1\n192.0.2.9,0,1\n192.0.2.9\n192.0.2.1,1,11\n"))
	var lines []string
	for _, e := range errs {
		lines = append(lines, e.Error())
	}
	if len(errs) != 4 || !strings.Contains(lines[0], "f:6:1: score") || !strings.Contains(lines[1], "f:7:1: address") ||
		!strings.Contains(lines[2], "f:8:1: category") || !strings.Contains(lines[3], "f:9:1:") {
		t.Errorf("scores: %q", lines)
	}
	for _, c := range []struct {
		addr     string
		category string
		want     int // -1: none
	}{
		{"192.0.2.1", "Bad", 11}, {"192.0.2.2", "Bad", 20}, {"192.0.3.1", "Bad", 30}, {"192.0.2.1", "Good", 5},
		{"192.1.2.1", "Bad", -1}, {"2001:db8::1", "Good", 7}, {"2001:db8::1", "Bad", -1},
	} {
		v, ok := r.of(netip.MustParseAddr(c.addr), r.categories[c.category])
		if got := int(v); ok != (c.want >= 0) || ok && got != c.want {
			t.Errorf("%s, %s: %d, %v, want %d", c.addr, c.category, got, ok, c.want)
		}
	}
}
