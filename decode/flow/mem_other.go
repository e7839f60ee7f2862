//go:build !linux

package flow

import "unsafe"

// memory is a range of zeroed bytes.
type memory struct {
	whole []byte
	base  unsafe.Pointer
}

// mapMemory returns n bytes.
func mapMemory(n int, _ bool) memory {
	b := make([]byte, n)
	return memory{b, unsafe.Pointer(unsafe.SliceData(b))}
}

// unmap leaves the memory to the collector.
func (m memory) unmap() {}
