package decompress

import (
	"errors"

	"github.com/andybalholm/brotli"
)

// errDry says that the input at hand is used up.
var errDry = errors.New("no input")

// Brotli decodes brotli (RFC 7932).
type Brotli struct {
	r     *brotli.Reader
	in    []byte
	buf   [8 << 10]byte
	began bool
	over  bool
}

func (d *Brotli) reset() {
	d.in, d.began, d.over = nil, false, false
	if d.r == nil {
		d.r = brotli.NewReader(d)
	} else {
		_ = d.r.Reset(d) // never fails
	}
}

// Read implements io.Reader for the brotli package: the input of the current
// call. The decoder goes on where it was after errDry.
func (d *Brotli) Read(p []byte) (int, error) {
	n := copy(p, d.in)
	d.in = d.in[n:]
	if n == 0 {
		return 0, errDry
	}
	return n, nil
}

// Release implements Decoder.
func (d *Brotli) Release() {
	d.in = nil
	brotlis.Put(d)
}

// Started implements Decoder.
func (d *Brotli) Started() bool { return d.began }

// Write implements Decoder.
func (d *Brotli) Write(in []byte, out Sink) error {
	if d.over {
		return nil
	}
	d.in = in
	for {
		n, err := d.r.Read(d.buf[:])
		if n > 0 {
			d.began = true
			if !out.Decoded(d.buf[:n]) {
				d.over = true
				return nil
			}
		}
		switch {
		case err == errDry:
			return nil
		case err != nil:
			d.over = true
			if d.began && err.Error() == "brotli: excessive input" {
				return nil
			}
			return ErrData
		case n == 0:
			d.over = true
			return nil
		}
	}
}

// Finish implements Decoder.
func (d *Brotli) Finish(Sink) error { return nil }
