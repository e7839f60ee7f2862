package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/detect/regex"
	"weir/rules"
)

// setup compiles one keyword.
type setup func(c *compiler, v string) error

// keywords are those that the engine itself knows; buffers and integer keywords
// come from the protocols.
var keywords map[string]setup

func init() {
	keywords = map[string]setup{
		// What a rule says of itself.
		"msg":       func(c *compiler, v string) error { c.s.msg = strings.Clone(unescape(v)); return nil },
		"sid":       nothing,
		"rev":       nothing,
		"gid":       func(c *compiler, v string) error { return nil },
		"reference": reference, "metadata": nothing, "requires": nothing,
		"classtype": classtype,
		"priority": func(c *compiler, v string) error {
			n, err := strconv.ParseUint(v, 10, 8)
			if err != nil || n == 0 {
				return fmt.Errorf("value %q: want 1 to 255", v)
			}
			c.s.priority, c.hasPriority = uint32(n), true
			return nil
		},
		"target": func(c *compiler, v string) error {
			if v != "src_ip" && v != "dest_ip" {
				return fmt.Errorf("value %q: want src_ip or dest_ip", v)
			}
			c.s.target = v
			return nil
		},
		"filename": filename, "fileext": fileExt, "filemagic": fileMagic, "filesize": fileSize, "filestore": fileStore,
		"bypass":  func(c *compiler, v string) error { c.s.bypass = true; return nil },
		"noalert": func(c *compiler, v string) error { c.s.noAlert = true; return nil },
		"alert":   func(c *compiler, v string) error { c.s.noAlert = false; return nil },

		// Contents and what is said of them.
		"content":    content,
		"uricontent": func(c *compiler, v string) error { return c.via("http.uri", v) },
		"nocase": func(c *compiler, v string) error {
			return c.about(func(m *matcher) error { m.nocase = true; return nil })
		},
		"rawbytes": nothing,
		"offset": func(c *compiler, v string) error {
			return c.place(v, func(m *matcher, n number) { m.offset, m.hasOff = n, true })
		},
		"depth": depth,
		"distance": func(c *compiler, v string) error {
			return c.relative(v, func(m *matcher, n number) { m.distance, m.hasDist = n, true })
		},
		"within": func(c *compiler, v string) error {
			return c.relative(v, func(m *matcher, n number) { m.within, m.hasWithin = n, true })
		},
		"startswith": func(c *compiler, v string) error {
			return c.about(func(m *matcher) error { m.atStart = true; return nil })
		},
		"endswith": func(c *compiler, v string) error {
			return c.about(func(m *matcher) error { m.atEnd = true; return nil })
		},
		"fast_pattern":    fastPatternKeyword,
		"prefilter":       nothing,
		"isdataat":        isDataAt,
		"pcre":            pcre,
		"bsize":           bsize,
		"dsize":           dsize,
		"byte_test":       byteTest,
		"byte_jump":       byteJump,
		"byte_extract":    byteExtract,
		"byte_math":       byteMath,
		"pkt_data":        func(c *compiler, v string) error { c.unit, c.last, c.nested = -1, place{}, false; return nil },
		"base64_decode":   base64Decode,
		"base64_data":     base64Data,
		"absent":          absent,
		"ip.src":          headerBuffer("ip.src", func(p *packet.Packet) []byte { return addressBytes(p, &p.Src) }),
		"ip.dst":          headerBuffer("ip.dst", func(p *packet.Packet) []byte { return addressBytes(p, &p.Dst) }),
		"ipv4.hdr":        headerBuffer("ipv4.hdr", func(p *packet.Packet) []byte { return p.IPHeader(4) }),
		"ipv6.hdr":        headerBuffer("ipv6.hdr", func(p *packet.Packet) []byte { return p.IPHeader(6) }),
		"tcp.hdr":         headerBuffer("tcp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoTCP) }),
		"udp.hdr":         headerBuffer("udp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoUDP) }),
		"icmpv4.hdr":      headerBuffer("icmpv4.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoICMP) }),
		"icmpv6.hdr":      headerBuffer("icmpv6.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoICMPv6) }),
		"igmp.hdr":        headerBuffer("igmp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoIGMP) }),
		"sctp.hdr":        headerBuffer("sctp.hdr", func(p *packet.Packet) []byte { return p.Header(packet.ProtoSCTP) }),
		"sctp.vtag":       headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.SCTP.VTag), isSCTP(p) }),
		"sctp.chunk_cnt":  headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.SCTP.Chunks), isSCTP(p) }),
		"sctp.chunk_type": sctpChunkType,
		"sctp.chunk_data": sctpChunkData,
		"igmp.type": headerInt(8, func(p *packet.Packet) (uint64, bool) {
			t, ok := p.IGMPType()
			return uint64(t), ok
		}),
		"icmpv6.mtu": headerInt(32, func(p *packet.Packet) (uint64, bool) {
			return uint64(p.ICMP.MTU), isICMP(p) && p.Proto == packet.ProtoICMPv6 && p.ICMP.Type == 2
		}),
		"ipv4-csum":   checksum(func(p *packet.Packet) bool { return p.Version == 4 }, (*packet.Packet).IPv4ChecksumOK),
		"tcpv4-csum":  checksum(func(p *packet.Packet) bool { return isTCP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK),
		"tcpv6-csum":  checksum(func(p *packet.Packet) bool { return isTCP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK),
		"udpv4-csum":  checksum(func(p *packet.Packet) bool { return isUDP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK),
		"udpv6-csum":  checksum(func(p *packet.Packet) bool { return isUDP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK),
		"igmp-csum":   checksum(func(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoIGMP }, (*packet.Packet).ChecksumOK),
		"icmpv4-csum": checksum(func(p *packet.Packet) bool { return isICMP(p) && p.Version == 4 }, (*packet.Packet).ChecksumOK),
		"icmpv6-csum": checksum(func(p *packet.Packet) bool { return isICMP(p) && p.Version == 6 }, (*packet.Packet).ChecksumOK),

		// Headers.
		"ttl":      headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.TTL), p.Version != 0 }),
		"tos":      headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.TOS), p.Version == 4 }),
		"id":       headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.IPID), p.Version == 4 }),
		"itype":    headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Type), isICMP(p) }),
		"icode":    headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Code), isICMP(p) }),
		"icmp_id":  headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.ID), isICMP(p) && p.ICMP.HasID }),
		"icmp_seq": headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.ICMP.Seq), isICMP(p) && p.ICMP.HasID }),
		"seq":      headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Seq), isTCP(p) }),
		"ack":      headerInt(32, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Ack), isTCP(p) }),
		"window":   headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.TCP.Window), isTCP(p) }),
		"tcp.mss": headerInt(16, func(p *packet.Packet) (uint64, bool) {
			return uint64(p.TCP.MSS), isTCP(p) && p.TCP.Opts&packet.OptMSS != 0
		}),
		"ip_proto": ipProto,
		"sameip": func(c *compiler, v string) error {
			return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.Version != 0 && p.Src == p.Dst })
		},
		"flags": tcpFlags, "tcp.flags": tcpFlags,
		"fragbits":   fragBits,
		"fragoffset": headerInt(16, func(p *packet.Packet) (uint64, bool) { return uint64(p.FragOff / 8), p.Version != 0 }),
		"ipopts":     ipOpts,

		// Flow and state.
		"flow":               flowKeyword,
		"flowbits":           flowbits,
		"flowint":            flowint,
		"xbits":              xbitsKeyword,
		"hostbits":           hostbits,
		"dataset":            datasetKeyword,
		"datarep":            datarep,
		"stream_size":        streamSize,
		"threshold":          thresholdKeyword,
		"tag":                tagKeyword,
		"geoip":              geoip,
		"iprep":              iprep,
		"entropy":            entropyKeyword,
		"vlan.id":            vlanID,
		"vlan.layers":        headerInt(8, func(p *packet.Packet) (uint64, bool) { return uint64(p.VLANs), true }),
		"config":             configKeyword,
		"detection_filter":   detectionFilter,
		"app-layer-protocol": appProtocol,
		"app-layer-state":    appState,
		"app-layer-event":    appEvent,
		"decode-event":       decodeEvent, "engine-event": decodeEvent,
		"stream-event":        streamEvent,
		"frame":               frameBuffer,
		"flow.age":            flowInt(func(f *flow.Flow) uint64 { return uint64(max(f.Last/1e9-f.Start/1e9, 0)) }),
		"flow.pkts":           flowCount(func(f *flow.Flow) [2]uint64 { return f.Pkts }),
		"flow.pkts_toserver":  flowInt(func(f *flow.Flow) uint64 { return f.Pkts[0] }),
		"flow.pkts_toclient":  flowInt(func(f *flow.Flow) uint64 { return f.Pkts[1] }),
		"flow.bytes":          flowCount(func(f *flow.Flow) [2]uint64 { return f.Bytes }),
		"flow.bytes_toserver": flowInt(func(f *flow.Flow) uint64 { return f.Bytes[0] }),
		"flow.bytes_toclient": flowInt(func(f *flow.Flow) uint64 { return f.Bytes[1] }),
	}
	for long, short := range map[string]string{"tcp.seq": "seq", "tcp.ack": "ack", "tcp.window": "window"} {
		keywords[long] = keywords[short]
	}
	for name, set := range fileHashes {
		keywords[name] = set
	}
}

func nothing(*compiler, string) error { return nil }

func isICMP(p *packet.Packet) bool {
	return p.L4 != 0 && (p.Proto == packet.ProtoICMP || p.Proto == packet.ProtoICMPv6)
}

func isTCP(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoTCP }

func isUDP(p *packet.Packet) bool { return p.L4 != 0 && p.Proto == packet.ProtoUDP }

// headerBuffer makes a sticky buffer over bytes of the packet.
func headerBuffer(name string, get func(p *packet.Packet) []byte) setup {
	return func(c *compiler, v string) error {
		c.s.needPacket = true
		c.enter(unit{header: get, name: name}, func(u *unit) bool { return u.header != nil && u.name == name })
		return nil
	}
}

// checksum compiles valid or invalid.
func checksum(applies func(p *packet.Packet) bool, ok func(p *packet.Packet) bool) setup {
	return func(c *compiler, v string) error {
		v = strings.Trim(v, `"`)
		if v != "valid" && v != "invalid" {
			return fmt.Errorf("value %q: want valid or invalid", v)
		}
		return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return applies(p) && ok(p) == (v == "valid") })
	}
}

// unescape takes quotes and backslashes off a message.
func unescape(v string) string {
	v, _ = rules.Unquote(v)
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) && strings.IndexByte(`";:\`, v[i+1]) >= 0 {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

func classtype(c *compiler, v string) error {
	cl, ok := c.e.classes[v]
	if !ok {
		c.s.class = ""
		return nil
	}
	c.s.class = cl.Description
	if !c.hasPriority {
		c.s.priority = cl.Priority
	}
	return nil
}

func content(c *compiler, v string) error {
	b, neg, err := rules.Content(v)
	if err != nil {
		return err
	}
	c.last = c.add(matcher{kind: mContent, negated: neg, pattern: b})
	return nil
}

// via compiles a content for the buffer of a modifier.
func (c *compiler) via(name, v string) error {
	defs := c.e.fields[name]
	if defs == nil {
		return errUnsupported{"keyword"}
	}
	unitBefore := c.unit
	c.unit = -1
	if err := content(c, v); err != nil {
		return err
	}
	c.unit = unitBefore
	return c.modifier(defs)
}

// about applies f to the content before.
func (c *compiler) about(f func(m *matcher) error) error {
	if !c.last.set {
		return fmt.Errorf("no content before it")
	}
	m := c.matcher(c.last)
	if m.kind != mContent {
		return fmt.Errorf("no content before it")
	}
	return f(m)
}

func (c *compiler) place(v string, set func(m *matcher, n number)) error {
	n, err := c.number(v)
	if err != nil {
		return err
	}
	return c.about(func(m *matcher) error { set(m, n); return nil })
}

func depth(c *compiler, v string) error {
	n, err := c.number(v)
	if err != nil {
		return err
	}
	return c.about(func(m *matcher) error {
		if !n.isVar && n.v < int64(len(m.pattern)) {
			return fmt.Errorf("value %s: want at least the length of the content, %d", v, len(m.pattern))
		}
		m.depth, m.hasDepth = n, true
		return nil
	})
}

// relative makes the content before relative to the one before that.
func (c *compiler) relative(v string, set func(m *matcher, n number)) error {
	if err := c.place(v, set); err != nil {
		return err
	}
	c.chain()
	return nil
}

// chain tells the matcher before the last that the last one depends on it.
func (c *compiler) chain() {
	if c.last.at > 0 {
		(*c.listAt(c.last.unit, c.last.nested))[c.last.at-1].next = true
	}
}

func fastPatternKeyword(c *compiler, v string) error {
	return c.about(func(m *matcher) error {
		m.fastMarked = true
		v = strings.TrimSpace(v)
		if v == "" || v == "only" {
			return nil
		}
		a, b, ok := strings.Cut(v, ",")
		off, err1 := strconv.Atoi(strings.TrimSpace(a))
		n, err2 := strconv.Atoi(strings.TrimSpace(b))
		if !ok || err1 != nil || err2 != nil || off < 0 || n < 1 || off+n > min(len(m.pattern), math.MaxUint16) {
			return fmt.Errorf("value %q: want only, or offset,length within the content", v)
		}
		m.fastOff, m.fastLen = uint16(off), uint16(n)
		return nil
	})
}

func isDataAt(c *compiler, v string) error {
	parts := split(v)
	m := matcher{kind: mIsDataAt, byteArgs: &byteArgs{}}
	if s, ok := strings.CutPrefix(parts[0], "!"); ok {
		parts[0], m.negated = strings.TrimSpace(s), true
	}
	for _, p := range parts[1:] {
		switch p {
		case "relative":
			m.relative = true
		case "rawbytes":
		default:
			return fmt.Errorf("value %q: want relative or rawbytes", p)
		}
	}
	n, err := c.number(parts[0])
	if err != nil {
		return err
	}
	m.value = n
	// isdataat:N says that byte N, counted from 1, is there: at N-1 from the
	// place; absolute too.
	if !m.relative && !n.isVar {
		m.value.v = n.v
	} else if m.relative && !n.isVar {
		m.value.v = n.v - 1
	}
	c.add(m)
	return nil
}

func split(v string) []string {
	parts := strings.Split(v, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// pcreBuffers are the flags of pcre that name a buffer.
var pcreBuffers = map[byte]string{
	'U': "http.uri", 'I': "http.uri.raw", 'P': "http.request_body", 'H': "http.header", 'D': "http.header.raw",
	'M': "http.method", 'C': "http.cookie", 'S': "http.stat_code", 'Y': "http.stat_msg", 'V': "http.user_agent",
	'W': "http.host", 'Z': "http.host.raw", 'Q': "http.response_body",
}

func pcre(c *compiler, v string) error {
	v = strings.TrimSpace(v)
	m := matcher{kind: mPCRE}
	if s, ok := strings.CutPrefix(v, "!"); ok {
		v, m.negated = strings.TrimSpace(s), true
	}
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	v, list := splitCaptures(v)
	end := strings.LastIndexByte(v, '/')
	if v == "" || v[0] != '/' || end < 1 {
		return fmt.Errorf("value %q: want /regex/flags", v)
	}
	body, flags := v[1:end], v[end+1:]
	var reFlags []byte
	buffer := ""
	for i := 0; i < len(flags); i++ {
		switch f := flags[i]; f {
		case 'i', 's', 'm', 'x', 'A', 'E', 'G':
			reFlags = append(reFlags, f)
		case 'R':
			m.relative = true
		case 'B', 'O':
		default:
			b, ok := pcreBuffers[f]
			if !ok {
				return fmt.Errorf("flag %q is unknown", f)
			}
			buffer = b
		}
	}
	body = strings.ReplaceAll(body, `\;`, ";")
	re, err := c.e.regexp(strings.ReplaceAll(body, `\"`, `"`), string(reFlags))
	if err != nil {
		return err
	}
	m.re = re
	if err := m.captures(list); err != nil {
		return err
	}
	if buffer == "" {
		c.last = c.add(m)
		return nil
	}
	defs := c.e.fields[buffer]
	if defs == nil {
		return errUnsupported{"buffer " + buffer}
	}
	before := c.unit
	c.unit = -1
	c.last = c.add(m)
	c.unit = before
	return c.modifier(defs)
}

// regexp compiles an expression, or takes it from those compiled before.
func (b *Builder) regexp(expr, flags string) (*regex.Program, error) {
	key := flags + "/" + expr
	if re, ok := b.regexps[key]; ok {
		return re, nil
	}
	re, err := regex.Compile(expr, regexFlags(flags), regex.Limits{Steps: b.opt.PCRELimit})
	if err == nil {
		err = charge(&b.programBytes, re.Size(), maxProgramBytes, "the bytes of the regular expressions")
	}
	if err != nil {
		return nil, err
	}
	b.regexps[key] = re
	return re, nil
}

// regexFlags returns the options of these letters.
func regexFlags(letters string) (f regex.Flags) {
	for _, l := range letters {
		switch l {
		case 'i':
			f |= regex.CaseInsensitive
		case 'm':
			f |= regex.Multiline
		case 's':
			f |= regex.DotAll
		case 'x':
			f |= regex.Extended
		case 'A':
			f |= regex.Anchored
		case 'E':
			f |= regex.DollarEndOnly
		case 'G':
			f |= regex.Ungreedy
		}
	}
	return f
}

func bsize(c *compiler, v string) error {
	m := matcher{kind: mBSize, byteArgs: &byteArgs{}}
	var err error
	if m.size, err = parseInt(v, nil); err != nil {
		return err
	}
	if c.unit < 0 {
		return fmt.Errorf("no buffer before it")
	}
	c.add(m)
	return nil
}

func absent(c *compiler, v string) error {
	if c.unit < 0 {
		return fmt.Errorf("no buffer before it")
	}
	switch v {
	case "":
		c.s.units[c.unit].absent = absentOnly
	case "or_else":
		c.s.units[c.unit].absent = absentOrElse
	default:
		return fmt.Errorf("value %q: want none or or_else", v)
	}
	return nil
}

// cond adds a condition on the packet.
func (c *compiler) cond(f packetCond) error {
	c.s.packet = append(c.s.packet, f)
	c.s.needPacket = true
	return nil
}

// flowCond adds a condition on the flow: it does not tie the rule to a packet.
func (c *compiler) flowTest(f func(f *flow.Flow) bool) error {
	c.s.packet = append(c.s.packet, func(_ *packet.Packet, fl *flow.Flow) bool { return fl != nil && f(fl) })
	return nil
}

func headerInt(_ int, get func(p *packet.Packet) (uint64, bool)) setup {
	return func(c *compiler, v string) error {
		t, err := parseInt(strings.Trim(v, `"`), nil)
		if err != nil {
			return err
		}
		return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
			n, ok := get(p)
			return ok && t.fits(n)
		})
	}
}

// flowCount compiles flow.pkts and flow.bytes: [toserver|toclient|both|either,]integer.
func flowCount(get func(f *flow.Flow) [2]uint64) setup {
	return func(c *compiler, v string) error {
		side, rest, ok := strings.Cut(v, ",")
		if !ok {
			side, rest = "sum", v
		}
		t, err := parseInt(rest, nil)
		if err != nil {
			return err
		}
		fits := func(n uint64) bool { return t.fits(n) }
		side = strings.TrimSpace(side)
		switch side {
		case "toserver", "toclient", "both", "either", "sum":
		default:
			return fmt.Errorf("value %q: want toserver, toclient, both or either before the number", side)
		}
		return c.flowTest(func(f *flow.Flow) bool {
			n := get(f)
			switch side {
			case "toserver":
				return fits(n[0])
			case "toclient":
				return fits(n[1])
			case "both":
				return fits(n[0]) && fits(n[1])
			case "either":
				return fits(n[0]) || fits(n[1])
			}
			return fits(n[0] + n[1])
		})
	}
}

func flowInt(get func(f *flow.Flow) uint64) setup {
	return func(c *compiler, v string) error {
		t, err := parseInt(v, nil)
		if err != nil {
			return err
		}
		return c.flowTest(func(f *flow.Flow) bool { return t.fits(get(f)) })
	}
}

// dsize compares the size of the payload; one that is not something is looked
// for in packets with payload only.
func dsize(c *compiler, v string) error {
	t, err := parseInt(v, nil)
	if err != nil {
		return err
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		return p.L4 != 0 && (p.PayLen > 0 || !t.negate) && t.fits(uint64(p.PayLen)) && !p.Has(packet.Pseudo)
	})
}

func ipProto(c *compiler, v string) error {
	v = strings.TrimSpace(v)
	op := byte('=')
	if v != "" && strings.IndexByte("!<>", v[0]) >= 0 {
		op, v = v[0], strings.TrimSpace(v[1:])
	}
	names := map[string]int{"icmp": 1, "igmp": 2, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ah": 51, "icmpv6": 58, "ipv6-icmp": 58, "sctp": 132, "pim": 103, "ospf": 89, "ipip": 94}
	n, ok := names[strings.ToLower(v)]
	if !ok {
		x, err := strconv.ParseUint(v, 10, 8)
		if err != nil {
			return fmt.Errorf("value %q: want a protocol's number or name", v)
		}
		n = int(x)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		switch op {
		case '!':
			return p.Version != 0 && int(p.Proto) != n
		case '<':
			return p.Version != 0 && int(p.Proto) < n
		case '>':
			return int(p.Proto) > n
		}
		return p.Version != 0 && int(p.Proto) == n
	})
}

// tcpFlags compiles [modifier]letters[,mask].
func tcpFlags(c *compiler, v string) error {
	v, maskText, _ := strings.Cut(strings.ReplaceAll(v, " ", ""), ",")
	mod := byte(0)
	if v != "" && strings.IndexByte("+*!", v[0]) >= 0 {
		mod, v = v[0], v[1:]
	}
	letters := func(s string) (uint8, error) {
		var b uint8
		for _, l := range s {
			switch l {
			case 'F', 'f':
				b |= packet.FIN
			case 'S', 's':
				b |= packet.SYN
			case 'R', 'r':
				b |= packet.RST
			case 'P', 'p':
				b |= packet.PSH
			case 'A', 'a':
				b |= packet.ACK
			case 'U', 'u':
				b |= packet.URG
			case '1', 'C', 'c':
				b |= packet.CWR
			case '2', 'E', 'e':
				b |= packet.ECE
			case '0':
			default:
				return 0, fmt.Errorf("flag %q: want F, S, R, P, A, U, C, E, 1, 2 or 0", l)
			}
		}
		return b, nil
	}
	want, err := letters(v)
	if err != nil {
		return err
	}
	mask, err := letters(maskText)
	if err != nil {
		return err
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		if !isTCP(p) {
			return false
		}
		f := p.TCP.Flags &^ mask
		switch mod {
		case '+':
			return f&want == want
		case '*':
			return f&want != 0
		case '!':
			return f&want != want
		}
		return f == want
	})
}

func fragBits(c *compiler, v string) error {
	v = strings.TrimSpace(v)
	mod := byte(0)
	if v != "" && strings.IndexByte("+*!", v[0]) >= 0 {
		mod, v = v[0], v[1:]
	}
	var want uint8
	for _, l := range v {
		switch l {
		case 'M':
			want |= 1
		case 'D':
			want |= 2
		case 'R':
			want |= 4
		default:
			return fmt.Errorf("flag %q: want M, D or R", l)
		}
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		if p.Version != 4 {
			return false
		}
		switch mod {
		case '+':
			return p.FragBits&want == want
		case '*':
			return p.FragBits&want != 0
		case '!':
			return p.FragBits&want != want
		}
		return p.FragBits == want
	})
}

func ipOpts(c *compiler, v string) error {
	names := map[string]packet.IPOpts{
		"eol": packet.IPOptEOL, "nop": packet.IPOptNOP, "rr": packet.IPOptRR, "ts": packet.IPOptTS, "sec": packet.IPOptSec,
		"lsrr": packet.IPOptLSRR, "esec": packet.IPOptESec, "satid": packet.IPOptSatID, "ssrr": packet.IPOptSSRR,
		"cipso": packet.IPOptCIPSO, "rtralt": packet.IPOptRTRALT, "qs": packet.IPOptQS, "any": 0xffff,
	}
	bit, ok := names[strings.TrimSpace(v)]
	if !ok {
		return fmt.Errorf("value %q: want eol, nop, rr, ts, sec, lsrr, esec, satid, ssrr, cipso, rtralt, qs or any", v)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.IPOpts&bit != 0 })
}

func flowKeyword(c *compiler, v string) error {
	fc := &c.s.flow
	fc.set = true
	for _, w := range split(v) {
		switch strings.ToLower(w) {
		case "established":
			fc.established = true
		case "not_established":
			fc.notEstablished = true
		case "stateless":
			fc.stateless = true
		case "to_server", "from_client":
			fc.dir |= field.ToServer
		case "to_client", "from_server":
			fc.dir |= field.ToClient
		case "only_stream":
			fc.onlyStream, c.s.needStream = true, true
		case "no_stream":
			fc.noStream, c.s.needPacket = true, true
		case "only_frag":
			fc.onlyFrag = true
		case "no_frag":
			fc.noFrag = true
		default:
			return fmt.Errorf("value %q: want established, not_established, stateless, to_server, to_client, from_server, from_client, only_stream, no_stream, only_frag or no_frag", w)
		}
	}
	if fc.dir == field.Both {
		return fmt.Errorf("value %q: to_server and to_client exclude each other", v)
	}
	return nil
}

func decodeEvent(c *compiler, v string) error {
	ev, ok := packet.DecoderEvent(v)
	if !ok {
		if ev, ok = packet.StreamEvent(strings.TrimPrefix(v, "stream.")); !ok {
			return fmt.Errorf("value %q: no such event", v)
		}
	}
	c.s.eventOnly = true
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.HasEvent(ev) })
}

func streamEvent(c *compiler, v string) error {
	ev, ok := packet.StreamEvent(v)
	if !ok {
		return fmt.Errorf("value %q: no such event", v)
	}
	c.s.eventOnly = true
	c.e.overlaps = c.e.overlaps || ev == packet.EvStreamReassemblyOverlapDifferentData
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool { return p.HasEvent(ev) })
}

// appEvent compiles protocol.event, or an event of protocol detection.
func appEvent(c *compiler, v string) error {
	if ev := proto.AppEventByName(v); ev != 0 {
		c.s.appEvent = ev
		return nil
	}
	name, event, ok := strings.Cut(v, ".")
	if !ok {
		return fmt.Errorf("value %q: want protocol.event", v)
	}
	ps := c.e.set.Members(name)
	if len(ps) == 0 {
		return fmt.Errorf("protocol %q is unknown", name)
	}
	var ids []defOf
	for _, p := range ps {
		for i := range p.Events {
			if p.Events[i].Name == event || event != "" && p.Events[i].Alias == event {
				n := uint8(i)
				d := &field.Def{Field: field.Field{Name: "app-layer-event", Dir: field.Both}, Kind: field.KindCustom}
				d.Compile = func(string) (func(tx any, dir field.Dir) bool, error) {
					return func(tx any, _ field.Dir) bool { return tx.(proto.Transaction).Base().HasEvent(n) }, nil
				}
				ids = append(ids, defOf{p, d})
			}
		}
	}
	if len(ids) == 0 {
		if ps[0].New == nil {
			return errUnsupported{"protocol " + name}
		}
		return fmt.Errorf("protocol %s has no event %q", name, event)
	}
	return c.field(ids, "")
}

// streamSize compiles side,operator,bytes.
func streamSize(c *compiler, v string) error {
	parts := split(v)
	if len(parts) != 3 {
		return fmt.Errorf("value %q: want server|client|both|either, operator, bytes", v)
	}
	n, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return fmt.Errorf("value %q: want a number of bytes", parts[2])
	}
	cmp := map[string]func(a uint64) bool{
		"<": func(a uint64) bool { return a < n }, ">": func(a uint64) bool { return a > n }, "=": func(a uint64) bool { return a == n },
		"!=": func(a uint64) bool { return a != n }, "<=": func(a uint64) bool { return a <= n }, ">=": func(a uint64) bool { return a >= n },
	}[parts[1]]
	if cmp == nil {
		return fmt.Errorf("operator %q: want <, >, =, !=, <= or >=", parts[1])
	}
	switch parts[0] {
	case "server", "client", "both", "either":
	default:
		return fmt.Errorf("value %q: want server, client, both or either", parts[0])
	}
	c.s.streamSize = func(client, server uint64) bool {
		switch parts[0] {
		case "client":
			return cmp(client)
		case "server":
			return cmp(server)
		case "both":
			return cmp(client) && cmp(server)
		}
		return cmp(client) || cmp(server)
	}
	return nil
}
