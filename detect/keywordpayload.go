package detect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"weir/decode/flow"
	"weir/decode/packet"
	"weir/detect/regex"
	"weir/rules"
)

// payloadKeywords are conditions on bytes: of the payload, or of the sticky
// buffer before them.
var payloadKeywords = []Keyword{
	{Name: "content", Doc: "Bytes that stand in the buffer; bytes between bars are hexadecimal.", Syntax: `[!]"text|0d 0a|"`, Example: `content:"GET |2f|";`, setup: content},
	{Name: "nocase", Doc: "The content before it fits in upper and lower case.", Example: `content:"admin"; nocase;`, setup: aboutLast(func(m *matcher) { m.nocase = true })},
	{Name: "offset", Doc: "The content before it stands so many bytes behind the start, or further.", Syntax: "bytes or variable", Example: `content:"a"; offset:4;`, setup: func(c *compiler, v string) error {
		return c.place(v, func(m *matcher, p bound) { m.offset, m.hasOff = p, true })
	}},
	{Name: "depth", Doc: "The content before it ends within so many bytes from the start, or from its offset.", Syntax: "bytes or variable", Example: `content:"GET"; depth:3;`, setup: depth},
	{Name: "distance", Doc: "The content before it begins so many bytes behind the end of the match before that, or further.", Syntax: "bytes, may be negative, or variable", Example: `content:"a"; content:"b"; distance:2;`, setup: func(c *compiler, v string) error {
		return c.relative(v, func(m *matcher, p bound) { m.distance, m.hasDist = p, true })
	}},
	{Name: "within", Doc: "The content before it ends within so many bytes behind the match before that.", Syntax: "bytes or variable", Example: `content:"a"; content:"b"; within:10;`, setup: func(c *compiler, v string) error {
		return c.relative(v, func(m *matcher, p bound) { m.within, m.hasWithin = p, true })
	}},
	{Name: "startswith", Doc: "The buffer begins with the content before it.", Example: `content:"GET "; startswith;`, setup: aboutLast(func(m *matcher) { m.atStart = true })},
	{Name: "endswith", Doc: "The buffer ends with the content before it.", Example: `content:".exe"; endswith;`, setup: aboutLast(func(m *matcher) { m.atEnd = true })},
	{Name: "fast_pattern", Doc: "The content before it is the one that the rule is looked up by.", Syntax: "[only|offset,length]", Example: `content:"rare text"; fast_pattern; content:"b";`, setup: fastPatternKeyword},
	{Name: "rawbytes", Doc: "Has no effect: for rules of other engines.", Example: `content:"a"; rawbytes;`, setup: nothing},
	{Name: "prefilter", Doc: "Has no effect: what a rule is looked up by is chosen by cost.", Example: "ttl:1; prefilter;", setup: nothing},
	{Name: "isdataat", Doc: "There is data at that place.", Syntax: "[!]bytes or variable[,relative][,rawbytes]", Example: `content:"a"; isdataat:10,relative;`, setup: isDataAt},
	{Name: "pcre", Doc: "The buffer fits a regular expression; groups may be kept in variables.", Syntax: `[!]"/expression/flags[, flow|pkt|alert:name...]"`, Example: `content:"id="; pcre:"/id=([0-9]+)/, flow:id";`, setup: pcre},
	{Name: "bsize", Doc: "Length of the buffer.", Syntax: "integer", Example: `http.uri; content:"a"; bsize:>10;`, setup: bsize},
	{Name: "dsize", Doc: "Length of the packet's payload.", Syntax: "integer", Example: "dsize:100<>200;", setup: dsize},
	{Name: "absent", Doc: "The buffer before it is not there, or with or_else: it is not, or what follows fits.", Syntax: "[or_else]", Example: "http.referer; absent;", setup: absent},
	{Name: "byte_test", Doc: "Compares a number in the buffer.", Syntax: "[bytes], [!]<|>|=|<=|>=|&|^, value, offset[, relative][, little|big][, string, hex|dec|oct][, dce][, bitmask value]", Example: "byte_test:2,>,1000,0;", setup: byteTest},
	{Name: "byte_jump", Doc: "Moves on by a number in the buffer.", Syntax: "bytes, offset[, relative][, multiplier n][, align][, from_beginning|from_end][, post_offset n][, string, hex|dec|oct]", Example: `byte_jump:2,0; content:"a"; distance:0; within:1;`, setup: byteJump},
	{Name: "byte_extract", Doc: "Keeps a number in the buffer in a variable of the rule.", Syntax: "bytes, offset, name[, relative][, multiplier n][, little|big][, string, hex|dec|oct][, align n]", Example: `byte_extract:1,0,n; content:"a"; offset:n;`, setup: byteExtract},
	{Name: "byte_math", Doc: "Calculates with a number in the buffer.", Syntax: "bytes n, offset n, oper +|-|*|/|<<|>>, rvalue n, result name[, relative][, endian big|little][, string hex|dec|oct][, bitmask n]", Example: `byte_math:bytes 2, offset 0, oper +, rvalue 4, result n; content:"a"; offset:n;`, setup: byteMath},
	{Name: "base64_decode", Doc: "Takes base64 in the buffer apart, for base64_data.", Syntax: "[bytes n][, offset n][, relative]", Example: `content:"data:"; base64_decode:bytes 40, relative; base64_data; content:"secret";`, setup: base64Decode},
	{Name: "base64_data", Doc: "What follows is about what base64_decode has made.", Example: `base64_decode; base64_data; content:"secret";`, setup: base64Data},
	{Name: "pkt_data", Doc: "What follows is about the payload again.", Example: `pkt_data; content:"a";`, setup: func(c *compiler, _ string) error { c.unit, c.last, c.nested = -1, place{}, false; return nil }},
	{Name: "entropy", Doc: "Shannon entropy of the buffer, bits a byte; events of the flow show it.", Syntax: "[bytes n,] [offset n,] value comparison", Example: `content:"a"; entropy:value >= 7;`, setup: entropyKeyword},
	{Name: "uricontent", Doc: "A content of http.uri.", Syntax: `[!]"text"`, setup: func(c *compiler, v string) error { return c.via("http.uri", v) }},
	{Name: "frame", Doc: "What follows is about a frame that a parser names.", Syntax: "[protocol.]frame, of which stream is all of a direction", setup: frameBuffer},
}

// aboutLast makes a keyword that says something of the content before it.
func aboutLast(say func(m *matcher)) setup {
	return func(c *compiler, _ string) error {
		return c.about(func(m *matcher) error { say(m); return nil })
	}
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

func (c *compiler) place(v string, set func(m *matcher, p bound)) error {
	n, err := c.number(v)
	if err != nil {
		return err
	}
	return c.about(func(m *matcher) error { set(m, n.bound()); return nil })
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
		m.depth, m.hasDepth = n.bound(), true
		return nil
	})
}

// relative makes the content before relative to the one before that.
func (c *compiler) relative(v string, set func(m *matcher, p bound)) error {
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

// dsize compares the size of the payload; one that is not something is looked
// for in packets with payload only.
func dsize(c *compiler, v string) error {
	t, err := parseInt(v, nil)
	if err != nil {
		return err
	}
	c.s.needPayload = !t.fits(0) || t.negate
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		return p.L4 != 0 && (p.PayLen > 0 || !t.negate) && t.fits(uint64(p.PayLen)) && !p.Has(packet.Pseudo)
	})
}
