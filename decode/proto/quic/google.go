package quic

import (
	"encoding/binary"
	"slices"

	"weir/decode/cursor"
	"weir/decode/field"
)

// google is what the client hello of Google's versions says.
type google struct {
	ok      bool
	tags    []byte // four bytes each, in their order
	sni, ua []byte
	cyu     []byte // version and tags, made from the above
	hash    []byte
}

func (g *google) reset() {
	*g = google{tags: g.tags[:0], sni: g.sni[:0], ua: g.ua[:0], cyu: g.cyu[:0], hash: g.hash[:0]}
}

// Versions of Google's from which on the hello is read and has a fingerprint, and
// the last in the clear.
const (
	versionQ039 = 0x51303339
	versionQ043 = 0x51303433
	versionQ046 = 0x51303436
)

// public handles a packet with Google's public header: flags, connection ID, version,
// number of the packet.
func (p *parser) public(dir field.Dir, b []byte) {
	t := p.open(dir, be32(b[9:]))
	size := [4]int{1, 2, 4, 6}[b[0]>>4&3]
	if be32(b[9:]) >= versionQ039 {
		t.google.find(b[min(len(b), 13+size):])
		t.google.name(t.version)
	}
}

// long46 handles a packet of Q046, with a long header of its own.
func (p *parser) long46(dir field.Dir, version uint32, c *cursor.Cursor) {
	t := p.open(dir, version)
	if version > versionQ046 {
		return // encrypted
	}
	c.Skip(1 + 8 + 4)
	t.google.find(c.Rest())
	t.google.name(t.version)
}

// maxTags bounds the tags of a hello.
const maxTags = 128

// find looks for a client hello: CHLO, the number of tags, tags with the ends of their
// values, the values.
func (g *google) find(b []byte) {
	at := -1
	for i := 0; i+8 <= min(len(b), 64); i++ {
		if string(b[i:i+4]) == "CHLO" {
			at = i
			break
		}
	}
	if at < 0 {
		return
	}
	c := cursor.New(b[at+4:])
	n := int(c.LE16())
	c.Skip(2)
	list := c.Bytes(8 * n)
	if n > maxTags || c.Short() {
		return
	}
	values := c.Rest()
	start := 0
	for i := range n {
		tag := list[8*i : 8*i+4]
		end := int(binary.LittleEndian.Uint32(list[8*i+4:]))
		if end < start || end > len(values) {
			return
		}
		g.tags = append(g.tags, tag...)
		switch string(tag) {
		case "SNI\x00":
			g.sni = append(g.sni[:0], values[start:end]...)
		case "UAID":
			g.ua = append(g.ua[:0], values[start:end]...)
		}
		start = end
	}
	g.ok = true
}

// name makes the fingerprint CYU: the number of the version, and the tags.
func (g *google) name(version [4]byte) {
	if !g.ok || be32(version[:]) < versionQ043 {
		return
	}
	g.cyu = append(append(g.cyu[:0], version[2:]...), ',')
	for i := 0; i < len(g.tags); i += 4 {
		if i > 0 {
			g.cyu = append(g.cyu, '-')
		}
		for _, x := range g.tags[i : i+4] {
			if x != 0 {
				g.cyu = append(g.cyu, x)
			}
		}
	}
	g.hash = appendMD5(slices.Grow(g.hash[:0], 32), g.cyu)
}
