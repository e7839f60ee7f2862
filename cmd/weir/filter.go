package main

import (
	"fmt"

	"weir/decode/capture/bpf"
	"weir/decode/packet"
)

// frameFilter takes the frames that a filter fits out of batches. A filter is
// compiled for each link type that comes along. It serves one goroutine.
type frameFilter struct {
	text   string
	byLink map[packet.LinkType]*bpf.Filter // nil: cannot be filtered
	warn   func(format string, args ...any)
	num    uint64 // of the last frame taken
}

// newFrameFilter compiles a filter; nil is one that takes everything. What is
// wrong with the text is found here, by compiling it for Ethernet.
func newFrameFilter(text string, warn func(format string, args ...any)) (*frameFilter, error) {
	if text == "" {
		return nil, nil
	}
	f, err := bpf.Compile(text, packet.LinkEthernet)
	if err != nil {
		return nil, fmt.Errorf("filter %q: %w", text, err)
	}
	return &frameFilter{text: text, warn: warn, byLink: map[packet.LinkType]*bpf.Filter{packet.LinkEthernet: f}}, nil
}

// take moves the frames that are taken to the front of the slice and returns
// them. Packets are numbered by what is taken, as if nothing else had been
// captured.
func (f *frameFilter) take(frames []packet.Frame) []packet.Frame {
	kept := frames[:0]
	for i := range frames {
		fr := &frames[i]
		if !f.takes(fr) {
			continue
		}
		f.num++
		fr.Num = f.num
		kept = append(kept, *fr)
	}
	return kept
}

// takes reports whether the filter takes a frame.
func (f *frameFilter) takes(fr *packet.Frame) bool {
	b := f.of(fr.Link)
	return b != nil && b.Takes(fr)
}

func (f *frameFilter) of(link packet.LinkType) *bpf.Filter {
	b, known := f.byLink[link]
	if !known {
		var err error
		if b, err = bpf.Compile(f.text, link); err != nil {
			f.warn("filter %q: %v; no packet of it is taken", f.text, err)
		}
		f.byLink[link] = b
	}
	return b
}
