package flow

import (
	"syscall"
	"unsafe"
)

// memory is a range of zeroed bytes outside the Go heap.
type memory struct {
	whole []byte // as it was mapped
	base  unsafe.Pointer
}

// hugePage is the size of a large page, bytes.
const hugePage = 2 << 20

// mapMemory returns n bytes, aligned to a page. Pages that are never touched cost
// nothing. huge asks for large pages, and for their alignment.
func mapMemory(n int, huge bool) memory {
	size := n
	if huge {
		size += hugePage
	}
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		b = make([]byte, size)
	}
	m := memory{b, unsafe.Pointer(unsafe.SliceData(b))}
	if huge && err == nil {
		const madvHugePage = 14 // madvise(2)
		skip := -int(uintptr(m.base)) & (hugePage - 1)
		m.base = unsafe.Add(m.base, skip)
		_ = syscall.Madvise(b[skip:skip+n], madvHugePage) // advice: where it is refused, small pages do
	}
	return m
}

// unmap gives the memory back.
func (m memory) unmap() {
	_ = syscall.Munmap(m.whole) // refused for memory of the heap, which the collector frees
}
