package event

import (
	"net/netip"
	"strconv"
	"time"
	"unicode/utf8"
)

// The functions here append JSON to b and return it. A member function writes
// the comma it needs by looking at the byte before: none behind '{' and '['.

// comma appends a comma unless an object or array has just been opened.
func comma(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '{' && b[n-1] != '[' {
		return append(b, ',')
	}
	return b
}

// Key appends a member name. key must need no escape.
func Key(b []byte, key string) []byte {
	b = comma(b)
	b = append(b, '"')
	b = append(b, key...)
	return append(b, '"', ':')
}

// Open begins an object member; Close ends it.
func Open(b []byte, key string) []byte { return append(Key(b, key), '{') }

// Close ends an object.
func Close(b []byte) []byte { return append(b, '}') }

// OpenArray begins an array member; CloseArray ends it.
func OpenArray(b []byte, key string) []byte { return append(Key(b, key), '[') }

// CloseArray ends an array.
func CloseArray(b []byte) []byte { return append(b, ']') }

// OpenElem begins an object within an array.
func OpenElem(b []byte) []byte { return append(comma(b), '{') }

// Str appends a string member.
func Str(b []byte, key, v string) []byte { return Quote(Key(b, key), v) }

// Bytes appends a string member made of bytes from the wire; see Quote for
// what becomes of bytes that are not UTF-8.
func Bytes(b []byte, key string, v []byte) []byte { return Quote(Key(b, key), v) }

// Uint appends a number member.
func Uint(b []byte, key string, v uint64) []byte { return strconv.AppendUint(Key(b, key), v, 10) }

// Int appends a number member.
func Int(b []byte, key string, v int64) []byte { return strconv.AppendInt(Key(b, key), v, 10) }

// Bool appends a boolean member.
func Bool(b []byte, key string, v bool) []byte { return strconv.AppendBool(Key(b, key), v) }

// Float appends a number member with up to six decimals.
func Float(b []byte, key string, v float64) []byte {
	return strconv.AppendFloat(Key(b, key), v, 'f', -1, 64)
}

// Raw appends a member whose value is JSON already.
func Raw(b []byte, key string, v []byte) []byte { return append(Key(b, key), v...) }

// Time appends a time stamp member; see AppendTime.
func Time(b []byte, key string, ns int64) []byte {
	b = append(Key(b, key), '"')
	return append(AppendTime(b, ns), '"')
}

// Addr appends an address member; see AppendAddr.
func Addr(b []byte, key string, a netip.Addr) []byte {
	b = append(Key(b, key), '"')
	return append(AppendAddr(b, a), '"')
}

// Hex appends bytes as a string member of hexadecimal digits with sep between
// the bytes (":" for fingerprints and hardware addresses, "" for hashes).
func Hex(b []byte, key string, v []byte, sep string) []byte {
	b = append(Key(b, key), '"')
	return append(AppendHex(b, v, sep), '"')
}

// ElemStr appends a string to an array.
func ElemStr(b []byte, v string) []byte { return Quote(comma(b), v) }

// ElemBytes appends a string made of bytes from the wire to an array.
func ElemBytes(b, v []byte) []byte { return Quote(comma(b), v) }

// ElemUint appends a number to an array.
func ElemUint(b []byte, v uint64) []byte { return strconv.AppendUint(comma(b), v, 10) }

// ElemHex appends v as hexadecimal digits, with sep between the bytes, to an array.
func ElemHex(b, v []byte, sep string) []byte {
	return append(AppendHex(append(comma(b), '"'), v, sep), '"')
}

const hexDigits = "0123456789abcdef"

// AppendHex appends v as hexadecimal digits with sep between the bytes.
func AppendHex(b, v []byte, sep string) []byte {
	for i, c := range v {
		if i > 0 {
			b = append(b, sep...)
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}

// escapes holds for each byte below 0x80 the letter behind the backslash, 'u'
// for \u00XX, or 0 if it stands for itself.
var escapes = func() (t [128]byte) {
	for c := range 0x20 {
		t[c] = 'u'
	}
	t['\b'], t['\t'], t['\n'], t['\f'], t['\r'] = 'b', 't', 'n', 'f', 'r'
	t['"'], t['\\'] = '"', '\\'
	return t
}()

// Quote appends v as a JSON string. Text that is not valid UTF-8 is written
// byte by byte, bytes from 0x80 on as the four characters \xHH (with the
// backslash escaped), as Suricata does.
func Quote[T string | []byte](b []byte, v T) []byte {
	b = append(b, '"')
	start, high, valid := 0, false, false
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c >= utf8.RuneSelf {
			high = !valid
			continue
		}
		e := escapes[c]
		if e == 0 {
			continue
		}
		if high {
			if !validUTF8(v) {
				return quoteBytes(b, v, start)
			}
			high, valid = false, true
		}
		b = append(b, v[start:i]...)
		b = appendEscape(b, c, e)
		start = i + 1
	}
	if high && !validUTF8(v) {
		return quoteBytes(b, v, start)
	}
	b = append(b, v[start:]...)
	return append(b, '"')
}

// validUTF8 reports whether all of v is UTF-8.
func validUTF8[T string | []byte](v T) bool {
	switch v := any(v).(type) {
	case string:
		return utf8.ValidString(v)
	case []byte:
		return utf8.Valid(v)
	}
	return false
}

// quoteBytes ends what Quote began, from byte start of v on. What stands
// before start is ASCII.
func quoteBytes[T string | []byte](b []byte, v T, start int) []byte {
	for i := start; i < len(v); i++ {
		c := v[i]
		switch {
		case c >= utf8.RuneSelf:
			b = append(b, '\\', '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		case escapes[c] != 0:
			b = appendEscape(b, c, escapes[c])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

func appendEscape(b []byte, c, e byte) []byte {
	if e == 'u' {
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(b, '\\', e)
}

// AppendPrintable appends v with every byte outside the printable ASCII range
// as '.', but for line ends, as payload_printable shows it. The result still
// needs Quote.
func AppendPrintable(b, v []byte) []byte {
	for _, c := range v {
		if c < 0x20 && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f {
			c = '.'
		}
		b = append(b, c)
	}
	return b
}

// AppendTime appends ns since the epoch as 2006-01-02T15:04:05.000000+0000,
// always UTC.
func AppendTime(b []byte, ns int64) []byte {
	t := time.Unix(0, ns).UTC()
	y, mo, d := t.Date()
	h, mi, s := t.Clock()
	b = digits(b, y, 4)
	b = digits(append(b, '-'), int(mo), 2)
	b = digits(append(b, '-'), d, 2)
	b = digits(append(b, 'T'), h, 2)
	b = digits(append(b, ':'), mi, 2)
	b = digits(append(b, ':'), s, 2)
	b = digits(append(b, '.'), t.Nanosecond()/1000, 6)
	return append(b, "+0000"...)
}

// digits appends v with n digits, zeros in front.
func digits(b []byte, v, n int) []byte {
	at := len(b)
	for range n {
		b = append(b, '0')
	}
	for i := at + n - 1; i >= at; i-- {
		b[i] = byte('0' + v%10)
		v /= 10
	}
	return b
}

// AppendAddr appends an address: IPv4 with dots, IPv6 as eight groups of four
// digits, as Suricata writes it. An invalid address is left out.
func AppendAddr(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		return b
	}
	if a.Is4() || a.Is4In6() {
		return a.Unmap().AppendTo(b)
	}
	v := a.As16()
	for i, c := range v {
		if i > 0 && i&1 == 0 {
			b = append(b, ':')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b
}
