package detect

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"weir/decode"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/packet/packettest"
	"weir/decode/proto"
)

// testFrames are the packets that the rules of TestKeywords look at.
func testFrames() map[string][]byte {
	v4 := packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2", TTL: 60, TOS: 8, ID: 77, Frag: 0x4000}
	v6 := packettest.IP{Src: "2001:db8::1", Dst: "2001:db8::2"}
	wrong := func(b []byte) []byte { b = slices.Clone(b); b[len(b)-1] ^= 1; return b }
	tcp := packettest.TCP{
		SrcPort: 1000, DstPort: 80, Seq: 100, Ack: 200, Flags: packet.ACK | packet.PSH, Window: 500,
		Opts: []byte{2, 4, 5, 0xb4, 1, 3, 3, 7}, Data: []byte("GET /index.html aGVsbG8= 0123"),
	}
	options, igmp, sctp, part := v4, v4, v4, v4
	options.Opts = []byte{7, 4, 4, 0} // record route
	igmp.Proto = packet.ProtoIGMP
	sctp.Proto = packet.ProtoSCTP
	part.Proto, part.Frag = packet.ProtoUDP, 0x2003
	return map[string][]byte{
		"tcp":       packettest.EtherIP(v4.TCP(tcp)),
		"tcp wrong": packettest.EtherIP(wrong(v4.TCP(tcp))),
		"tcp6":      packettest.EtherIP(v6.TCP(tcp)),
		"udp":       packettest.EtherIP(v4.UDP(1000, 53, []byte("\x00\x10\x00\x04data\x05"))),
		"udp6":      packettest.EtherIP(v6.UDP(1000, 53, []byte("data"))),
		"icmp":      packettest.EtherIP(v4.ICMP(8, 0, 5<<16|6, []byte("ping"))),
		"icmp6":     packettest.EtherIP(v6.ICMP(2, 0, 1280, make([]byte, 48))),
		"same":      packettest.EtherIP(packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.1"}.UDP(1, 2, nil)),
		"options":   packettest.EtherIP(options.UDP(1, 2, nil)),
		"igmp":      packettest.EtherIP(igmp.Wrap([]byte{0x16, 0, 0x08, 0xff, 224, 0, 1, 1})),
		"sctp":      packettest.EtherIP(sctp.Wrap([]byte{4, 0, 0, 9, 0, 0, 0, 7, 0, 0, 0, 0, 0, 3, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4})),
		"fragment":  packettest.EtherIP(part.Wrap(make([]byte, 16))),
		"vlan":      packettest.Ether(packettest.VLAN, packettest.Tag(200, packettest.IPv4, v4.UDP(1, 2, []byte("x")))),
		"broken":    packettest.EtherIP(v4.TCP(tcp)[:24]),
	}
}

// keywordCase is a rule on a frame: with the options of fires it raises an
// alert, with those of not it does not.
type keywordCase struct{ frame, fires, not string }

// keywordCases has for each keyword what fires and what does not.
var keywordCases = map[string]keywordCase{
	"content":             {"tcp", `content:"index";`, `content:"Index";`},
	"nocase":              {"tcp", `content:"INDEX"; nocase;`, `content:"INDEY"; nocase;`},
	"rawbytes":            {"tcp", `content:"GET"; rawbytes;`, `content:"get"; rawbytes;`},
	"offset":              {"tcp", `content:"index"; offset:5;`, `content:"index"; offset:6;`},
	"depth":               {"tcp", `content:"index"; depth:10;`, `content:"index"; depth:9;`},
	"distance":            {"tcp", `content:"GET"; content:"index"; distance:2;`, `content:"GET"; content:"index"; distance:3;`},
	"within":              {"tcp", `content:"GET"; content:"index"; within:7;`, `content:"GET"; content:"index"; within:6;`},
	"startswith":          {"tcp", `content:"GET"; startswith;`, `content:"ET"; startswith;`},
	"endswith":            {"tcp", `content:"0123"; endswith;`, `content:"012"; endswith;`},
	"fast_pattern":        {"tcp", `content:"GET"; content:"index"; fast_pattern:1,3;`, `content:"GET"; content:"indey"; fast_pattern:only;`},
	"prefilter":           {"udp", `ttl:60; prefilter;`, `ttl:61; prefilter;`},
	"isdataat":            {"tcp", `content:"GET"; isdataat:26,relative;`, `content:"GET"; isdataat:27,relative;`},
	"pcre":                {"tcp", `pcre:"/in\w+\.HTML/i";`, `pcre:"/^index/";`},
	"dsize":               {"tcp", `dsize:20<>40;`, `dsize:<29;`},
	"byte_test":           {"udp", `byte_test:2,=,16,0;`, `byte_test:2,>,16,0;`},
	"byte_jump":           {"udp", `byte_jump:2,2; content:"|05|"; within:1;`, `byte_jump:2,2; content:"a"; within:1;`},
	"byte_extract":        {"udp", `byte_extract:2,2,n; content:"data"; offset:n;`, `byte_extract:2,0,n; content:"data"; offset:n;`},
	"byte_math":           {"udp", `byte_math:bytes 2, offset 0, oper /, rvalue 4, result r; byte_test:2,=,r,2;`, `byte_math:bytes 2, offset 0, oper -, rvalue 4, result r; byte_test:2,=,r,2;`},
	"pkt_data":            {"tcp", `pkt_data; content:"GET";`, `pkt_data; content:"PUT";`},
	"base64_decode":       {"tcp", `base64_decode:offset 16; base64_data; content:"hello";`, `base64_decode:offset 17; base64_data; content:"hello";`},
	"base64_data":         {"tcp", `base64_decode:bytes 8, offset 16; base64_data; content:"lo"; endswith;`, `base64_decode:bytes 4, offset 16; base64_data; content:"lo";`},
	"entropy":             {"tcp", `entropy:value > 3;`, `entropy:value > 5;`},
	"ip.src":              {"tcp", `ip.src; content:"|c0 00 02 01|";`, `ip.src; content:"|c0 00 02 02|";`},
	"ip.dst":              {"tcp", `ip.dst; content:"|c0 00 02 02|";`, `ip.dst; content:"|c0 00 02 01|";`},
	"bsize":               {"tcp", `ipv4.hdr; bsize:20;`, `ipv4.hdr; bsize:>20;`},
	"absent":              {"tcp", `ipv6.hdr; absent;`, `ipv4.hdr; absent;`},
	"ipv4.hdr":            {"tcp", `ipv4.hdr; content:"|45 08|"; startswith;`, `ipv4.hdr; content:"|45 09|"; startswith;`},
	"ipv6.hdr":            {"tcp6", `ipv6.hdr; content:"|20 01 0d b8|"; offset:8;`, `ipv6.hdr; content:"|20 01 0d b9|"; offset:8;`},
	"tcp.hdr":             {"tcp", `tcp.hdr; content:"|03 e8 00 50|"; depth:4;`, `tcp.hdr; content:"|03 e8 00 51|"; depth:4;`},
	"udp.hdr":             {"udp", `udp.hdr; content:"|00 35|"; offset:2;`, `udp.hdr; content:"|00 36|"; offset:2;`},
	"icmpv4.hdr":          {"icmp", `icmpv4.hdr; content:"|08 00|"; startswith;`, `icmpv4.hdr; content:"|08 02|"; startswith;`},
	"icmpv6.hdr":          {"icmp6", `icmpv6.hdr; content:"|02 00|"; startswith;`, `icmpv6.hdr; content:"|03|"; startswith;`},
	"igmp.hdr":            {"igmp", `igmp.hdr; content:"|16|"; startswith;`, `igmp.hdr; content:"|17|"; startswith;`},
	"igmp.type":           {"igmp", `igmp.type:22;`, `igmp.type:17;`},
	"sctp.hdr":            {"sctp", `sctp.hdr; content:"|00 00 00 07|";`, `sctp.hdr; content:"|00 00 00 08|";`},
	"sctp.vtag":           {"sctp", `sctp.vtag:7;`, `sctp.vtag:8;`},
	"sctp.chunk_cnt":      {"sctp", `sctp.chunk_cnt:1;`, `sctp.chunk_cnt:>1;`},
	"sctp.chunk_type":     {"sctp", `sctp.chunk_type:0;`, `sctp.chunk_type:2;`},
	"sctp.chunk_data":     {"sctp", `sctp.chunk_data; content:"|01 02 03 04|";`, `sctp.chunk_data; content:"|02 02|";`},
	"icmpv6.mtu":          {"icmp6", `icmpv6.mtu:1280;`, `icmpv6.mtu:<1280;`},
	"ipv4-csum":           {"tcp", `ipv4-csum:valid;`, `ipv4-csum:invalid;`},
	"tcpv4-csum":          {"tcp wrong", `tcpv4-csum:invalid;`, `tcpv4-csum:valid;`},
	"tcpv6-csum":          {"tcp6", `tcpv6-csum:valid;`, `tcpv6-csum:invalid;`},
	"udpv4-csum":          {"udp", `udpv4-csum:valid;`, `udpv4-csum:invalid;`},
	"udpv6-csum":          {"udp6", `udpv6-csum:valid;`, `udpv6-csum:invalid;`},
	"igmp-csum":           {"igmp", `igmp-csum:invalid;`, `igmp-csum:valid;`},
	"icmpv4-csum":         {"icmp", `icmpv4-csum:valid;`, `icmpv4-csum:invalid;`},
	"icmpv6-csum":         {"icmp6", `icmpv6-csum:valid;`, `icmpv6-csum:invalid;`},
	"ttl":                 {"tcp", `ttl:59-61;`, `ttl:>60;`},
	"tos":                 {"tcp", `tos:8;`, `tos:!8;`},
	"id":                  {"tcp", `id:77;`, `id:78;`},
	"itype":               {"icmp", `itype:8;`, `itype:<8;`},
	"icode":               {"icmp", `icode:0;`, `icode:1;`},
	"icmp_id":             {"icmp", `icmp_id:5;`, `icmp_id:6;`},
	"icmp_seq":            {"icmp", `icmp_seq:6;`, `icmp_seq:5;`},
	"seq":                 {"tcp", `seq:100;`, `seq:101;`},
	"tcp.seq":             {"tcp", `tcp.seq:100;`, `tcp.seq:101;`},
	"ack":                 {"tcp", `ack:200;`, `ack:0;`},
	"tcp.ack":             {"tcp", `tcp.ack:200;`, `tcp.ack:0;`},
	"window":              {"tcp", `window:500;`, `window:!500;`},
	"tcp.window":          {"tcp", `tcp.window:500;`, `tcp.window:!500;`},
	"tcp.mss":             {"tcp", `tcp.mss:1460;`, `tcp.mss:<536;`},
	"tcp.wscale":          {"tcp", `tcp.wscale:7;`, `tcp.wscale:>7;`},
	"ip_proto":            {"udp", `ip_proto:17;`, `ip_proto:!17;`},
	"sameip":              {"same", `sameip;`, `sameip; ttl:1;`},
	"flags":               {"tcp", `flags:AP;`, `flags:A;`},
	"tcp.flags":           {"tcp", `tcp.flags:+A;`, `tcp.flags:S;`},
	"fragbits":            {"tcp", `fragbits:D;`, `fragbits:M;`},
	"fragoffset":          {"fragment", `fragoffset:3;`, `fragoffset:>3;`},
	"ipopts":              {"options", `ipopts:rr;`, `ipopts:ts;`},
	"vlan.id":             {"vlan", `vlan.id:200,0;`, `vlan.id:200,1;`},
	"vlan.layers":         {"vlan", `vlan.layers:1;`, `vlan.layers:0;`},
	"decode-event":        {"broken", `decode-event:ipv4.trunc_pkt;`, `decode-event:ipv4.hlen_too_small;`},
	"engine-event":        {"broken", `engine-event:ipv4.trunc_pkt;`, `engine-event:ipv4.hlen_too_small;`},
	"requires":            {"udp", `ttl:60; requires:version >= 7;`, `ttl:61; requires:version >= 7;`},
	"noalert":             {"udp", `ttl:60; noalert; alert;`, `ttl:60; noalert;`},
	"alert":               {"udp", `ttl:60; alert;`, `ttl:61; alert;`},
	"flow":                {"tcp", `flow:to_server; content:"GET";`, `flow:to_client; content:"GET";`},
	"flow.pkts":           {"tcp", `flow.pkts:5;`, `flow.pkts:4;`},
	"flow.pkts_toserver":  {"tcp", `flow.pkts_toserver:3;`, `flow.pkts_toserver:2;`},
	"flow.pkts_toclient":  {"tcp", `flow.pkts_toclient:2;`, `flow.pkts_toclient:3;`},
	"flow.bytes":          {"tcp", `flow.bytes:toserver,300;`, `flow.bytes:toserver,>300;`},
	"flow.bytes_toserver": {"tcp", `flow.bytes_toserver:300;`, `flow.bytes_toserver:200;`},
	"flow.bytes_toclient": {"tcp", `flow.bytes_toclient:200;`, `flow.bytes_toclient:300;`},
	"flow.age":            {"tcp", `flow.age:>9;`, `flow.age:<9;`},
	"flowint":             {"tcp", `flowint:n,notset; ttl:60;`, `flowint:n,isset; ttl:60;`},
	"flowbits":            {"tcp", `flowbits:isnotset,a; ttl:60;`, `flowbits:isset,a; ttl:60;`},
	"app-layer-protocol":  {"tcp", `app-layer-protocol:!demo; ttl:60;`, `app-layer-protocol:demo; ttl:60;`},
	"threshold":           {"tcp", `ttl:60; threshold:type limit,track by_src,count 1,seconds 9;`, `ttl:60; threshold:type threshold,track by_src,count 2,seconds 9;`},
	"detection_filter":    {"tcp", `ttl:60; detection_filter:track by_src,count 1,seconds 9;`, `ttl:61; detection_filter:track by_src,count 1,seconds 9;`},
}

// elsewhere names the tests of the keywords that one packet cannot show.
var elsewhere = map[string]string{
	"msg": "cmd", "sid": "cmd", "rev": "cmd", "gid": "cmd", "reference": "TestReferences", "metadata": "cmd", "classtype": "cmd", "priority": "TestOrder",
	"target": "cmd", "uricontent": "decode/proto/http1", "app-layer-state": "cmd", "app-layer-event": "cmd", "stream-event": "decode/stream", "stream_size": "decode/stream",
	"filename": "cmd", "fileext": "cmd", "filemagic": "cmd", "filesize": "cmd", "filestore": "cmd", "filemd5": "cmd", "filesha1": "cmd", "filesha256": "cmd",
	"bypass": "cmd", "tls.store": "cmd", "tls_store": "cmd", "xbits": "TestTransactionBits", "hostbits": "TestSharedBits", "dataset": "TestSetsOnPackets", "datarep": "TestSetsOnPackets",
	"tag": "TestTags", "geoip": "TestGeoIP", "iprep": "TestReputation", "config": "TestConfigRules", "frame": "TestFrames",
	"process.comm": "TestProcesses", "process.exe": "TestProcesses", "process.uid": "TestProcesses", "container.id": "TestProcesses",
}

// TestKeywords shows packets to rules, of which one should fire and one should
// not, and wants each keyword of the engine to be there.
func TestKeywords(t *testing.T) {
	frames := testFrames()
	for name, k := range keywords {
		if name != k.Name && keywordCases[k.Name].frame != "" {
			continue
		}
		if _, ok := keywordCases[name]; !ok && elsewhere[name] == "" {
			t.Errorf("%s has no case", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(keywordCases)) {
		c := keywordCases[name]
		t.Run(name, func(t *testing.T) {
			if keywords[name] == nil {
				t.Fatal("there is no such keyword")
			}
			if !strings.Contains(c.fires+c.not, name) {
				t.Errorf("the rules do not use it: %s %s", c.fires, c.not)
			}
			w, h := engineOf(t, demo(), fmt.Sprintf("alert ip any any -> any any (%s sid:1;)\nalert ip any any -> any any (%s sid:2;)\n", c.fires, c.not))
			frame, ok := frames[c.frame]
			if !ok {
				t.Fatalf("there is no frame %q", c.frame)
			}
			d := packet.NewDecoder(packet.Options{})
			times := 1
			if name == "detection_filter" {
				times = 2
			}
			for range times {
				ps := d.Decode(&packet.Frame{Data: frame, Time: 20e9, Wire: uint32(len(frame)), Link: packet.LinkEthernet})
				p := ps[len(ps)-1]
				f := &flow.Flow{Proto: p.Proto, Pkts: [2]uint64{3, 2}, Bytes: [2]uint64{300, 200}, Start: 10e9, Last: 20e9, App: uint16(proto.Failed)}
				p.Dir = 1
				if p.Version == 0 || p.Proto == packet.ProtoIGMP || p.Has(packet.Fragment) {
					f = nil
				}
				w.Inspect(&decode.Inspection{Packet: p, Flow: f, Opening: true})
			}
			if !slices.Equal(h.sids, []uint32{1}) {
				t.Errorf("rules %v fire, want rule 1: %s\nand not rule 2: %s", h.sids, c.fires, c.not)
			}
		})
	}
}

// TestReferences checks what alerts show of a rule's references.
func TestReferences(t *testing.T) {
	b := NewBuilder(demoSet(t), Options{KeepReferences: true, References: map[string]string{"url": "https://", "cve": "https://cve.example/"}})
	addRules(t, b, `alert ip any any -> any any (reference:url,a.example/b; reference:CVE,2020-1; reference:other,x; reference:url,http://c.example; sid:1;)`)
	if got, want := string(b.sigs[0].references), `"references":["https://a.example/b","https://cve.example/2020-1","http://c.example"]`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
