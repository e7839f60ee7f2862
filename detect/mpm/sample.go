package mpm

import (
	_ "embed"
	"math/rand/v2"
	"strings"
)

// The sample stands for ordinary traffic when windows are placed. It is made,
// not captured: texts of the kinds that networks carry, mixed from the words in
// sample.txt by a generator with a fixed seed, and noise where real traffic has
// numbers, identifiers, compressed and encrypted data.

//go:embed sample.txt
var sampleWords string

// textBytes is the size of each text.
const textBytes = 12 << 10

// A sampler mixes texts.
type sampler struct {
	r     *rand.Rand
	items map[string][]string
	b     []byte
}

// Kinds of texts, whose bytes differ.
const (
	nameText = iota
	headText
	proseText
	binaryText
	noiseText
	kinds
)

// A text is a piece of the sample.
type text struct {
	kind int
	b    []byte
}

// sample returns the texts.
func sample() []text {
	g := sampler{r: rand.New(rand.NewPCG(1, 2)), items: sampleItems()}
	var texts []text
	for _, t := range []struct {
		kind int
		mix  func()
	}{
		{nameText, g.names}, {nameText, g.uri}, {nameText, g.uri},
		{headText, g.request}, {headText, g.request}, {headText, g.response}, {headText, g.mail},
		{proseText, g.markup}, {proseText, g.markup}, {proseText, g.code}, {proseText, g.prose},
		{binaryText, g.packet}, {binaryText, g.tls}, {binaryText, g.smb}, {binaryText, g.executable},
		{noiseText, g.image},
	} {
		g.b = make([]byte, 0, textBytes+1024)
		for len(g.b) < textBytes {
			t.mix()
		}
		texts = append(texts, text{t.kind, g.b})
	}
	return texts
}

// sampleItems returns the lines of each section of sample.txt.
func sampleItems() map[string][]string {
	items := map[string][]string{}
	_, body, _ := strings.Cut(sampleWords, "\n== ")
	for sec := range strings.SplitSeq(body, "\n== ") {
		lines := strings.Split(strings.TrimSuffix(sec, "\n"), "\n")
		items[lines[0]] = lines[1:]
	}
	return items
}

func (g *sampler) put(parts ...string) {
	for _, p := range parts {
		g.b = append(g.b, p...)
	}
}

// one returns an item of the section.
func (g *sampler) one(section string) string {
	l := g.items[section]
	return l[g.r.IntN(len(l))]
}

// of returns n bytes of the alphabet.
func (g *sampler) of(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	digits = "0123456789"
	hexes  = digits + "abcdef"
	lowers = "abcdefghijklmnopqrstuvwxyz"
	base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + lowers + digits + "+/"
)

// token is what no dictionary has: numbers, hashes, session keys.
func (g *sampler) token() string {
	switch g.r.IntN(6) {
	case 0:
		return g.of(hexes, 8+g.r.IntN(25))
	case 1:
		return g.of(base64, 6+g.r.IntN(30))
	case 2:
		return g.of(lowers+digits, 3+g.r.IntN(10))
	case 3:
		return g.of(strings.ToUpper(hexes), 4+g.r.IntN(13))
	}
	return g.of(digits, 1+g.r.IntN(10))
}

// random puts n bytes as compression and encryption leave them.
func (g *sampler) random(n int) {
	for range n {
		g.b = append(g.b, byte(g.r.Uint32()))
	}
}

// host puts a name.
func (g *sampler) host() {
	if g.r.IntN(4) > 0 {
		g.put(g.one("host"), ".")
	}
	if g.r.IntN(4) == 0 {
		g.put(g.of(lowers+lowers+digits, 3+g.r.IntN(12)), ".")
	}
	g.put(g.one("domain"))
}

func (g *sampler) names() { g.host(); g.put("\n") }

// target puts a path and perhaps a query.
func (g *sampler) target() {
	for range 1 + g.r.IntN(4) {
		if g.r.IntN(6) == 0 {
			g.put("/", g.token())
		} else {
			g.put("/", g.one("path"))
		}
	}
	if g.r.IntN(3) > 0 {
		g.put(g.one("ext"))
	} else if g.r.IntN(2) > 0 {
		g.put("/")
	}
	if g.r.IntN(2) > 0 {
		g.query("?")
	}
}

// query puts parameters.
func (g *sampler) query(sep string) {
	for range 1 + g.r.IntN(6) {
		g.put(sep, g.one("param"), "=")
		switch g.r.IntN(4) {
		case 0:
			g.put(g.one("path"))
		case 1:
			g.put("http%3A%2F%2Fwww.", g.one("domain"), "%2F", g.one("path"), "%20", g.one("path"))
		default:
			g.put(g.token())
		}
		sep = "&"
	}
}

func (g *sampler) uri() { g.target(); g.put("\n") }

func (g *sampler) request() {
	post := g.r.IntN(4) == 0
	if post {
		g.put("POST ")
	} else {
		g.put("GET ")
	}
	g.target()
	g.put(" HTTP/1.1\r\nHost: ")
	g.host()
	g.put("\r\nUser-Agent: ", g.one("agent"), "\r\n")
	for range 3 + g.r.IntN(6) {
		g.put(g.one("request"), "\r\n")
	}
	if g.r.IntN(2) == 0 {
		g.put("Cookie: ", g.one("param"), "=", g.token(), "; ", g.one("param"), "=", g.token(), "\r\n")
	}
	g.put("\r\n")
	if post {
		g.query("")
	}
}

func (g *sampler) response() {
	g.put([]string{
		"HTTP/1.1 200 OK\r\n", "HTTP/1.1 304 Not Modified\r\n", "HTTP/1.1 302 Found\r\n",
		"HTTP/1.1 404 Not Found\r\n", "HTTP/1.0 200 OK\r\n", "HTTP/1.1 206 Partial Content\r\n",
	}[g.r.IntN(6)])
	for range 6 + g.r.IntN(8) {
		g.put(g.one("response"), "\r\n")
	}
	g.put("\r\n")
}

func (g *sampler) markup() {
	g.put(g.one("html"), "\n")
	switch g.r.IntN(5) {
	case 0:
		g.put("    <a href=\"http://")
		g.host()
		g.target()
		g.put("\">", g.one("path"), "</a>\n")
	case 1:
		g.put("<p>", g.one("prose"), "</p>\r\n")
	case 2:
		g.put("\t\t<script>", g.one("script"), "</script>")
	}
}

func (g *sampler) code() {
	g.put(g.one("script"), "\n")
	if g.r.IntN(3) == 0 {
		g.put("  \"", g.one("param"), "\": \"", g.token(), "\",\n")
	}
}

func (g *sampler) prose() { g.put(g.one("prose"), " ") }

func (g *sampler) mail() {
	g.put(g.one("line"), "\r\n")
	if g.r.IntN(8) == 0 {
		g.put(g.of(base64, 76), "\r\n", g.of(base64, 76), "\r\n")
	}
}

// packet puts datagrams: names as length and label, small numbers, counters.
func (g *sampler) packet() {
	g.random(2)
	g.put("\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	for _, l := range []string{g.one("host"), g.one("path"), "com"} {
		g.b = append(g.b, byte(len(l)))
		g.put(l)
	}
	g.put("\x00\x00\x01\x00\x01\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04")
	g.random(4)
	if g.r.IntN(3) == 0 {
		g.put(g.one("line"), "\r\n")
	}
	if g.r.IntN(3) == 0 {
		g.random(48)
	}
}

// tls puts hellos, certificates and ciphertext.
func (g *sampler) tls() {
	g.put("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
	g.random(32)
	g.put("\x20")
	g.random(32)
	g.put("\x00\x20\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30\xcc\xa9\xcc\xa8\xc0\x13\xc0\x14\x00\x9c\x00\x9d\x00\x2f\x00\x35\x00\x0a\x01\x00\x00\x00\x00")
	g.host()
	g.put("\x00\x0a\x00\x0a\x00\x08\x00\x1d\x00\x17\x00\x18\x00\x19\x00\x0b\x00\x02\x01\x00\x00\x23\x00\x00\x00\x10\x00\x0e\x00\x0c\x02h2\x08http/1.1\x00\x0d\x00\x14\x00\x12\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01\x02\x01")
	for range 3 {
		g.put("\x30\x82\x03\x55\x04\x03\x13", g.one("binary"), "\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02\x30\x1e\x17\x0d230101000000Z\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00")
	}
	g.put("\x17\x03\x03\x04\x00")
	g.random(400)
}

// smb puts headers with runs of zeros and text of two bytes a letter.
func (g *sampler) smb() {
	g.put("\x00\x00\x00\x90\xfeSMB\x40\x00\x01\x00\x00\x00\x00\x00\x05\x00\x01\x00\x00\x00\x00\x00\x00\x00")
	g.random(2)
	g.b = append(g.b, make([]byte, 8+g.r.IntN(40))...)
	g.put("\xffSMB\x72\x00\x00\x00\x00\x18\x53\xc8\xff\xff\xff\xff\xff\xfe")
	for _, c := range []byte(g.one("binary") + g.one("path")) {
		g.b = append(g.b, c, 0)
	}
	g.put("\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00\x01\x00\x00\x00\xb8\x10\xb8\x10")
	g.random(8)
}

// image puts compressed data with its marks.
func (g *sampler) image() {
	g.put("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x43\x00", g.one("binary"), "\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00")
	g.random(700)
	g.put("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03PK\x03\x04\x14\x00\x00\x00\x08\x00")
	g.random(700)
}

// executable puts code, tables and names.
func (g *sampler) executable() {
	g.put("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00\xb8\x00\x00\x00\x00\x00\x00\x00\x40\x00PE\x00\x00\x4c\x01\x05\x00")
	for range 6 {
		g.put(g.one("binary"), "\x00\x00", g.one("binary"), "\x00")
		g.b = append(g.b, make([]byte, 4+g.r.IntN(60))...)
		for range 20 {
			g.put([]string{
				"\x8b\x45\xfc", "\x55\x8b\xec", "\x83\xc4\x0c", "\xff\x15", "\x68", "\x6a\x00", "\xe8", "\x33\xc0", "\x89\x45",
				"\x8d\x85", "\x85\xc0\x74", "\x75", "\xc3\xcc\xcc\xcc", "\x5e\x5b\xc9\xc2", "\x50\x8b", "\x0f\x84", "\x00\x10\x40\x00",
			}[g.r.IntN(17)])
			g.random(g.r.IntN(4))
			g.put("\x00\x00\xff\xff"[g.r.IntN(4):])
		}
	}
}
