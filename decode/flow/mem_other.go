//go:build !linux

package flow

// mapMemory returns n zeroed bytes.
func mapMemory(n int, _ bool) []byte { return make([]byte, n) }

// unmapMemory gives back what mapMemory returned.
func unmapMemory([]byte) {}
