package stream

import (
	"testing"
	"unsafe"
)

// TestSessionSize keeps what a session counts towards its memory cap true.
func TestSessionSize(t *testing.T) {
	if got := unsafe.Sizeof(session{}); got > sessionSize {
		t.Errorf("a session takes %d bytes and counts as %d", got, sessionSize)
	}
}
