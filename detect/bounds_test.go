package detect

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/decode"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/packet/packettest"
	"weir/decode/proto"
	"weir/rules"
)

const (
	// hostileLoad and hostileMatch bound what loading a hostile rule, and
	// inspecting the 64 KB of hostilePayload with it, may take: far more than
	// measured, as test machines are slow at times.
	hostileLoad  = 2 * time.Second
	hostileMatch = 2 * time.Second
	hostileHeap  = 64 << 20
)

// rep is strings.Repeat with the number of the turn put in for %d.
func rep(n int, format string) string {
	var b strings.Builder
	for i := range n {
		if strings.Contains(format, "%d") {
			fmt.Fprintf(&b, format, i)
		} else {
			b.WriteString(format)
		}
	}
	return b.String()
}

// hostileRules are rules made to be dear, by their options. Those with an error
// are refused with it; the others fit nothing of what TestHostile shows them.
var hostileRules = []struct{ name, options, err string }{
	{"content of 65535 bytes", `content:"` + rep(65534, "a") + `b";`, ""},
	{"content of 65536 bytes", `content:"` + rep(65536, "a") + `";`, "content: pattern of 65536 bytes: want at most 65535"},
	{"2000 contents", `content:"a"; fast_pattern; ` + rep(2000, `content:"a"; `) + `content:"b";`, ""},
	{"2000 contents behind each other", `content:"a"; fast_pattern; ` + rep(2000, `content:"a"; distance:0; `) + `content:"b"; distance:0;`, ""},
	{"200 contents near each other", `content:"a"; fast_pattern; ` + rep(200, `content:"a"; within:50; `) + `content:"b"; within:50;`, ""},
	{"contents in variable places", `byte_extract:1,0,n; content:"a"; fast_pattern; ` + rep(200, `content:"a"; distance:n; within:100; `) + `content:"b"; within:9;`, ""},
	{"3000 jumps", rep(3000, `byte_jump:1,0,relative; `) + `pcre:"/[bx]/R";`, ""},
	{"alternatives: 10,000", `pcre:"/(` + strings.TrimSuffix(rep(10000, "w%dx|"), "|") + `)/";`, "pcre: offset 65535: pattern of 68891 bytes: want at most 65535"},
	{"alternatives: 9000", `pcre:"/(` + strings.TrimSuffix(rep(9000, "w%d|"), "|") + `)/";`, ""},
	{"alternatives: 9000 that begin alike", `pcre:"/(` + strings.TrimSuffix(rep(6000, "aa%da|"), "|") + `)[bx]/";`, ""},
	{"repeats written out", `pcre:"/(((((a{1,100}){1,100}){1,100}){1,100}){1,100})x/";`, "pcre: offset 5: pattern is too large: repeats are written out"},
	{"repeats of nothing written out", `pcre:"/((?:(?:(?:){65535}){65535}){65535}){65535}/";`, "pcre: offset 1: pattern is too large: repeats are written out"},
	{"repeats in each other", `pcre:"/^(a+)+[bx]$/";`, ""},
	{"repeats in each other with a reference", `pcre:"/^(a*)*(a*)*\1\2[bx]/";`, ""},
	{"repeats of long literals", `pcre:"/^(?:` + rep(30000, "a") + `|` + rep(29999, "a") + `|a)*[bx]/";`, ""},
	{"look-ahead in repeats", `pcre:"/(?:(?=a*a*a*[bc])a|a)*[bx]/";`, ""},
	{"look-behind", `pcre:"/(?<=` + rep(250, "a") + `)[bx]/";`, ""},
	{"recursion", `pcre:"/(?:(a(?1)?a)|a)+[bx]/";`, ""},
	{"recursion without end", `pcre:"/(a|(?1)b)(?R)/";`, ""},
	{"parentheses: 3000", `pcre:"/` + rep(3000, "(") + "a" + rep(3000, ")") + `/";`, "pcre: offset 250: parentheses are nested too deeply: want at most 250"},
	{"groups: 1000 at each byte", `pcre:"/` + rep(999, "(a)") + `[bx]/";`, ""},
	{"classes: 9000 repeats", `pcre:"/` + rep(9000, `[^\n]*`) + `[bx]/";`, ""},
	{"expressions: 500 behind each other", rep(500, `pcre:"/a+?/R"; `) + `pcre:"/^b/R";`, ""},
	{"expressions: dear ones behind each other", rep(50, `pcre:"/(?:a+)+?(?!a)|a/R"; `) + `pcre:"/^b/R";`, ""},
	{"base64 of base64", rep(1500, `base64_decode:relative; base64_data; `) + `content:"b";`, ""},
	{"base64 behind each match", `content:"a"; base64_decode:relative; base64_data; content:"i"; content:"i"; distance:1; content:"b"; distance:0;`, ""},
	{"transforms: 17", `demo.req; ` + rep(17, "url_decode; ") + `content:"b";`, "url_decode: more than 16 transforms of one buffer"},
	{"transforms: dear expressions", `demo.req; pcrexform:"(?:a+)+[bx]"; content:"b";`, ""},
	{"buffers: 65", rep(65, `demo.req; url_decode; content:"b"; `), "more than 64 buffers in one rule"},
	{"variables: 17", rep(17, `byte_extract:1,0,v%d; `), "byte_extract: more than 16 variables"},
	{"flowbits: 20,000 names", `flowbits:set,` + strings.TrimSuffix(rep(20000, "b%d|"), "|") + `;`, "flowbits: more than 64 names in one rule: see detect.flowbits.max-per-signature"},
	{"metadata: 200,000 values", `metadata:` + rep(120000, "a b,") + `a b; content:"b";`, ""},
	{"number of 900 KB", `ttl:` + rep(900000, "1") + `;`, ": want "},
	{"unknown keyword of 900 KB", rep(900000, "x") + ";", " and 899920 bytes more: keyword is not supported yet"},
}

// TestHostile loads rules made to be dear and shows 64 KB to them as a datagram
// and as a buffer.
func TestHostile(t *testing.T) {
	p := demo()
	frame := packettest.EtherIP(packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2"}.UDP(1000, 53, hostilePayload()))
	text := string(hostilePayload())
	for _, tc := range hostileRules {
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := processorTime()
			b := NewBuilder(demoSetOf(t, p), Options{AlertMax: 15, MaxFlowbits: 64})
			var err error
			for r, e := range rules.All("h", []byte("alert ip any any -> any any ("+tc.options+" sid:1;)")) {
				if e != nil {
					t.Fatal(e)
				}
				if e := b.Add(r); e != nil {
					err = e
				}
			}
			e, _, buildErr := b.Build()
			if buildErr != nil {
				t.Fatal(buildErr)
			}
			load := processorTime() - start
			runtime.ReadMemStats(&after)
			if got := fmt.Sprint(err); (err != nil) != (tc.err != "") || !strings.Contains(got, tc.err) || len(got) > 500 {
				t.Fatalf("got %.300s, want %q", got, tc.err)
			}
			if got := fmt.Sprint(err); err != nil && !strings.HasPrefix(got, "h:1:") {
				t.Errorf("%.80s: no place", got)
			}
			h := &heard{}
			w := e.NewWorker(h, NewShared(1<<20))
			start = processorTime()
			pk := packet.NewDecoder(packet.Options{}).Decode(&packet.Frame{Data: frame, Wire: uint32(len(frame)), Link: packet.LinkEthernet})[0]
			w.Inspect(&decode.Inspection{Packet: pk, Opening: true})
			w.Inspect(&decode.Inspection{
				Packet: &packet.Packet{Proto: packet.ProtoTCP, L4: 1, Version: 4, Dir: field.ToServer, MACs: -1},
				Flow:   &flow.Flow{Proto: packet.ProtoTCP, Version: 4}, Proto: p,
				Txs: []proto.Transaction{&demoTx{Tx: proto.Tx{Progress: [2]uint8{1, 1}, Moved: [2]bool{true, true}}, req: text}},
			})
			match := processorTime() - start
			t.Logf("loaded in %v, %.1f MB allocated; inspected in %v", load.Round(time.Microsecond), float64(after.TotalAlloc-before.TotalAlloc)/1e6, match.Round(time.Microsecond))
			if load > slower*hostileLoad || match > slower*hostileMatch || after.TotalAlloc-before.TotalAlloc > hostileHeap {
				t.Errorf("too dear: want at most %v, %d MB and %v", hostileLoad, hostileHeap>>20, hostileMatch)
			}
			if len(h.sids) > 0 {
				t.Error("the rule fires")
			}
		})
	}
}

// hostilePayload is what hostile rules are slowest on.
func hostilePayload() []byte { return []byte(rep(64<<10-200, "a")) }

// demoSetOf is the set of one protocol.
func demoSetOf(t testing.TB, p *proto.Protocol) *proto.Set {
	t.Helper()
	set, err := proto.NewSet(p)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestRuleSetBounds loads many rules that are dear together.
func TestRuleSetBounds(t *testing.T) {
	for _, tc := range []struct {
		name, format string
		n            int
		err          string
	}{
		{"expressions written out", `alert tcp any any -> any any (pcre:"/(ab%dc){9000}/"; sid:%[1]d;)`, 400, "pcre: the bytes of the regular expressions of all rules take more than 201326592"},
		{"long contents on 16 ports", `alert ip any any -> any 1:16 (content:"` + rep(60000, "x") + `%d"; sid:%[1]d;)`, 100, ""},
		{"contents of a buffer", `alert demo any any -> any any (demo.req; content:"%[2]s"; sid:%[1]d;)`, 5000, ""},
		{"addresses that cover each other", `alert ip 10.%[3]d.0.1-10.200.%[4]d.%[3]d any -> any any (sid:%[1]d;)`, 20000, ""},
		{"a port each", `alert tcp any any -> any %d (content:"abc"; sid:%[1]d;)`, 20000, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := NewBuilder(demoSetOf(t, demo()), Options{})
			start, text := processorTime(), 0
			var err error
			for i := 1; i <= tc.n; i++ {
				line := fmt.Sprintf(tc.format, i, fmt.Sprintf("%032x", uint64(i)*0x9e3779b97f4a7c15), i%199, i/199%256)
				line, _, _ = strings.Cut(line, "%!(EXTRA")
				text += len(line)
				r, e := rules.ParseRule(line)
				if e != nil {
					t.Fatal(e)
				}
				if e := b.Add(r); e != nil && err == nil {
					err = e
				}
			}
			e, _, buildErr := b.Build()
			if buildErr != nil {
				t.Fatal(buildErr)
			}
			load := processorTime() - start
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			t.Logf("%.1f MB of rules in %v, %.1f MB of heap", float64(text)/1e6, load.Round(time.Millisecond), float64(m.HeapAlloc)/1e6)
			if m.HeapAlloc > 300<<20 || load > slower*15*time.Second {
				t.Error("too dear")
			}
			if got := fmt.Sprint(err); tc.err != "" && !strings.Contains(got, tc.err) || tc.err == "" && err != nil {
				t.Errorf("got %.300s, want %q", got, tc.err)
			}
			runtime.KeepAlive(e)
		})
	}
}

// processorTime is what the process has taken of it: how long something takes by the
// clock depends on what else runs.
func processorTime() time.Duration {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		panic(err)
	}
	return time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
}
