package mpm

import "bytes"

// Index returns the index of the first pat in buf, -1 if there is none. With
// nocase, ASCII letters match in either case and pat must be in lower case.
func Index(buf, pat []byte, nocase bool) int {
	if !nocase {
		return bytes.Index(buf, pat)
	}
	for i := 0; i+len(pat) <= len(buf); i++ {
		j := 0
		for j < len(pat) && lower(buf[i+j]) == pat[j] {
			j++
		}
		if j == len(pat) {
			return i
		}
	}
	return -1
}
