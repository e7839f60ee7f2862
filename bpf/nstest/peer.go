package nstest

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Peer is another network namespace, joined to that of the test by a wire: a pair of
// interfaces (veth(4)), of the same name on both sides.
type Peer struct {
	name  string
	calls chan func()
}

// NewPeer makes one. The wire carries the addresses here and there, of IPv4 or IPv6.
func NewPeer(t testing.TB, name string, here, there netip.Prefix) *Peer {
	t.Helper()
	p := &Peer{name: name, calls: make(chan func())}
	made, ended := make(chan int), make(chan struct{})
	var err error
	go func() {
		defer close(ended)
		runtime.LockOSThread() // it ends with the goroutine, and the namespace with it
		if err = unix.Unshare(unix.CLONE_NEWNET); err != nil {
			close(made)
			return
		}
		made <- unix.Gettid()
		for f := range p.calls {
			f()
		}
	}()
	tid, ok := <-made
	if !ok {
		t.Skipf("no second network namespace: %v", err)
	}
	t.Cleanup(func() { close(p.calls); <-ended })
	ns, err := unix.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", tid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ns)
	if err := veth(name, ns); err != nil {
		t.Fatalf("veth pair %s: %v", name, err)
	}
	if err := address(name, here); err != nil {
		t.Fatalf("%s here: %v", name, err)
	}
	p.Do(func() { err = address(name, there) })
	if err != nil {
		t.Fatalf("%s there: %v", name, err)
	}
	return p
}

// Do calls f in the namespace. What f opens stays there and may be used anywhere.
func (p *Peer) Do(f func()) {
	done := make(chan struct{})
	p.calls <- func() { defer close(done); f() }
	<-done
}

// Cut takes the wire away.
func (p *Peer) Cut(t testing.TB) {
	t.Helper()
	ifc, err := net.InterfaceByName(p.name)
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(ifc.Index))
	if err := request(unix.RTM_DELLINK, 0, body); err != nil {
		t.Fatalf("take %s away: %v", p.name, err)
	}
}

// veth makes a pair of interfaces, the second in namespace ns.
func veth(name string, ns int) error {
	label := append([]byte(name), 0)
	header := make([]byte, unix.SizeofIfInfomsg)
	peer := append(append([]byte{}, header...), attr(unix.IFLA_IFNAME, label)...)
	peer = append(peer, attr(unix.IFLA_NET_NS_FD, binary.NativeEndian.AppendUint32(nil, uint32(ns)))...)
	const vethInfoPeer = 1 // linux/veth.h
	info := append(attr(unix.IFLA_INFO_KIND, []byte("veth")), attr(unix.IFLA_INFO_DATA, attr(vethInfoPeer, peer))...)
	body := append(append(header, attr(unix.IFLA_IFNAME, label)...), attr(unix.IFLA_LINKINFO, info)...)
	return request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL, body)
}

// address gives an interface of this thread's namespace an address and brings it up.
func address(name string, p netip.Prefix) error {
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	family := byte(unix.AF_INET6)
	if p.Addr().Is4() {
		family = unix.AF_INET
	}
	const noDAD = 0x02 // IFA_F_NODAD of linux/if_addr.h: usable at once
	body := []byte{family, byte(p.Bits()), noDAD, 0}
	body = binary.NativeEndian.AppendUint32(body, uint32(ifc.Index))
	body = append(body, attr(unix.IFA_LOCAL, p.Addr().AsSlice())...)
	body = append(body, attr(unix.IFA_ADDRESS, p.Addr().AsSlice())...)
	if err := request(unix.RTM_NEWADDR, unix.NLM_F_CREATE, body); err != nil {
		return err
	}
	if err := up("lo"); err != nil {
		return err
	}
	return up(name)
}

// attr makes an attribute of rtnetlink(7), padded to four bytes.
func attr(typ uint16, value []byte) []byte {
	b := binary.NativeEndian.AppendUint16(nil, uint16(unix.SizeofRtAttr+len(value)))
	b = append(binary.NativeEndian.AppendUint16(b, typ), value...)
	return append(b, make([]byte, -len(b)&3)...)
}

// request sends one message of rtnetlink(7) and waits for its acknowledgement.
func request(typ, flags uint16, body []byte) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	m := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	m = binary.NativeEndian.AppendUint16(m, typ)
	m = binary.NativeEndian.AppendUint16(m, flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	m = append(append(m, make([]byte, 8)...), body...)
	if err := unix.Sendto(fd, m, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return err
	}
	if n < unix.SizeofNlMsghdr+4 {
		return fmt.Errorf("answer of %d bytes", n)
	}
	if code := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); code != 0 {
		return unix.Errno(-code)
	}
	return nil
}
