package stream

import (
	"bytes"
	"strings"
	"testing"
	"weir/decode/buffer"
)

// TestOverlaps puts a segment over one that is held behind a hole, at offsets 10
// to 20, and looks at which copy of the bytes they share stays.
func TestOverlaps(t *testing.T) {
	kinds := []struct {
		name     string
		off, end uint64
	}{
		{"before, ends inside", 5, 15},
		{"before, same end", 5, 20},
		{"before, ends behind", 5, 25},
		{"same start, shorter", 10, 15},
		{"the same", 10, 20},
		{"same start, longer", 10, 25},
		{"inside", 12, 18},
		{"inside, same end", 12, 20},
		{"inside, ends behind", 12, 25},
	}
	// By kind: n, the new copy stays; o, the old one.
	for _, tt := range []struct {
		name   string
		policy Policy
		want   string
	}{
		{"bsd", PolicyBSD, "nnn ooo ooo"},
		{"old linux", PolicyOldLinux, "nnn onn ooo"},
		{"linux", PolicyLinux, "nnn oon ooo"},
		{"solaris", PolicySolaris, "onn onn oon"},
		{"hpux10", PolicyHPUX10, "nnn ooo ooo"},
		{"hpux11", PolicyHPUX11, "onn onn oon"},
		{"irix", PolicyIRIX, "nnn ooo ooo"},
		{"macos", PolicyMacOS, "nnn ooo ooo"},
		{"windows", PolicyWindows, "nnn ooo ooo"},
		{"vista", PolicyVista, "ooo ooo ooo"},
		{"windows 2003", PolicyWindows2K3, "nnn ooo ooo"},
		{"first", PolicyFirst, "ooo ooo ooo"},
		{"last", PolicyLast, "nnn nnn nnn"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := strings.ReplaceAll(tt.want, " ", "")
			for i, k := range kinds {
				var d data
				var p buffer.Pool
				d.insert(&p, 10, bytes.Repeat([]byte{'o'}, 10), tt.policy)
				r := d.insert(&p, k.off, bytes.Repeat([]byte{'n'}, int(k.end-k.off)), tt.policy)
				if !r.overlap || !r.differs {
					t.Errorf("%s: %+v, want an overlap that differs", k.name, r)
				}
				d.insert(&p, 0, bytes.Repeat([]byte{'.'}, 5), tt.policy)
				d.insert(&p, 5, bytes.Repeat([]byte{'.'}, 5), PolicyFirst)
				for off := max(k.off, 10); off < min(k.end, 20); off++ {
					if got := d.held()[off]; got != want[i] {
						t.Errorf("%s: offset %d is %q, want %q", k.name, off, got, want[i])
						break
					}
				}
				d.release(&p)
				if p.InUse != 0 {
					t.Errorf("%s: %d bytes are held after release", k.name, p.InUse)
				}
			}
		})
	}
}

// TestOverlapOfSeveral puts a segment over three, of which the policy keeps
// those that begin before it.
func TestOverlapOfSeveral(t *testing.T) {
	var d data
	var p buffer.Pool
	for _, s := range []struct {
		off uint64
		b   string
	}{{10, "aaaa"}, {16, "bbbb"}, {22, "cccc"}, {12, "XXXXXXXXXXXX"}, {0, ".........."}} {
		d.insert(&p, s.off, []byte(s.b), PolicyBSD)
	}
	if got, want := string(d.held()), "..........aaaaXXXXXXXXXXcc"; got != want {
		t.Errorf("held %q, want %q", got, want)
	}
	if len(d.ooo) != 0 {
		t.Errorf("%d blocks beyond a hole, want none", len(d.ooo))
	}
}
