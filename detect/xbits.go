package detect

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"weir/decode/flow"
	"weir/decode/packet"
)

// xbitKey names a bit of an address or of a pair.
type xbitKey struct {
	bit  int
	a, b [16]byte
}

// defaultExpire is how long a bit lasts if the rule does not say, s.
const defaultExpire = 30

// hostbitExpire is how long a bit of hostbits lasts, s.
const hostbitExpire = 300

// keyOf makes the key of a bit for a packet.
type keyOf func(p *packet.Packet) xbitKey

// xbitsKeyword compiles command,name,track ip_src|ip_dst|ip_pair[,expire s], or
// set|isset,name,track tx.
func xbitsKeyword(c *compiler, v string) error {
	p := split(v)
	if p[0] == "noalert" {
		c.s.noAlert = true
		return nil
	}
	if len(p) < 3 {
		return fmt.Errorf("value %q: want command,name,track ip_src|ip_dst|ip_pair", v)
	}
	expire := int64(defaultExpire)
	track := ""
	for _, w := range p[2:] {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		switch key {
		case "track":
			track = val
		case "expire":
			n, err := strconv.ParseUint(val, 10, 32)
			if err != nil || n == 0 {
				return fmt.Errorf("expire %q: want a number of seconds", val)
			}
			expire = int64(n)
		default:
			return fmt.Errorf("value %q: want track or expire", w)
		}
	}
	if track == "tx" {
		return c.txBit(p[0], c.e.bit("tx "+p[1]), len(p) > 3)
	}
	id := c.e.bit("xbit " + p[1])
	var key keyOf
	switch track {
	case "ip_src":
		key = bySource(id)
	case "ip_dst":
		key = byDest(id)
	case "ip_pair":
		key = func(p *packet.Packet) xbitKey {
			if string(p.Src[:]) > string(p.Dst[:]) {
				return xbitKey{id, p.Dst, p.Src}
			}
			return xbitKey{id, p.Src, p.Dst}
		}
	default:
		return fmt.Errorf("track %q: want ip_src, ip_dst, ip_pair or tx", track)
	}
	return c.sharedBit(p[0], key, expire, &c.s.xbits)
}

func bySource(id int) keyOf {
	return func(p *packet.Packet) xbitKey { return xbitKey{bit: id, a: p.Src} }
}

func byDest(id int) keyOf {
	return func(p *packet.Packet) xbitKey { return xbitKey{bit: id, a: p.Dst} }
}

// hostbits compiles command,name[,src|dst].
func hostbits(c *compiler, v string) error {
	p := split(v)
	if p[0] == "noalert" && len(p) == 1 {
		c.s.noAlert = true
		return nil
	}
	if len(p) < 2 || len(p) > 3 || p[1] == "" {
		return fmt.Errorf("value %q: want command,name[,src|dst]", v)
	}
	id := c.e.bit("xbit " + p[1])
	key := bySource(id)
	if len(p) == 3 {
		switch p[2] {
		case "src":
		case "dst":
			key = byDest(id)
		default:
			return fmt.Errorf("side %q: want src or dst", p[2])
		}
	}
	return c.sharedBit(p[0], key, hostbitExpire, &c.s.hosts)
}

// txBit compiles a command on a bit that belongs to a transaction, and lasts as
// long as that.
func (c *compiler) txBit(command string, id int, expires bool) error {
	if expires {
		return fmt.Errorf("a bit of a transaction does not expire")
	}
	c.s.txBits, c.s.hasTx = true, true
	switch command {
	case "set":
		c.s.hosts.sets = true
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, _ *packet.Packet, _ *flow.Flow) {
			if w.txNow == nil {
				return
			}
			if st := w.txState(w.txNow, 0); !slices.Contains(st.bits, id) {
				st.bits = append(st.bits, id)
			}
		})
	case "isset":
		c.s.hosts.reads = true
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, _ *flow.Flow) bool {
			return w.txNow != nil && slices.Contains(w.txState(w.txNow, 0).bits, id)
		})
	default:
		return fmt.Errorf("command %q: want set or isset for track tx", command)
	}
	return nil
}

// sharedBit compiles a command on a bit that belongs to addresses.
func (c *compiler) sharedBit(command string, key keyOf, expire int64, use *varUse) error {
	test := func(want bool) {
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, _ *flow.Flow) bool {
			p := w.in.Packet
			w.turn()
			return w.shared.hasBit(key(p), p.Time/1e9) == want
		})
		use.reads = true
	}
	c.e.shares = true
	change := func(f func(x *Shared, k xbitKey, now int64)) {
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, p *packet.Packet, _ *flow.Flow) {
			w.turn()
			f(w.shared, key(p), p.Time/1e9)
		})
	}
	switch command {
	case "isset":
		test(true)
	case "isnotset":
		test(false)
	case "set":
		use.sets = true
		change(func(x *Shared, k xbitKey, now int64) { x.setBit(k, now+expire, now) })
	case "unset":
		use.sets = true
		change(func(x *Shared, k xbitKey, _ int64) { x.dropBit(k) })
	case "toggle":
		change(func(x *Shared, k xbitKey, now int64) {
			if x.hasBit(k, now) {
				x.dropBit(k)
			} else {
				x.setBit(k, now+expire, now)
			}
		})
	default:
		return fmt.Errorf("command %q: want set, unset, isset, isnotset or toggle", command)
	}
	return nil
}
