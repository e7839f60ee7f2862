package mpm

import (
	"bytes"
	"slices"
)

// naive returns the sorted ids that a scan of b at offset must report: matches
// that end behind minEnd.
func naive(ps []Pattern, b []byte, offset, minEnd int, end bool) []uint32 {
	var ids []uint32
	for i := range ps {
		p := &ps[i]
		for at := 0; at+len(p.Bytes) <= len(b); at++ {
			to := at + len(p.Bytes)
			if offset+at < p.Offset || p.Depth > 0 && offset+to > p.Depth || p.End && (!end || to != len(b)) || to <= minEnd {
				continue
			}
			g, w := b[at:to], p.Bytes
			if p.Nocase {
				g, w = lowered(g), lowered(w)
			}
			if bytes.Equal(g, w) {
				ids = append(ids, p.ID)
				break
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func lowered(b []byte) []byte {
	o := make([]byte, len(b))
	for i, c := range b {
		o[i] = lower(c)
	}
	return o
}

// sorted returns a copy of ids in order.
func sorted(ids []uint32) []uint32 {
	o := slices.Clone(ids)
	slices.Sort(o)
	return o
}
