package flow

import (
	"encoding/json"
	"testing"

	"weir/decode/packet"
)

// recorded returns what a record of f holds, without its times.
func recorded(t *testing.T, f *Flow, netflow int) string {
	t.Helper()
	name := func(app uint16) string { return [...]string{"unknown", "failed", "http", "tls"}[app] }
	b := []byte(`{"event_type":"flow"`)
	if netflow < 0 {
		b = AppendRecord(b, f, name, 3, nil)
	} else {
		b = AppendNetflow(b, f, netflow, name)
	}
	var m map[string]any
	if err := json.Unmarshal(append(b, '}'), &m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	delete(m, "event_type")
	for _, key := range [...]string{"flow", "netflow"} {
		if o, ok := m[key].(map[string]any); ok {
			delete(o, "start")
			delete(o, "end")
		}
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestRecord(t *testing.T) {
	base := func(proto uint8) *Flow {
		return &Flow{
			Proto: proto, Version: 4, Start: 10*second + 900e6, Last: 12*second + 100e6, State: StateEstablished,
			Pkts: [2]uint64{3, 2}, Bytes: [2]uint64{300, 200}, TTL: [2][2]uint8{{63, 64}, {50, 51}},
		}
	}
	const counts = `"pkts_toclient":2,"pkts_toserver":3`
	for _, r := range []struct {
		name    string
		flow    *Flow
		change  func(*Flow)
		netflow int
		want    string
	}{
		{
			"UDP with a protocol", base(packet.ProtoUDP), func(f *Flow) { f.App, f.AppTS, f.AppTC, f.Flags = 2, 2, 1, TimedOut|Alerted }, -1,
			`{"app_proto":"http","app_proto_tc":"failed","flow":{"age":2,"alerted":true,"bytes_toclient":200,"bytes_toserver":300,` + counts + `,"reason":"timeout","state":"established","tx_cnt":3}}`,
		},
		{
			"changed protocol", base(packet.ProtoUDP), func(f *Flow) { f.App, f.AppOrig, f.AppExpected, f.Flags = 3, 2, 1, Shutdown }, -1,
			`{"app_proto":"tls","app_proto_expected":"failed","app_proto_orig":"http","flow":{"age":2,"alerted":false,"bytes_toclient":200,"bytes_toserver":300,` + counts + `,"reason":"shutdown","state":"established","tx_cnt":3}}`,
		},
		{
			"ICMP with an answer", base(packet.ProtoICMP), func(f *Flow) { f.ICMPType, f.Flags = 8, SeenTC|Forced|Emergency }, -1,
			`{"flow":{"age":2,"alerted":false,"bytes_toclient":200,"bytes_toserver":300,"emergency":true,` + counts + `,"reason":"forced","state":"established","tx_cnt":3},"icmp_code":0,"icmp_type":8,"response_icmp_code":0,"response_icmp_type":0}`,
		},
		{
			"ICMP without", base(packet.ProtoICMPv6), func(f *Flow) { f.ICMPType, f.ICMPCode = 1, 4 }, -1,
			`{"flow":{"age":2,"alerted":false,"bytes_toclient":200,"bytes_toserver":300,` + counts + `,"reason":"unknown","state":"established","tx_cnt":3},"icmp_code":4,"icmp_type":1}`,
		},
		{
			"TCP without a session", base(packet.ProtoTCP), func(f *Flow) { f.Flags = Reused }, -1,
			`{"flow":{"age":2,"alerted":false,"bytes_toclient":200,"bytes_toserver":300,` + counts + `,"reason":"tcp_reuse","state":"established","tx_cnt":3},"tcp":{"tcp_flags":"00","tcp_flags_tc":"00","tcp_flags_ts":"00"}}`,
		},
		{
			"TCP shed", base(packet.ProtoTCP), func(f *Flow) {
				f.State, f.Flags = StateBypassed, BypassLocal|Passed|TimedOut
				f.Exceptions.Note(ReasonMidstream, ExceptionBypass)
				f.Stream = TCPInfo{HasSession: true, State: TCPEstablished, Flags: [2]uint8{packet.SYN | packet.ACK, packet.ACK}, Gap: [2]bool{false, true}}
			}, -1,
			`{"flow":{"action":"pass","age":2,"alerted":false,"bypass":"local","bytes_toclient":200,"bytes_toserver":300,"exception_policy":[{"policy":"bypass","target":"stream_midstream"}],` + counts + `,"reason":"timeout","state":"bypassed","tx_cnt":3},` +
				`"tcp":{"ack":true,"state":"established","syn":true,"tc_gap":true,"tc_max_regions":1,"tcp_flags":"12","tcp_flags_tc":"10","tcp_flags_ts":"12","ts_max_regions":1}}`,
		},
		{
			"netflow to client", base(packet.ProtoUDP), func(f *Flow) { f.App = 2 }, 1,
			`{"app_proto":"http","netflow":{"age":2,"bytes":200,"max_ttl":51,"min_ttl":50,"pkts":2}}`,
		},
		{
			"netflow of an answer", base(packet.ProtoICMP), func(f *Flow) { f.ICMPType = 13 }, 1,
			`{"app_proto":"unknown","icmp_code":0,"icmp_type":14,"netflow":{"age":2,"bytes":200,"max_ttl":51,"min_ttl":50,"pkts":2}}`,
		},
		{
			"ESP", base(packet.ProtoESP), func(f *Flow) { f.Key.APort, f.Key.BPort = 0x304, 0x102 }, 1,
			`{"app_proto":"unknown","netflow":{"age":2,"bytes":200,"max_ttl":51,"min_ttl":50,"pkts":2},"spi":16909060}`,
		},
		{
			"netflow of TCP", base(packet.ProtoTCP), func(f *Flow) {
				f.Stream = TCPInfo{HasSession: true, Flags: [2]uint8{packet.SYN, packet.ACK}}
			}, 0,
			`{"app_proto":"unknown","netflow":{"age":2,"bytes":300,"max_ttl":64,"min_ttl":63,"pkts":3},"tcp":{"syn":true,"tcp_flags":"02"}}`,
		},
	} {
		t.Run(r.name, func(t *testing.T) {
			r.change(r.flow)
			if got := recorded(t, r.flow, r.netflow); got != r.want {
				t.Errorf("got  %s\nwant %s", got, r.want)
			}
		})
	}
}

func TestExceptionCounters(t *testing.T) {
	var a, b ExceptionCounters
	a[ReasonMidstream][ExceptionDropFlow] = 2
	b[ReasonMidstream][ExceptionDropFlow] = 1
	b[ReasonAppError][ExceptionIgnore] = 7
	a.Add(&b)
	var m map[string]map[string]map[string]uint64
	if err := json.Unmarshal(append(a.Append([]byte{'{'}), '}'), &m); err != nil {
		t.Fatal(err)
	}
	if got := m["tcp"]["midstream"]["drop_flow"]; got != 3 {
		t.Errorf("tcp.midstream.drop_flow is %d, want 3", got)
	}
	if _, ok := m["app_layer"]["error"]["ignore"]; ok {
		t.Error("what was ignored is counted")
	}
}
