package regex

import (
	"strings"
	"testing"
)

// BenchmarkMatch measures kinds of patterns that rules have, most of them on
// buffers in which they fail late or not at once.
func BenchmarkMatch(b *testing.B) {
	uri := "/wp-content/plugins/gallery/view.php?id=1234&session=deadbeefdeadbeef&next=%2Findex.html"
	header := "Host: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\nCookie: a=1; b=22; c=333\r\n"
	body := strings.Repeat("<p class=\"x\">The quick brown fox jumps over the lazy dog 12345</p>\n", 20)
	for _, bb := range []struct {
		name, pattern, flags, in string
		want                     bool
	}{
		{"literal missing", `\.exe\?[a-f0-9]{32}$`, "", uri, false},
		{"anchored", `^/[a-z]{5}/\d+\.php$`, "", uri, false},
		{"pairs", `[?&]session=[a-f0-9]{16}(?:&|$)`, "", uri, true},
		{"case-blind", `user-agent\x3a[^\r\n]+linux`, "i", header, true},
		{"lines", `^Cookie: (?:[a-z]=\d+; )+d=`, "m", header, false},
		{"reference", `(\w)=\d+; \w=(\d)\2(?!\d)`, "", header, true},
		{"alternatives", `(?:cmd|powershell|wscript|mshta)\.exe`, "i", body, false},
		{"open end", `class=.*?onload=[^>]+>`, "s", body, false},
		{"nested repeats", `(?:[a-z]+ ?)+[0-9]{6}`, "", body, false},
	} {
		b.Run(bb.name, func(b *testing.B) {
			p := compileTest(b, bb.pattern, bb.flags)
			in := []byte(bb.in)
			var m Machine
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := p.Match(in, 0, &m); ok != bb.want || err != nil {
					b.Fatalf("got %v, %v; want %v", ok, err, bb.want)
				}
			}
		})
	}
}
