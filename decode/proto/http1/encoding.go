package http1

import (
	"bytes"

	"weir/decode/field"
	"weir/decode/proto/internal/decompress"
)

const (
	// maxLayers bounds the codings of one body where the configuration does not.
	maxLayers = 16
	// bombRatio is the growth from which on a body beyond compression-bomb-limit
	// is taken for an attack.
	bombRatio = 2048
	// maxFirst bounds what a layer keeps of its input until it has made sense of
	// it, bytes.
	maxFirst = 8 << 10
	// failures are the attempts at reading a body in another way that Suricata
	// reports when it finds none.
	failures = 4
)

// codings are the content codings of a message that are undone, the last one
// applied first.
type codings struct {
	layers []layer
	bomb   bool // nothing more is decoded
}

// layer undoes one coding and hands on to the next.
type layer struct {
	dec   decompress.Decoder
	kind  codingKind
	plain bool // the coding was not there: bytes pass as they are
	first []byte

	p   *parser
	t   *Tx
	dir field.Dir
	at  int // place in codings.layers
}

func (c *codings) active() bool { return len(c.layers) > 0 }

// lose lets bytes pass undecoded from now on: some are missing.
func (c *codings) lose() {
	for i := range c.layers {
		c.layers[i].plain = true
	}
}

// reset gives the decoders back.
func (c *codings) reset() {
	for i := range c.layers {
		l := &c.layers[i]
		if l.dec != nil {
			l.dec.Release()
		}
		*l = layer{first: l.first[:0]}
	}
	c.layers, c.bomb = c.layers[:0], false
}

// startCodings reads the Content-Encoding header (RFC 9110 section 8.4).
func (p *parser) startCodings(t *Tx, dir field.Dir) {
	m := t.side(dir)
	m.codings.reset()
	h := m.header("content-encoding")
	if h == nil {
		return
	}
	v := m.at(h.value)
	if k := p.coding(v); k != unknownCoding {
		p.addCoding(t, dir, k)
		return
	}
	if dir == toServer {
		return // of requests one coding is undone
	}
	layers := 0
	for len(v) > 0 {
		end := bytes.IndexAny(v, ", ")
		if end < 0 {
			end = len(v)
		}
		word := v[:end]
		v = v[min(end+1, len(v)):]
		if len(word) == 0 {
			continue
		}
		layers++
		if limit := p.cfg.layers; limit > 0 && layers > limit || layers > maxLayers {
			t.AddEvent(evTooManyLayers, dir)
			return
		}
		p.addCoding(t, dir, p.looseCoding(t, dir, word))
	}
}

type codingKind uint8

const (
	unknownCoding codingKind = iota
	noCoding
	gzipCoding
	deflateCoding
	brotliCoding
	lzmaCoding
)

// coding reads the name of a content coding.
func (p *parser) coding(name []byte) codingKind {
	switch {
	case equal0(name, "gzip"), equal0(name, "x-gzip"):
		return gzipCoding
	case equal0(name, "deflate"), equal0(name, "x-deflate"):
		return deflateCoding
	case equalFold(name, "br") && !p.cfg.v7:
		return brotliCoding
	case equal0(name, "lzma"):
		return lzmaCoding
	case len(name) == 0, equal0(name, "inflate"), equal0(name, "identity") && !p.cfg.v7:
		return noCoding
	}
	return unknownCoding
}

// looseCoding reads one word of a longer header.
func (p *parser) looseCoding(t *Tx, dir field.Dir, word []byte) codingKind {
	k := p.coding(word)
	if k != unknownCoding {
		return k
	}
	t.warn(evAbnormalCE, dir)
	switch {
	case indexFold(word, "gzip") >= 0:
		return gzipCoding
	case indexFold(word, "deflate") >= 0:
		return deflateCoding
	}
	return noCoding
}

// addCoding puts a decoder in front of the others.
func (p *parser) addCoding(t *Tx, dir field.Dir, k codingKind) {
	var dec decompress.Decoder
	switch k {
	case gzipCoding, deflateCoding:
		dec = decompress.NewFlate()
	case brotliCoding:
		dec = decompress.NewBrotli()
	case lzmaCoding:
		if !p.cfg.lzma {
			return
		}
		dec = decompress.NewLZMA(p.cfg.lzmaMem)
	default:
		return
	}
	c := &t.side(dir).codings
	n := len(c.layers)
	if n < cap(c.layers) {
		c.layers = c.layers[:n+1]
	} else {
		c.layers = append(c.layers, layer{})
	}
	c.layers[n] = layer{dec: dec, kind: k, first: c.layers[n].first[:0], p: p, t: t, dir: dir, at: n}
}

// uncode gives bytes of a body to its decoders. It returns false if the
// connection is not to be parsed any further.
func (p *parser) uncode(t *Tx, dir field.Dir, b []byte) bool {
	c := &t.side(dir).codings
	if c.bomb {
		return true
	}
	c.layers[len(c.layers)-1].write(b)
	return !c.bomb
}

// finishCodings hands on what the decoders held back.
func (p *parser) finishCodings(t *Tx, dir field.Dir) {
	c := &t.side(dir).codings
	for i := len(c.layers) - 1; i >= 0 && !c.bomb; i-- {
		l := &c.layers[i]
		if l.plain {
			continue
		}
		if err := l.dec.Finish(l); err != nil {
			l.failed(err, nil)
		}
	}
}

// write takes input of the layer.
func (l *layer) write(b []byte) {
	if l.plain {
		l.pass(b)
		return
	}
	if !l.dec.Started() && len(l.first)+len(b) <= maxFirst {
		l.first = append(l.first, b...)
	}
	began := l.dec.Started()
	if err := l.dec.Write(b, l); err != nil {
		l.failed(err, b)
	}
	if f, ok := l.dec.(*decompress.Flate); ok && !began && l.dec.Started() && l.kind == deflateCoding && f.Wrapped() {
		// Deflate with a header is found at the second attempt.
		l.t.warn(evGzipFailed, l.dir)
		l.t.warn(evGzipFailed, l.dir)
	}
}

// failed lets the input pass undecoded from now on: from its beginning if
// nothing could be made of it, else from b on.
func (l *layer) failed(err error, b []byte) {
	// What is no coded data goes past the other decoders, too.
	for i := range l.at + 1 {
		l.t.side(l.dir).codings.layers[i].plain = true
	}
	if err == decompress.ErrMemory {
		l.t.AddEvent(evLZMAMemlimit, l.dir)
	} else {
		n := 1
		if !l.dec.Started() {
			n = failures
		}
		for range n {
			l.t.warn(evGzipFailed, l.dir)
		}
	}
	switch {
	case err == decompress.ErrChecksum:
	case !l.dec.Started() && len(l.first) >= len(b):
		l.pass(l.first)
	default:
		l.pass(b)
	}
}

// Decoded implements decompress.Sink.
func (l *layer) Decoded(b []byte) bool {
	l.pass(b)
	return !l.t.side(l.dir).codings.bomb
}

// pass hands bytes on to the next layer, or to the body.
func (l *layer) pass(b []byte) {
	if len(b) == 0 {
		return
	}
	m := l.t.side(l.dir)
	if l.at > 0 {
		m.codings.layers[l.at-1].write(b)
		return
	}
	l.p.decoded(l.t, l.dir, b)
	if cfg := l.p.cfg; m.entity > cfg.bomb && m.entity > bombRatio*m.wire || cfg.budget > 0 && m.entity > cfg.budget {
		l.t.AddEvent(evCompressionBomb, l.dir)
		m.codings.bomb = true
	}
}
