package decode

import (
	"sync/atomic"

	"weir/decode/packet"
)

// checksums finds out whether a capture was made before an interface has filled
// in the checksums, as on the host that sends: where they are wrong in more than
// a tenth of the first packets, none is verified behind those.
type checksums struct {
	dec *packet.Decoder
	bad uint64
	off atomic.Bool
}

const (
	checksumSample = 1000 // packets
	checksumRatio  = 10
)

// newChecksums returns what finds it out; nil if that is not asked for.
func newChecksums(o *Options) *checksums {
	if !o.ChecksumAuto || !o.Packet.Checksums {
		return nil
	}
	return &checksums{dec: packet.NewDecoder(o.Packet)}
}

// look takes the frames in order, before any worker has them.
func (c *checksums) look(f *packet.Frame, n uint64) {
	if n > checksumSample {
		return
	}
	for _, p := range c.dec.Decode(f) {
		if p.Has(packet.BadChecksum) {
			c.bad++
			break
		}
	}
	if n == checksumSample {
		c.off.Store(c.bad*checksumRatio > checksumSample)
	}
}

// settleChecksums tells a worker's decoder what was found out, at the first frame behind
// the sample.
func (w *worker) settleChecksums(num uint64) {
	if num <= checksumSample {
		return
	}
	if w.checksums.off.Load() {
		w.dec.IgnoreChecksums()
	}
	w.checksums = nil
}
