package pcaplog

import (
	"testing"

	"weir/decode/packet"
)

func TestHeld(t *testing.T) {
	var h Held
	add := func(flow int64, dir int, end uint32, data string) {
		h.Add(flow, dir, end, &packet.Frame{Data: []byte(data)})
	}
	taken := func(flow int64) (all string) {
		h.Take(flow, func(f *packet.Frame) { all += string(f.Data) })
		return all
	}
	add(1, 0, 0xffffffff, "a")
	add(1, 1, 10, "b")
	add(1, 0, 5, "c")
	add(2, 0, 7, "d")
	h.Prune(1, [2]uint32{2, 0}) // the numbers have wrapped
	if got := taken(1); got != "bc" {
		t.Errorf("taken %q, want bc", got)
	}
	add(1, 0, 9, "e")
	if got := taken(1); got != "" {
		t.Errorf("taken again %q, want nothing", got)
	}
	h.Drop(1)
	h.Drop(3)
	if h.size != 1 || len(h.flows) != 1 {
		t.Errorf("%d bytes of %d connections held, want 1 of 1", h.size, len(h.flows))
	}
	for range maxHeldFlow/1000 + 5 {
		h.Add(4, 0, 1, &packet.Frame{Data: make([]byte, 1000)})
	}
	if h.size > maxHeldFlow+1 {
		t.Errorf("%d bytes held, want at most %d", h.size, maxHeldFlow+1)
	}
}
