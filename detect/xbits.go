package detect

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"weir/decode/flow"
	"weir/decode/packet"
)

// xbits are bits of addresses and of pairs of them, shared by all workers.
type xbits struct {
	mu  sync.Mutex
	set map[xbitKey]int64 // until when, s of the packet clock
}

// xbitKey names a bit of an address or of a pair.
type xbitKey struct {
	bit  int
	a, b [16]byte
}

// maxXBits bounds the bits held; beyond it, the outdated go, then no more come.
const maxXBits = 1 << 20

// defaultExpire is how long a bit lasts if the rule does not say, s.
const defaultExpire = 30

func (x *xbits) has(k xbitKey, now int64) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	until, ok := x.set[k]
	return ok && until >= now
}

func (x *xbits) put(k xbitKey, until, now int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.set) >= maxXBits {
		for k, u := range x.set {
			if u < now {
				delete(x.set, k)
			}
		}
		if len(x.set) >= maxXBits {
			return
		}
	}
	x.set[k] = until
}

func (x *xbits) drop(k xbitKey) {
	x.mu.Lock()
	delete(x.set, k)
	x.mu.Unlock()
}

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
	id := c.e.bit("xbit " + p[1])
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
	var key func(p *packet.Packet) xbitKey
	switch track {
	case "ip_src":
		key = func(p *packet.Packet) xbitKey { return xbitKey{bit: id, a: p.Src} }
	case "ip_dst":
		key = func(p *packet.Packet) xbitKey { return xbitKey{bit: id, a: p.Dst} }
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
	test := func(want bool) {
		c.s.stateTests = append(c.s.stateTests, func(w *Worker, _ *flow.Flow) bool {
			p := w.in.Packet
			return w.e.xbits.has(key(p), p.Time/1e9) == want
		})
		c.s.readsBits = append(c.s.readsBits, id)
	}
	change := func(f func(x *xbits, k xbitKey, now int64)) {
		c.s.posts = append(c.s.posts, func(w *Worker, _ *signature, p *packet.Packet, _ *flow.Flow) {
			f(w.e.xbits, key(p), p.Time/1e9)
		})
		c.s.setsBits = append(c.s.setsBits, id)
	}
	switch p[0] {
	case "isset":
		test(true)
	case "isnotset":
		test(false)
	case "set":
		change(func(x *xbits, k xbitKey, now int64) { x.put(k, now+expire, now) })
	case "unset":
		change(func(x *xbits, k xbitKey, _ int64) { x.drop(k) })
	case "toggle":
		change(func(x *xbits, k xbitKey, now int64) {
			if x.has(k, now) {
				x.drop(k)
			} else {
				x.put(k, now+expire, now)
			}
		})
	default:
		return fmt.Errorf("command %q: want set, unset, isset, isnotset or toggle", p[0])
	}
	return nil
}
