package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/flow"
	"weir/decode/packet"
)

// vlanID compiles integer[,any|all|layer]: layer 0 is the outermost, -1 the
// innermost.
func vlanID(c *compiler, v string) error {
	num, which, _ := strings.Cut(v, ",")
	t, err := parseInt(num, nil)
	if err != nil {
		return err
	}
	which = strings.TrimSpace(which)
	layer := 0
	switch which {
	case "", "any", "all":
	default:
		n, err := strconv.ParseInt(which, 10, 8)
		if err != nil || n < -3 || n > 2 {
			return fmt.Errorf("layer %q: want any, all or -3 to 2", which)
		}
		layer = int(n)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		ids := p.VLANIDs()
		switch which {
		case "", "any", "all":
			for _, id := range ids {
				if fits := t.fits(uint64(id)); fits != (which == "all") {
					return fits
				}
			}
			return which == "all" && len(ids) > 0
		}
		i := layer
		if i < 0 {
			i += len(ids)
		}
		return i >= 0 && i < len(ids) && t.fits(uint64(ids[i]))
	})
}
