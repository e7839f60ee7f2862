package detect

import (
	"strings"

	"weir/decode"
	"weir/decode/flow"
	"weir/decode/packet"
)

func isSCTP(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoSCTP }

// sctpChunkType compiles a chunk's type, by number or by name; one chunk of the
// packet has to have it.
func sctpChunkType(c *compiler, v string) error {
	t, err := parseInt(strings.Trim(v, `"`), decode.SCTPChunkTypes)
	if err != nil {
		return err
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		for typ := range p.SCTPChunks() {
			if t.fits(uint64(typ)) {
				return true
			}
		}
		return false
	})
}

// sctpChunkData compiles the sticky buffer of the user data of each DATA chunk.
func sctpChunkData(c *compiler, _ string) error {
	c.s.needPacket = true
	c.s.units = append(c.s.units, unit{name: "sctp.chunk_data", each: func(p *packet.Packet, yield func([]byte) bool) {
		for _, data := range p.SCTPChunks() {
			if data != nil && !yield(data) {
				return
			}
		}
	}})
	c.unit = len(c.s.units) - 1
	c.last, c.nested = place{}, false
	return nil
}
