package flow

import "syscall"

// mapMemory returns n zeroed bytes outside the Go heap, aligned to a page. Pages
// that are never touched cost nothing. huge asks for large pages.
func mapMemory(n int, huge bool) []byte {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n)
	}
	if huge {
		const madvHugePage = 14              // madvise(2)
		_ = syscall.Madvise(b, madvHugePage) // advice: where it is refused, small pages do
	}
	return b
}

// unmapMemory gives back what mapMemory returned.
func unmapMemory(b []byte) {
	_ = syscall.Munmap(b) // refused for b from the heap, which the collector frees
}
