package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"weir/sinks/nsq"
)

const (
	// canaryStart is how long the canary's run may take until it captures, and
	// canaryAlert how long the alert may take behind the datagram.
	canaryStart = 20 * time.Second
	canaryAlert = time.Second
	// discardPort is the port that takes everything and does nothing (RFC 863).
	discardPort = 9
)

// canary watches an interface as weir run does, sends a datagram over it, and waits
// for the alert.
func (d *doctor) canary(ctx context.Context, name string) {
	stage := "canary " + name
	dir, err := os.MkdirTemp("", "weir-doctor-*")
	if err != nil {
		d.note(broken, stage, "", "%v", err)
		return
	}
	defer os.RemoveAll(dir)
	word := "weir-canary-" + rand.Text()
	o := &liveOptions{Interfaces: []string{name}, Workers: 1, Promisc: true, Control: "off", flush: 50 * time.Millisecond}
	o.Prefix = nsq.DefaultPrefix
	o.extra = []ruleText{{"canary", fmt.Appendf(nil, "alert udp any any -> any %d (msg:\"canary\"; content:\"%s\"; sid:1;)\n", discardPort, word)}}
	o.Config.LogDir, o.Config.DataDir, o.Config.Checksums = dir, dir, "none"
	o.Config.Sets = []string{"nsq.mode=off", "bpf.process=no", "bpf.shunt=no"}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	said := &heard{ready: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- runLive(ctx, o, said, said) }()
	select {
	case err := <-ended:
		d.note(broken, stage, "what it says", "a run does not start: %v", err)
		return
	case <-time.After(canaryStart):
		d.note(broken, stage, "", "a run is not ready within %v", canaryStart)
		return
	case <-said.ready:
	}
	start := time.Now()
	if err := sing(name, word); err != nil {
		d.note(broken, stage, "an IP address for the interface", "the datagram could not be sent: %v", err)
		return
	}
	alerted := false
	var took time.Duration
	for !alerted && took < 5*canaryAlert {
		time.Sleep(10 * time.Millisecond)
		b, _ := os.ReadFile(filepath.Join(dir, "eve.json"))
		alerted, took = bytes.Contains(b, []byte(`"signature":"canary"`)), time.Since(start)
	}
	stop()
	if err := <-ended; err != nil {
		d.note(broken, stage, "", "the run ended with %v", err)
		return
	}
	switch {
	case alerted && took <= canaryAlert:
		d.note(well, stage, "", "its alert was there %v behind the datagram", took.Round(time.Millisecond))
	case alerted:
		d.note(warns, stage, "fewer rules, more processors, or a faster disk", "its alert took %v, longer than %v", took.Round(time.Millisecond), canaryAlert)
	case strings.Contains(said.text(), "ended: 0 packets"):
		d.note(broken, stage, "tcpdump -i "+name+" udp port 9", "no packet came from the interface: capture is broken")
	default:
		d.note(broken, stage, "weir run -i "+name+" and its eve.json", "packets came and the rule did not fit: detection or output is broken")
	}
}

// heard is what the canary's run says.
type heard struct {
	mu    sync.Mutex
	said  strings.Builder
	once  sync.Once
	ready chan struct{} // closed once it captures
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said.Write(b)
	if strings.Contains(h.said.String(), "ready: ") {
		h.once.Do(func() { close(h.ready) })
	}
	return len(b), nil
}

func (h *heard) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said.String()
}

// sing sends a datagram over an interface to the interface itself: by loopback to its
// address, else as a frame to its own hardware address, which nobody else takes.
func sing(name, word string) error {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	if ifc.Flags&net.FlagLoopback != 0 {
		c, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", discardPort))
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = c.Write([]byte(word))
		return err
	}
	own := netip.MustParseAddr("192.0.2.1") // for documentation (RFC 5737)
	addrs, _ := ifc.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			own = p.Addr()
		}
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, canaryFrame(ifc.HardwareAddr, own, word), 0, &unix.SockaddrLinklayer{Ifindex: ifc.Index, Halen: uint8(len(ifc.HardwareAddr))})
}

// canaryFrame makes the frame: Ethernet, where the interface has hardware addresses,
// IPv4 and UDP without a checksum.
func canaryFrame(mac net.HardwareAddr, own netip.Addr, word string) []byte {
	var b []byte
	if len(mac) == 6 {
		b = append(append(append(b, mac...), mac...), 0x08, 0x00)
	}
	at := len(b)
	b = append(b, 0x45, 0, 0, 0, 0, 0, 0, 0, 1, unix.IPPROTO_UDP, 0, 0)
	b = append(append(b, own.AsSlice()...), own.AsSlice()...)
	ip := b[at:]
	binary.BigEndian.PutUint16(ip[2:], uint16(20+8+len(word)))
	sum := uint32(0)
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum))
	b = binary.BigEndian.AppendUint16(b, discardPort)
	b = binary.BigEndian.AppendUint16(b, discardPort)
	b = binary.BigEndian.AppendUint16(b, uint16(8+len(word)))
	b = append(b, 0, 0)
	return append(b, word...)
}
