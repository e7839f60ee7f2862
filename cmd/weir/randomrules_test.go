package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/all"
)

var (
	randomRules = flag.Int("random-rules", 1500, "rules that TestRandomRules makes")
	randomSeed  = flag.Uint64("random-seed", 1, "seed of them")
	randomDir   = flag.String("random-dir", "../../testdata/captures", "folder of the captures they look at")
)

// ruleMaker makes rules of everything that there is: fields of all protocols with
// their examples, transforms, and what is said of buffers.
type ruleMaker struct {
	*rand.Rand
	protos []*proto.Protocol
}

func oneOf[T any](r *ruleMaker, list ...T) T { return list[r.IntN(len(list))] }

// content returns a short content that traffic often has.
func (r *ruleMaker) content() string {
	c := oneOf(r, "a", "e", "GET", "/", " ", "http", "|0d 0a|", "|00|", "|00 01|", "com", "index", "|01|", "test", "Host", "ssh", "=")
	s := fmt.Sprintf(`content:%s"%s";`, oneOf(r, "", "", "", "!"), c)
	for range r.IntN(3) {
		s += oneOf(r, " nocase;", " depth:20;", " offset:1;", " startswith;", " endswith;", " fast_pattern;", " isdataat:1,relative;", " byte_test:1,>,10,0,relative;",
			fmt.Sprintf(` content:"%s"; distance:%d;`, oneOf(r, "a", "/", "|00|"), r.IntN(4)), fmt.Sprintf(` content:"%s"; distance:0; within:%d;`, oneOf(r, "e", " "), 1+r.IntN(9)))
	}
	return s
}

// tests returns what is said of one buffer.
func (r *ruleMaker) tests() string {
	var s strings.Builder
	for range 1 + r.IntN(2) {
		s.WriteString(oneOf(r, r.content(), r.content(), ` pcre:"/[a-z]+\d?/i";`, ` pcre:"/(a|e)+./R";`, ` bsize:>1;`, ` bsize:1<>40;`, ` byte_extract:1,0,n; byte_test:1,=,n,0;`,
			` byte_jump:1,0; isdataat:!100,relative;`, ` byte_math:bytes 1, offset 0, oper +, rvalue 1, result m; byte_test:1,<,m,0;`, ` base64_decode:offset 0; base64_data; content:"a";`, ` entropy:value > 1;`, ` absent;`))
	}
	return s.String()
}

func (r *ruleMaker) rule(sid int) string {
	var s strings.Builder
	name, fields := oneOf(r, "tcp", "udp", "ip", "tcp-pkt", "tcp-stream", "icmp"), []field.Def(nil)
	if r.IntN(4) > 0 {
		p := r.protos[r.IntN(len(r.protos))]
		name, fields = p.Name, p.Fields
		if n := len(p.States[r.IntN(2)]); n > 0 && r.IntN(8) == 0 {
			name += ":" + p.States[0][0].Name
		}
	}
	fmt.Fprintf(&s, "%s %s any %s %s any %s (msg:\"random\"; ", oneOf(r, "alert", "alert", "alert", "drop"), name,
		oneOf(r, "any", "any", "1:1024", "!80"), oneOf(r, "->", "->", "->", "<>", "=>"), oneOf(r, "any", "any", "80", "[53,80,1:100]", "!22"))
	s.WriteString(oneOf(r, "", "", "", "flow:established;", "flow:to_server;", "flow:to_client,established;", "threshold:type limit,track by_src,count 2,seconds 60;",
		"detection_filter:track by_dst,count 1,seconds 60;", "flowbits:set,a;", "flowbits:isset,a;", "flowbits:isnotset,b; flowbits:set,b;", "flowint:n,+,1;", "xbits:set,x,track ip_src,expire 10;",
		"xbits:isset,x,track ip_src;", "tag:session,3,packets;", "dsize:>4;", "ttl:>1;", "stream_size:client,>,10;", "noalert;"))
	for range 1 + r.IntN(3) {
		if len(fields) == 0 {
			s.WriteString(oneOf(r, "", " pkt_data;", " tcp.hdr;", " ipv4.hdr;") + r.tests())
			continue
		}
		f := &fields[r.IntN(len(fields))]
		switch f.Kind {
		case field.KindBytes, field.KindMulti, field.KindBody:
			s.WriteString(" " + f.Name + ";")
			for range r.IntN(3) {
				s.WriteString(oneOf(r, " to_lowercase;", " to_uppercase;", " strip_whitespace;", " compress_whitespace;", " url_decode;", " to_md5;", " dotprefix;", ` xor:"0102";`, ` pcrexform:"(a.*)";`, " domain;", " from_base64;", " gunzip;"))
			}
			s.WriteString(r.tests())
		default:
			example, _, _ := strings.Cut(f.Example, ";")
			if _, value, ok := strings.Cut(example, ":"); ok && r.IntN(3) > 0 {
				s.WriteString(" " + f.Name + ":" + value + ";")
			} else {
				fmt.Fprintf(&s, " %s:%s%d;", f.Name, oneOf(r, "", ">", "<", "!"), r.IntN(300))
			}
		}
	}
	fmt.Fprintf(&s, " sid:%d;)\n", sid)
	return s.String()
}

// capturesBelow returns the captures of a folder without those of tunnels and other links below Ethernet: where
// one flow is seen in several of them, it may be one for each worker.
func capturesBelow(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && looksLikeCapture(path) && !strings.Contains(path, "tunnel") && !strings.Contains(path, "en10mb") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestRandomRules runs rules made at random over the captures, in one worker and
// in three: nothing may panic, and the records have to be the same.
func TestRandomRules(t *testing.T) {
	set, err := all.Set()
	if err != nil {
		t.Fatal(err)
	}
	r := &ruleMaker{rand.New(rand.NewPCG(*randomSeed, 0)), nil}
	for _, p := range set.All() {
		if len(p.Fields) > 0 {
			r.protos = append(r.protos, p)
		}
	}
	dir := t.TempDir()
	var text strings.Builder
	for i := range *randomRules {
		text.WriteString(r.rule(i + 1))
	}
	list := filepath.Join(dir, "random.rules")
	if err := os.WriteFile(list, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	captures := capturesBelow(t, *randomDir)
	analyse := func(workers int) []byte {
		t.Helper()
		var stdout, stderr bytes.Buffer
		logs := filepath.Join(dir, fmt.Sprint(workers))
		if status := run(t.Context(), append([]string{
			"pcap", "-q", "--separate", "-k", "none", "-S", list, "-l", logs, "--workers", fmt.Sprint(workers), "--set", "detect.sgh-mpm-caching=no",
			"--set", "outputs.0.eve-log.types.0.alert.payload=yes", "--set", "packet-alert-max=1000",
		}, captures...), &stdout, &stderr); status > 1 {
			t.Fatal(stderr.String())
		}
		if workers == 1 {
			t.Logf("%d rules, of which %d cannot be used", *randomRules, strings.Count(stderr.String(), ": sid "))
		}
		logged, err := filepath.Glob(filepath.Join(logs, "*", "eve.json"))
		if err != nil || len(logged) == 0 {
			t.Fatalf("no records, %v", err)
		}
		var all []byte
		for _, name := range logged {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, b...)
		}
		return all
	}
	one := analyse(1)
	t.Logf("%d alerts", bytes.Count(one, []byte(`"event_type":"alert"`)))
	three := analyse(3)
	if !bytes.Equal(one, three) {
		a, b := bytes.Split(one, []byte{'\n'}), bytes.Split(three, []byte{'\n'})
		for i := range min(len(a), len(b)) {
			if !bytes.Equal(a[i], b[i]) {
				t.Fatalf("line %d differs: one worker\n%s\nthree workers\n%s", i+1, a[i], b[i])
			}
		}
		t.Fatalf("%d lines, with three workers %d", len(a), len(b))
	}
}
