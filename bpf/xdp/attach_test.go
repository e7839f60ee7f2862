package xdp

import (
	"bufio"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"weir/bpf/nstest"
)

const wire = "wire0"

// peers joins the namespace of a test to another.
func peers(t *testing.T) *nstest.Peer {
	t.Helper()
	return nstest.NewPeer(t, wire, prefix("192.0.2.1/24"), prefix("192.0.2.2/24"))
}

// attachedTo returns how the kernel says that a program is attached to an interface:
// IFLA_XDP_ATTACHED of linux/if_link.h; 0 is none, 1 native, 2 generic.
func attachedTo(t *testing.T, name string) byte {
	t.Helper()
	raw, err := syscall.NetlinkRIB(syscall.RTM_GETLINK, syscall.AF_UNSPEC)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := syscall.ParseNetlinkMessage(raw)
	if err != nil {
		t.Fatal(err)
	}
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	const attached = 2 // IFLA_XDP_ATTACHED
	for _, m := range messages {
		if m.Header.Type != syscall.RTM_NEWLINK || int32(m.Data[4])|int32(m.Data[5])<<8 != int32(ifc.Index) {
			continue
		}
		attrs, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range attrs {
			if a.Attr.Type&^unix.NLA_F_NESTED == unix.IFLA_XDP {
				for v := a.Value; len(v) >= 5; v = v[min(len(v), (int(v[0])+3)&^3):] {
					if v[2] == attached {
						return v[4]
					}
				}
			}
		}
	}
	return 0
}

// TestTraffic sends datagrams over a wire: those of a blocked peer do not come, all
// others do, and each frame is counted.
func TestTraffic(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	peer := peers(t)
	p := open(t, Options{})
	mode, err := p.Attach(wire)
	if err != nil {
		t.Fatal(err)
	}
	if at := attachedTo(t, wire); mode != Native || at != 1 || p.Attached()[wire] != Native {
		t.Errorf("attached %s; the kernel says %d", mode, at)
	}
	here, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	var there net.Conn
	peer.Do(func() { there, err = net.Dial("udp4", here.LocalAddr().String()) })
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	get := func(wait time.Duration) (string, error) {
		b := make([]byte, 64)
		if err := here.SetReadDeadline(time.Now().Add(wait)); err != nil {
			t.Fatal(err)
		}
		n, err := here.Read(b)
		return string(b[:n]), err
	}
	say := func(text string) {
		if _, err := there.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	say("before")
	if s, err := get(20 * time.Second); s != "before" {
		t.Fatalf("%q, %v", s, err)
	}
	if err := p.Block(prefix("192.0.2.2/32"), 0); err != nil {
		t.Fatal(err)
	}
	say("blocked")
	// The program counts a frame before it drops it.
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if list, err := p.List(); err != nil || time.Now().After(end) {
			t.Fatalf("list %v, %v", list, err)
		} else if list[0].Hits == 1 {
			break
		}
	}
	if err := p.Unblock(prefix("192.0.2.2/32")); err != nil {
		t.Fatal(err)
	}
	say("after")
	if s, err := get(20 * time.Second); s != "after" {
		t.Fatalf("%q, %v, want the datagram after that which was dropped", s, err)
	}
	c, err := p.Counters()
	if err != nil || c.IPv4 != 3 || c.Blocked != 1 || c.Packets < 4 {
		t.Errorf("counters %+v, %v: want 3 datagrams, one of them blocked, and ARP", c, err)
	}
	if err := p.Detach(wire); err != nil || attachedTo(t, wire) != 0 {
		t.Errorf("detached: %v", err)
	}
}

// TestRenew takes an interface away: the program comes back with the next of its name.
func TestRenew(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	first := peers(t)
	p := open(t, Options{})
	if _, err := p.Attach(wire); err != nil {
		t.Fatal(err)
	}
	if err := p.Renew(); err != nil || attachedTo(t, wire) != 1 {
		t.Errorf("nothing has happened: %v", err)
	}
	first.Cut(t)
	if err := p.Renew(); err != nil {
		t.Errorf("the interface is gone: %v", err)
	}
	peers(t)
	if err := p.Renew(); err != nil || attachedTo(t, wire) != 1 {
		t.Errorf("not attached to the new interface: %v", err)
	}
}

// TestGeneric attaches where no driver can.
func TestGeneric(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	p := open(t, Options{})
	if mode, err := p.Attach("lo"); err != nil || mode != Generic || attachedTo(t, "lo") != 2 {
		t.Errorf("attached %s, %v", mode, err)
	}
	// Once more, as to an interface that has come back.
	if mode, err := p.Attach("lo"); err != nil || mode != Generic {
		t.Errorf("attached %s, %v", mode, err)
	}
	other := open(t, Options{})
	if _, err := other.Attach("lo"); err == nil || !strings.Contains(err.Error(), "attach XDP to lo: another program is there") {
		t.Errorf("second program: %v", err)
	}
	if _, err := p.Attach("none0"); err == nil {
		t.Error("attached to an interface that is not there")
	}
}

// TestKilled kills a process whose program is attached: nothing of it stays, and the
// next one finds the interface free.
func TestKilled(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	if os.Getenv("WEIR_TEST_VICTIM") != "" {
		p := open(t, Options{})
		if _, err := p.Attach(wire); err != nil {
			t.Fatal(err)
		}
		if err := p.Block(netip.MustParsePrefix("198.51.100.7/32"), 0); err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("\nattached\n")
		select {}
	}
	peers(t)
	open(t, Options{}) // skips where eBPF is refused
	for range 2 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$", "-test.v")
		cmd.Env = append(os.Environ(), "WEIR_TEST_VICTIM=1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() }) // done before, if all goes well
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "attached" {
		}
		if lines.Text() != "attached" || attachedTo(t, wire) != 1 {
			t.Fatalf("the other process has not attached: %v", lines.Err())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed
		// The kernel lets go of the link a little later.
		for end := time.Now().Add(20 * time.Second); attachedTo(t, wire) != 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the program of a process that was killed is still attached")
			}
		}
	}
}
