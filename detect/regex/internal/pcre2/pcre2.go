//go:build pcre2 && cgo

// Package pcre2 calls PCRE2, as the oracle of the tests of package regex. It needs
// cgo, libpcre2-dev and the build tag pcre2, and is no part of the product.
package pcre2

/*
#cgo LDFLAGS: -lpcre2-8
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
static pcre2_code *compile(const char *p, size_t n, unsigned opt, int *e, size_t *o) {
	return pcre2_compile((PCRE2_SPTR)p, n, opt, e, o, NULL);
}
static int match(pcre2_code *c, const char *b, size_t n, size_t start, pcre2_match_data *md) {
	return pcre2_match(c, (PCRE2_SPTR)b, n, start, 0, md, NULL);
}
static void message(int e, char *buf, size_t n) { pcre2_get_error_message(e, (PCRE2_UCHAR *)buf, n); }
*/
import "C"

import (
	"fmt"
	"unsafe"
)

// Regexp is a compiled pattern.
type Regexp struct {
	code *C.pcre2_code
	data *C.pcre2_match_data
}

// options by the letters of rules.
var options = map[rune]C.uint{
	'i': C.PCRE2_CASELESS, 'm': C.PCRE2_MULTILINE, 's': C.PCRE2_DOTALL, 'x': C.PCRE2_EXTENDED,
	'A': C.PCRE2_ANCHORED, 'E': C.PCRE2_DOLLAR_ENDONLY, 'G': C.PCRE2_UNGREEDY,
}

// Compile compiles pattern with flag letters.
func Compile(pattern, flags string) (*Regexp, error) {
	var opt C.uint
	for _, f := range flags {
		opt |= options[f]
	}
	p := C.CString(pattern)
	defer C.free(unsafe.Pointer(p))
	var code C.int
	var at C.size_t
	c := C.compile(p, C.size_t(len(pattern)), opt, &code, &at)
	if c == nil {
		var msg [256]C.char
		C.message(code, &msg[0], 256)
		return nil, fmt.Errorf("offset %d: %s", at, C.GoString(&msg[0]))
	}
	return &Regexp{c, C.pcre2_match_data_create_from_pattern_8(c, nil)}, nil
}

// Match returns the bounds of the match and of its groups, -1 for those that took
// no part. bounds is nil without a match; failed says that PCRE2 gave up.
func (r *Regexp) Match(b []byte, start int) (bounds []int, failed bool) {
	n := C.match(r.code, (*C.char)(unsafe.Pointer(unsafe.SliceData(b))), C.size_t(len(b)), C.size_t(start), r.data)
	if n <= 0 {
		return nil, n < -1
	}
	count := int(C.pcre2_get_ovector_count_8(r.data)) * 2
	for i, v := range unsafe.Slice(C.pcre2_get_ovector_pointer_8(r.data), count) {
		if i >= 2*int(n) {
			v = ^C.size_t(0)
		}
		bounds = append(bounds, int(v))
	}
	return bounds, false
}

// Free releases r.
func (r *Regexp) Free() {
	C.pcre2_match_data_free_8(r.data)
	C.pcre2_code_free_8(r.code)
}
