package detect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"weir/decode/field"
	"weir/rules"
)

// Lint is a habit that makes rules slow, blind or hard to read.
type Lint struct {
	Name, Doc string
	look      func(l *linted) // nil: it takes all rules to tell, see Linter.Done
}

// Finding is a place where a rule has such a habit.
type Finding struct {
	Lint string
	rules.Error
}

// Lints are all, in the order of the manual.
var Lints = []Lint{
	{"no-msg", "A rule without msg: an alert says nothing.", without("msg", "say what was seen: msg:\"...\";")},
	{"no-rev", "A rule without rev: a newer version of it cannot be told from it.", without("rev", "rev:1; and count up with each change")},
	{"no-classtype", "A rule without classtype and priority: alerts have the lowest priority but one.", noClass},
	{"no-flow", "A rule on TCP payload or transactions without flow: it is looked at in both directions.", noFlow},
	{"no-pattern", "A rule that no pattern selects: it is checked at every packet or transaction of its protocol.", noPattern},
	{"short-pattern", "A fast pattern of one to three bytes: it stands in too much traffic to select anything.", shortPattern},
	{"common-pattern", "A fast pattern that most traffic of its protocol has.", commonPattern},
	{"pcre-alone", "A pcre on a buffer without a content: the expression runs over each such buffer.", pcreAlone},
	{"legacy-modifier", "A content modifier that has a sticky buffer in its place.", legacyModifier},
	{"useless-option", "An option without effect: fast_pattern on the only content, nocase on one without letters, distance:0 or offset:0 on the first.", uselessOption},
	{"same-content", "The same content twice without a position: one of them is free.", sameContent},
	{"loose-domain", "A domain name that is found inside of longer ones too: evil.com in evil.com.example.org.", looseDomain},
	{"ports-of-protocol", "Fixed ports in a rule on an application protocol, which is recognised on every port.", protocolPorts},
	{"hidden-protocol", "A rule on tcp or udp that looks into buffers of an application protocol.", hiddenProtocol},
	{"silent", "A rule with noalert that sets nothing: it has no effect.", idle},
	{"bit-never-set", "A flow bit that a rule asks for and no rule sets.", nil},
	{"bit-never-read", "A flow bit that a rule sets and no rule asks for.", nil},
}

// Linter looks at rules as they are added to a Builder.
type Linter struct {
	Findings []Finding
	off      map[string]bool
	bits     map[string]*bitUse
}

// bitUse is where a flow bit is used first.
type bitUse struct{ set, read *Finding }

// NewLinter returns one that looks for all but the lints named.
func NewLinter(off []string) *Linter {
	l := &Linter{off: map[string]bool{}, bits: map[string]*bitUse{}}
	for _, name := range off {
		l.off[name] = true
	}
	return l
}

// linted is a rule that is looked at.
type linted struct {
	*Linter
	lint string
	b    *Builder
	r    *rules.Rule
	s    *signature
}

// Add adds a rule to b and looks at it, if it can be used.
func (l *Linter) Add(b *Builder, r *rules.Rule) *rules.Error {
	if err := b.Add(r); err != nil {
		return err
	}
	x := &linted{Linter: l, b: b, r: r, s: b.sigs[b.ids[ruleID{r.GID, r.SID}]]}
	for i := range Lints {
		if look := Lints[i].look; look != nil && !l.off[Lints[i].Name] {
			x.lint = Lints[i].Name
			look(x)
		}
	}
	x.noteBits()
	return nil
}

// Done looks at what takes all rules to tell, and puts the findings in order.
func (l *Linter) Done() {
	for name, u := range l.bits {
		if u.set == nil && u.read != nil && !l.off["bit-never-set"] {
			f := *u.read
			f.Lint, f.Msg, f.Hint = "bit-never-set", fmt.Sprintf("no rule sets flow bit %s", rules.Quote(name)), "the rule never fits; is the name right?"
			l.Findings = append(l.Findings, f)
		}
		if u.read == nil && u.set != nil && !l.off["bit-never-read"] {
			f := *u.set
			f.Lint, f.Msg, f.Hint = "bit-never-read", fmt.Sprintf("no rule asks for flow bit %s", rules.Quote(name)), "leave it out, if nothing else reads it from events"
			l.Findings = append(l.Findings, f)
		}
	}
	slices.SortStableFunc(l.Findings, func(a, b Finding) int {
		if c := strings.Compare(a.Pos.File, b.Pos.File); c != 0 {
			return c
		}
		if a.Pos.Line != b.Pos.Line {
			return a.Pos.Line - b.Pos.Line
		}
		return a.Pos.Col - b.Pos.Col
	})
}

// at notes a finding at a place of the rule.
func (l *linted) at(pos rules.Pos, hint, format string, args ...any) {
	l.Findings = append(l.Findings, Finding{l.lint, rules.Error{Pos: pos, SID: l.r.SID, Msg: fmt.Sprintf(format, args...), Hint: hint}})
}

// option returns the first option of a name, or nil.
func (l *linted) option(names ...string) *rules.Option {
	for i := range l.r.Options {
		if slices.Contains(names, l.r.Options[i].Name) {
			return &l.r.Options[i]
		}
	}
	return nil
}

func without(name, hint string) func(l *linted) {
	return func(l *linted) {
		if l.option(name) == nil {
			l.at(l.r.Pos, hint, "no %s", name)
		}
	}
}

func noClass(l *linted) {
	if l.option("classtype", "priority") == nil {
		l.at(l.r.Pos, "see classification.config for the names", "no classtype")
	}
}

// inspects reports whether a rule looks at payload or transactions.
func (l *linted) inspects() bool {
	for i := range l.s.units {
		if u := &l.s.units[i]; u.payload || u.def != nil {
			return true
		}
	}
	return false
}

func noFlow(l *linted) {
	if l.option("flow") != nil || l.s.dir != field.Both || l.s.protos&protoTCP == 0 && l.s.app == nil || !l.inspects() || l.s.hook != (hook{}) {
		return
	}
	if l.s.protos&protoTCP == 0 {
		return // datagrams have no handshake: many such rules mean both
	}
	l.at(l.r.Pos, "flow:established,to_server; or to_client", "no flow: both directions are looked at, unestablished sessions too")
}

func noPattern(l *linted) {
	if l.s.fast != nil || l.s.eventOnly || !l.inspects() {
		return
	}
	for i := range l.s.units {
		if len(l.s.units[i].match) > 0 {
			l.at(l.r.Pos, "add a content that is not negated", "no pattern selects the rule")
			return
		}
	}
}

// shortest is how long a fast pattern should be at least, bytes.
const shortest = 4

func shortPattern(l *linted) {
	f := l.s.fast
	if f == nil || len(f.pattern) >= shortest || f.depth > 0 && f.depth-f.offset <= len(f.pattern) || f.end {
		return // one that stands at a fixed place is cheap
	}
	l.at(l.contentPos(f.pattern), "take a longer content, or mark one by fast_pattern", "the fast pattern %s has %s", rules.Quote(string(f.pattern)), counted(len(f.pattern), "byte"))
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// common are strings that most traffic of a kind has, in lower case.
var common = []string{
	"get ", "post ", "post", "http", "http/1.", "http/1.0", "http/1.1", "host: ", "host|3a|", "user-agent", "user-agent: ", "mozilla", "mozilla/", "mozilla/5.0",
	"accept: ", "content-", "content-type", "content-length", "text/html", "connection: ", "keep-alive", "200 ok", "<html", "</html>", "<script", "function", "\r\n\r\n",
	"\x00\x00\x00\x00", "www.", ".com", ".php", ".html", ".exe", "http://", "https://",
}

func commonPattern(l *linted) {
	f := l.s.fast
	if f == nil || !slices.Contains(common, strings.ToLower(string(f.pattern))) {
		return
	}
	l.at(l.contentPos(f.pattern), "mark a rarer content by fast_pattern", "the fast pattern %s stands in most traffic", rules.Quote(string(f.pattern)))
}

// contentPos returns where a pattern stands in the rule.
func (l *linted) contentPos(pattern []byte) rules.Pos {
	for i := range l.r.Options {
		o := &l.r.Options[i]
		if o.Name != "content" && o.Name != "uricontent" {
			continue
		}
		if b, _, err := rules.Content(o.Value); err == nil && bytes.Contains(bytes.ToLower(b), bytes.ToLower(pattern)) {
			return o.Pos
		}
	}
	return l.r.Pos
}

// isBuffer reports whether an option turns what follows to another buffer.
func (l *linted) isBuffer(o *rules.Option) bool {
	return !o.HasValue && (l.b.fields[o.Name] != nil || o.Name == "pkt_data" || o.Name == "base64_data" || strings.HasSuffix(o.Name, ".hdr"))
}

func pcreAlone(l *linted) {
	var alone *rules.Option
	contents := 0
	done := func() {
		if alone != nil && contents == 0 {
			l.at(alone.Pos, "put a content before it that the expression demands anyway", "pcre without a content on the same buffer")
		}
		alone, contents = nil, 0
	}
	for i := range l.r.Options {
		switch o := &l.r.Options[i]; {
		case l.isBuffer(o):
			done()
		case o.Name == "content" || o.Name == "uricontent":
			if !strings.HasPrefix(o.Value, "!") {
				contents++
			}
		case o.Name == "pcre" && alone == nil:
			alone = o
		}
	}
	if l.s.fast == nil || contents > 0 || alone != nil {
		done()
	}
}

func legacyModifier(l *linted) {
	for i := range l.r.Options {
		o := &l.r.Options[i]
		defs := l.b.modifiers[o.Name]
		if len(defs) == 0 {
			continue
		}
		l.at(o.Pos, fmt.Sprintf("write %s; before the content", defs[0].def.Name), "%s is the old form", o.Name)
	}
}

func uselessOption(l *linted) {
	contents, first := 0, true
	for i := range l.r.Options {
		if l.r.Options[i].Name == "content" {
			contents++
		}
	}
	var last *rules.Option
	for i := range l.r.Options {
		o := &l.r.Options[i]
		switch {
		case l.isBuffer(o):
			first, last = true, nil
		case o.Name == "content" || o.Name == "pcre" || o.Name == "uricontent" || strings.HasPrefix(o.Name, "byte_"):
			first = last == nil
			last = o
		case o.Name == "fast_pattern" && contents == 1 && !o.HasValue:
			l.at(o.Pos, "leave it out", "fast_pattern on the only content")
		case o.Name == "nocase" && last != nil && last.Name == "content":
			if b, _, err := rules.Content(last.Value); err == nil && bytes.Equal(bytes.ToLower(b), bytes.ToUpper(b)) {
				l.at(o.Pos, "leave it out", "nocase on a content without letters")
			}
		case (o.Name == "distance" || o.Name == "offset") && o.Value == "0" && first && last != nil && last.Name == "content":
			l.at(o.Pos, "leave it out", "%s:0 says nothing on the first content of a buffer", o.Name)
		}
	}
}

func sameContent(l *linted) {
	seen := map[string]bool{}
	for i := range l.r.Options {
		o := &l.r.Options[i]
		if l.isBuffer(o) {
			clear(seen)
		}
		if o.Name != "content" || i+1 < len(l.r.Options) && positional(l.r.Options[i+1:]) {
			continue
		}
		if seen[o.Value] {
			l.at(o.Pos, "leave it out, or say where it stands: distance:0;", "the same content stands before it")
		}
		seen[o.Value] = true
	}
}

// positional reports whether the modifiers at the head of opts say where a content
// stands, or in which buffer.
func positional(opts []rules.Option) bool {
	for i := range opts {
		switch opts[i].Name {
		case "nocase", "fast_pattern", "rawbytes":
		case "distance", "within", "offset", "depth", "startswith", "endswith", "bsize":
			return true
		case "content", "pcre":
			return false
		default:
			return strings.HasPrefix(opts[i].Name, "http_")
		}
	}
	return false
}

// domains are buffers that hold a domain name.
var domains = []string{"dns.query", "dns_query", "dns.query.name", "tls.sni", "tls_sni", "quic.sni", "http.host", "http_host"}

func looseDomain(l *linted) {
	buffer, firm := "", false
	var name *rules.Option
	done := func() {
		if name != nil && !firm {
			l.at(name.Pos, "dotprefix; content:\".evil.com\"; endswith; or bsize for the whole name", "the domain is found inside of longer names too")
		}
		name, firm = nil, false
	}
	for i := range l.r.Options {
		o := &l.r.Options[i]
		switch {
		case l.isBuffer(o):
			done()
			buffer = o.Name
		case !slices.Contains(domains, buffer):
		case o.Name == "content" && name == nil && !strings.HasPrefix(o.Value, "!"):
			if b, _, err := rules.Content(o.Value); err == nil && isDomain(b) {
				name = o
			}
		case slices.Contains([]string{"endswith", "bsize", "isdataat", "pcre", "dataset", "domain", "tld", "depth"}, o.Name):
			firm = true
		}
	}
	done()
}

// isDomain reports whether b is a domain name of two labels at least.
func isDomain(b []byte) bool {
	name := strings.TrimPrefix(string(b), ".")
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || len(name)-i < 3 {
		return false
	}
	for _, c := range []byte(name) {
		if c != '.' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	for _, c := range []byte(name[i+1:]) {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func protocolPorts(l *linted) {
	if l.b.set.ByName(l.r.Proto.S) == nil && l.r.Proto.S != "http" {
		return
	}
	for _, p := range []*rules.Text{&l.r.SrcPort, &l.r.DstPort} {
		if p.S != "" && p.S != "any" && p.S != "$HTTP_PORTS" {
			l.at(p.Pos, "write any", "port %s in a rule on %s, which is recognised on every port", p.S, l.r.Proto.S)
		}
	}
}

func hiddenProtocol(l *linted) {
	if l.r.Proto.S != "tcp" && l.r.Proto.S != "udp" && l.r.Proto.S != "ip" {
		return
	}
	for i := range l.r.Options {
		o := &l.r.Options[i]
		defs := l.b.fields[o.Name]
		if len(defs) == 0 || l.option("app-layer-protocol") != nil {
			continue
		}
		names := []string{}
		for _, d := range defs {
			if !slices.Contains(names, d.proto.Name) {
				names = append(names, d.proto.Name)
			}
		}
		if o.HasValue || len(names) > 4 {
			continue // an event, or a buffer of most protocols
		}
		l.at(l.r.Proto.Pos, "write the protocol in its place", "%s belongs to %s, the rule says %s", o.Name, strings.Join(names, ", "), l.r.Proto.S)
		return
	}
}

func idle(l *linted) {
	o := l.option("noalert")
	if o == nil {
		return
	}
	for i := range l.r.Options {
		switch x := &l.r.Options[i]; x.Name {
		case "flowbits", "xbits", "hostbits":
			for _, word := range []string{"set", "unset", "toggle"} {
				if strings.HasPrefix(x.Value, word) {
					return
				}
			}
		case "flowint", "dataset", "datarep", "filestore", "config", "bypass", "tag", "replace", "lua", "luaxform":
			return
		}
	}
	l.at(o.Pos, "leave the rule out, or let it set something", "noalert, and nothing is set")
}

// noteBits notes where the rule uses flow bits.
func (l *linted) noteBits() {
	for i := range l.r.Options {
		o := &l.r.Options[i]
		if o.Name != "flowbits" {
			continue
		}
		how, names, ok := strings.Cut(o.Value, ",")
		if !ok {
			continue
		}
		for name := range strings.SplitSeq(names, "|") {
			name = strings.TrimSpace(name)
			u := l.bits[name]
			if u == nil {
				u = &bitUse{}
				l.bits[name] = u
			}
			f := &Finding{Error: rules.Error{Pos: o.Pos, SID: l.r.SID}}
			switch strings.TrimSpace(how) {
			case "set", "toggle", "unset":
				if u.set == nil {
					u.set = f
				}
			case "isset", "isnotset":
				if u.read == nil {
					u.read = f
				}
			}
		}
	}
}
