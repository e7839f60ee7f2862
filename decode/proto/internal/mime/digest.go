package mime

import (
	"crypto/md5"
	"hash"
)

// digest is the MD5 of a message's body.
type digest struct {
	h    hash.Hash // made at first use
	on   bool
	have bool
	out  [md5.Size]byte
}

func (d *digest) reset() { *d = digest{h: d.h} }

// Raw adds a line of the body, as it was sent, to the digest.
func (m *Mail) Raw(line []byte) {
	d := &m.digest
	if !d.on {
		if d.h == nil {
			d.h = md5.New()
		}
		d.h.Reset()
		d.on = true
	}
	d.h.Write(line)
}

// sum ends the body.
func (d *digest) sum() {
	if d.on {
		d.h.Sum(d.out[:0])
		d.have = true
	}
}

// Digest returns the MD5 of the body; ok is false before its end, or without one.
func (m *Mail) Digest() (sum []byte, ok bool) { return m.digest.out[:], m.digest.have }
