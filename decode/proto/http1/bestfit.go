package http1

import "unicode/utf8"

// noFit stands for characters that nothing looks like.
const noFit = '?'

// bestFitRanges map characters above 255 to those of Windows code page 1252 that
// Windows servers take for them, by runs: to holds one byte per character from
// first on, '?' where there is none.
var bestFitRanges = [...]struct {
	first rune
	to    string
}{
	{0x0100, "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKk?LlLlLl??LlNnNnNn???OoOoOo\x8c\x9cRrRrRrSsSsSs\x8a\x9aTtTtTtUuUuUuUuUuUuWwYy\x9fZzZz\x8e\x9e"},
	{0x0180, "b????????\xd0"},
	{0x0191, "\x83\x83"},
	{0x0197, "I"},
	{0x019a, "l"},
	{0x019f, "OOo"},
	{0x01ab, "t"},
	{0x01ae, "TUu"},
	{0x01b6, "z"},
	{0x01c0, "|??!"},
	{0x01cd, "AaIiOoUuUuUuUuUu?Aa"},
	{0x01e4, "GgGgKkOoOo"},
	{0x01f0, "j"},
	{0x0261, "g"},
	{0x02b9, "'\"\x92'???\x88??\xb4`^"},
	{0x02cd, "_"},
	{0x02da, "\xb0?\x98"},
	{0x0300, "`\xb4^~\xaf???\xa8?\xb0???\""},
	{0x037e, ";"},
	{0x0393, "G"},
	{0x0398, "T"},
	{0x03a3, "S"},
	{0x03a6, "F"},
	{0x03a9, "O"},
	{0x03b1, "a"},
	{0x03b4, "de"},
	{0x03c0, "p"},
	{0x03c3, "st"},
	{0x03c6, "f"},
	{0x04bb, "h"},
	{0x0589, ":"},
	{0x066a, "%"},
	{0x2000, "       "},
	{0x2010, "--"},
	{0x2013, "\x96\x97"},
	{0x2017, "=\x91\x92\x82"},
	{0x201c, "\x93\x94\x84"},
	{0x2020, "\x86\x87\x95?\xb7?\x85"},
	{0x2030, "\x89?'???`??\x8b\x9b"},
	{0x2044, "/"},
	{0x2070, "\xb0"},
	{0x2074, "456789"},
	{0x207f, "n"},
	{0x2080, "0123456789"},
	{0x20a1, "\xa2?\xa3?\xa3?P"},
	{0x20ac, "\x80"},
	{0x2102, "C"},
	{0x2107, "E"},
	{0x210a, "gHHHh"},
	{0x2110, "IILl"},
	{0x2115, "N"},
	{0x2118, "PPQRRR"},
	{0x2122, "\x99"},
	{0x2124, "Z"},
	{0x2128, "Z"},
	{0x212a, "K\xc5BCeeEF?M"},
	{0x2134, "o"},
	{0x2205, "\xd8"},
	{0x2212, "-\xb1"},
	{0x2215, "/\\*\xb0\xb7v"},
	{0x221e, "8"},
	{0x2223, "|"},
	{0x2229, "n"},
	{0x2236, ":"},
	{0x223c, "~"},
	{0x2248, "\x98"},
	{0x2261, "="},
	{0x2264, "=="},
	{0x226a, "\xab\xbb"},
	{0x22c5, "\xb7"},
	{0x2302, "\x7f"},
	{0x2303, "^"},
	{0x2320, "()"},
	{0x2329, "<>"},
	{0x2500, "-?\xa6"},
	{0x250c, "+???+???+???+???+???????+???????-???????-???????+"},
	{0x2550, "-\xa6++++++++++++++++++++++++++"},
	{0x2580, "\xaf???_???\xa6???\xa6?????\xa6??"},
	{0x25a0, "\xa6"},
	{0x263c, "\xa4"},
	{0x2758, "|"},
	{0x3000, " "},
	{0x3007, "O<>\xab\xbb"},
	{0x301a, "[]"},
	{0xff01, "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"},
}

// bestFit returns the byte that stands for a character.
func bestFit(r rune) byte {
	if r < 256 {
		return byte(r)
	}
	for i := len(bestFitRanges) - 1; i >= 0; i-- {
		if m := &bestFitRanges[i]; r >= m.first {
			if int(r-m.first) < len(m.to) {
				return m.to[r-m.first]
			}
			return noFit
		}
	}
	return noFit
}

// bestFitUTF8 brings the UTF-8 characters of b from off on to one byte each.
// Bytes that are not UTF-8 stay.
func bestFitUTF8(b []byte, off int) []byte {
	i := off
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	w := i
	for i < len(b) {
		r, n := decodeUTF8(b[i:])
		if n == 0 {
			b[w] = b[i]
			w, i = w+1, i+1
			continue
		}
		b[w] = bestFit(r)
		w, i = w+1, i+n
	}
	return b[:w]
}

// decodeUTF8 reads one character, of overlong form too: servers that decode
// carelessly were attacked with those. n is 0 if there is none.
func decodeUTF8(b []byte) (r rune, n int) {
	c := b[0]
	switch {
	case c < 0x80:
		return rune(c), 1
	case c&0xe0 == 0xc0:
		r, n = rune(c&0x1f), 2
	case c&0xf0 == 0xe0:
		r, n = rune(c&0x0f), 3
	case c&0xf8 == 0xf0:
		r, n = rune(c&0x07), 4
	default:
		return 0, 0
	}
	if len(b) < n {
		return 0, 0
	}
	for _, x := range b[1:n] {
		if x&0xc0 != 0x80 {
			return 0, 0
		}
		r = r<<6 | rune(x&0x3f)
	}
	return r, n
}
