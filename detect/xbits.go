package detect

import (
	"fmt"
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

// xbitsKeyword compiles command,name,track ip_src|ip_dst|ip_pair[,expire s].
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
		return fmt.Errorf("track %q: want ip_src, ip_dst or ip_pair", track)
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
