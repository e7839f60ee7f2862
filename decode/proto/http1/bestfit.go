package http1

import "unicode/utf8"

// noFit stands for characters that nothing looks like.
const noFit = '?'

// bestFitRanges map characters above 255 to the byte that Windows servers of code
// page 1252 take for them, by runs: to holds one byte per character from first
// on, '?' where there is none. Characters that the code page has are not among
// them.
var bestFitRanges = [...]struct {
	first rune
	to    string
}{
	{0x0100, "AaAaAaCcCcCcCcDd?dEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKk?LlLlLl??LlNnNnNn"},
	{0x014c, "OoOoOo??RrRrRrSsSsSs??TtTtTtUuUuUuUuUuUuWwYy?Z?Zz"},
	{0x0180, "b"},
	{0x0197, "I??l"},
	{0x019f, "OOo"},
	{0x01ab, "t??TUu"},
	{0x01b6, "z"},
	{0x01c0, "|??!"},
	{0x01cd, "AaIiOoUuUuUuUuUu?Aa"},
	{0x01e4, "GgGgKkOoOo??j"},
	{0x0261, "g"},
	{0x02b9, "'\"?'"},
	{0x02c4, "^"},
	{0x02c8, "'??`?_"},
	{0x0300, "`?^~"},
	{0x030e, "\""},
	{0x0331, "__"},
	{0x037e, ";"},
	{0x0393, "G"},
	{0x0398, "T"},
	{0x03a3, "S??F??O"},
	{0x03b1, "a??de"},
	{0x03c0, "p??st?f"},
	{0x04bb, "h"},
	{0x0589, ":"},
	{0x066a, "%"},
	{0x2000, "       "},
	{0x2010, "--"},
	{0x2017, "="},
	{0x2032, "'??`"},
	{0x2044, "/"},
	{0x2074, "45678"},
	{0x207f, "n0123456789"},
	{0x20a7, "P"},
	{0x2102, "C"},
	{0x2107, "E??gHHHh?IILl?N??PPQRRR"},
	{0x2124, "Z"},
	{0x2128, "Z?K?BCeeEF?Mo"},
	{0x2212, "-??/\\*??v"},
	{0x221e, "8"},
	{0x2223, "|"},
	{0x2229, "n"},
	{0x2236, ":"},
	{0x223c, "~"},
	{0x2261, "=??=="},
	{0x2303, "^"},
	{0x2320, "()"},
	{0x2329, "<>"},
	{0x2500, "-"},
	{0x250c, "+"},
	{0x2510, "+"},
	{0x2514, "+"},
	{0x2518, "+"},
	{0x251c, "+"},
	{0x252c, "-"},
	{0x2534, "-"},
	{0x253c, "+"},
	{0x2550, "-?++++++++++++"},
	{0x2564, "------+++"},
	{0x2584, "_"},
	{0x2758, "|"},
	{0x3000, " "},
	{0x3008, "<>"},
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
// What is not UTF-8 becomes a question mark.
func bestFitUTF8(b []byte, off int) []byte {
	i := off
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	w := i
	for i < len(b) {
		r, n, ok := decodeUTF8(b[i:])
		if !ok && i+n == len(b) && b[i] >= 0xc0 && b[i] < 0xf8 {
			break // cut at the end
		}
		b[w] = noFit
		if ok {
			b[w] = bestFit(r)
		}
		w, i = w+1, i+n
	}
	return b[:w]
}

// decodeUTF8 reads one character, of overlong form too: servers that decode
// carelessly were attacked with those. If there is none, n is the length of what
// could have been the beginning of one, at least 1.
func decodeUTF8(b []byte) (r rune, n int, ok bool) {
	c := b[0]
	size := 0
	switch {
	case c < 0x80:
		return rune(c), 1, true
	case c&0xe0 == 0xc0:
		r, size = rune(c&0x1f), 2
	case c&0xf0 == 0xe0:
		r, size = rune(c&0x0f), 3
	case c&0xf8 == 0xf0:
		r, size = rune(c&0x07), 4
	default:
		return 0, 1, false
	}
	for n = 1; n < size; n++ {
		if n == len(b) || b[n]&0xc0 != 0x80 {
			return 0, n, false
		}
		r = r<<6 | rune(b[n]&0x3f)
	}
	return r, size, true
}
