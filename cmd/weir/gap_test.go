package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// TestVerdictBeforeHole ends inspection of a connection by a verdict and leaves
// holes in it: what stands behind them waits for nobody at the end.
func TestVerdictBeforeHole(t *testing.T) {
	client, server := packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2"}, packettest.IP{Src: "192.0.2.2", Dst: "192.0.2.1"}
	send := func(seq uint32, flags uint8, data string) []byte {
		return packettest.EtherIP(client.TCP(packettest.TCP{SrcPort: 1000, DstPort: 80, Seq: seq, Ack: 501, Flags: flags, Data: []byte(data)}))
	}
	answer := func(ack uint32, flags uint8) []byte {
		seq := uint32(501)
		if flags&packet.SYN != 0 {
			seq = 500
		}
		return packettest.EtherIP(server.TCP(packettest.TCP{SrcPort: 80, DstPort: 1000, Seq: seq, Ack: ack, Flags: flags}))
	}
	frames := [][]byte{
		send(100, packet.SYN, ""), answer(101, packet.SYN|packet.ACK), send(101, packet.ACK, ""),
		send(101, packet.ACK|packet.PSH, "GET / HTTP/1.1\r\n"), answer(117, packet.ACK),
		send(217, packet.ACK|packet.PSH, "Host: a\r\n"), answer(226, packet.ACK),
		send(326, packet.ACK|packet.PSH, "X: b\r\n\r\n"), answer(334, packet.ACK),
	}
	dir := t.TempDir()
	capture := filepath.Join(dir, "a.pcap")
	if err := os.WriteFile(capture, packettest.Pcap{Link: packet.LinkEthernet}.File(packettest.Every(1e6, frames...)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"alert", "pass", "drop", "reject"} {
		for _, extra := range [][]string{nil, {"--simulate-ips"}} {
			list := filepath.Join(dir, action+".rules")
			if err := os.WriteFile(list, []byte(action+` tcp any any -> any any (msg:"a"; content:"GET"; sid:1;)`+"\n"+action+` http any any -> any any (msg:"b"; http.method; content:"GET"; sid:2;)`), 0o600); err != nil {
				t.Fatal(err)
			}
			done := make(chan int, 1)
			go func() {
				var stdout, stderr bytes.Buffer
				done <- run(t.Context(), append([]string{"pcap", "-q", "-k", "none", "-S", list, "-l", filepath.Join(dir, action), capture}, extra...), &stdout, &stderr)
			}()
			select {
			case status := <-done:
				if status != 0 {
					t.Errorf("%s %v: status %d", action, extra, status)
				}
			case <-time.After(20 * time.Second):
				t.Fatalf("%s %v: does not end", action, extra)
			}
		}
	}
}
