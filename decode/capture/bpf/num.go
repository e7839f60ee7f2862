package bpf

// numOp is what a number of a filter is.
type numOp uint8

const (
	numConst numOp = iota
	numLen         // length on the wire
	numLoad        // bytes of a header
	numCalc        // x op y
)

// num is an arithmetic expression. All arithmetic is on 32 bits without sign.
type num struct {
	op    numOp
	value uint32
	calc  string // + - * / % & | ^ << >>
	x, y  *num   // of numCalc; x is the index of numLoad

	// Of numLoad:
	size  int
	layer layer
	proto uint32 // IP protocol of layerTransport
	need  uint16 // network layer, of layerNetwork
	link  link
}

// layer says from where a load counts.
type layer uint8

const (
	layerLink layer = iota
	layerNetwork
	layerTransport // above IPv4
	layerICMPv6    // above IPv6 without extension headers
)

// eval returns the number; no if the header it stands in is not there.
func (n *num) eval(v *view) (uint32, truth) {
	switch n.op {
	case numConst:
		return n.value, yes
	case numLen:
		return v.wire, yes
	case numLoad:
		return n.load(v)
	}
	x, t := n.x.eval(v)
	if t != yes {
		return 0, t
	}
	y, t := n.y.eval(v)
	if t != yes {
		return 0, t
	}
	return calculate(n.calc, x, y)
}

// calculate does one step; a division by 0 takes the frame out, as in the
// kernel.
func calculate(op string, x, y uint32) (uint32, truth) {
	switch op {
	case "+":
		return x + y, yes
	case "-":
		return x - y, yes
	case "*":
		return x * y, yes
	case "&":
		return x & y, yes
	case "|":
		return x | y, yes
	case "^":
		return x ^ y, yes
	case "<<":
		return x << y, yes
	case ">>":
		return x >> y, yes
	}
	if y == 0 {
		return 0, short
	}
	if op == "/" {
		return x / y, yes
	}
	return x % y, yes
}

func (n *num) load(v *view) (uint32, truth) {
	base := 0
	switch n.layer {
	case layerNetwork:
		if t := n.link.is(v, n.need); t != yes {
			return 0, t
		}
		base = n.link.net
	case layerTransport:
		if t := n.link.is(v, etherIPv4); t != yes {
			return 0, t
		}
		p, ok := v.load(n.link.net+9, 1)
		if !ok {
			return 0, short
		}
		if p != n.proto {
			return 0, no
		}
		var t truth
		if base, t = transport(v, n.link.net); t != yes {
			return 0, t
		}
	case layerICMPv6:
		if t := n.link.is(v, etherIPv6); t != yes {
			return 0, t
		}
		p, ok := v.load(n.link.net+6, 1)
		if !ok {
			return 0, short
		}
		if p != n.proto {
			return 0, no
		}
		base = n.link.net + 40
	}
	i, t := n.x.eval(v)
	if t != yes {
		return 0, t
	}
	if i > uint32(len(v.b)) {
		return 0, short
	}
	value, ok := v.load(base+int(i), n.size)
	if !ok {
		return 0, short
	}
	return value, yes
}
