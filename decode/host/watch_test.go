package host

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// actor is what the test's program does when it is started as one: see act.
const actor = "WEIR_TEST_ACT"

func TestMain(m *testing.M) {
	if what := os.Getenv(actor); what != "" {
		if err := act(what, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// act does one thing and says from where: the local port of each connection.
func act(what string, args []string) error {
	switch what {
	case "connect": // short connections, each sends and ends
		n, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		for range n {
			c, err := net.Dial("tcp", args[0])
			if err != nil {
				return err
			}
			fmt.Println(c.LocalAddr())
			_, _ = c.Write([]byte("x"))
			c.Close()
		}
		return nil
	case "datagram", "datagrams": // connected, not connected
		to, err := net.ResolveUDPAddr("udp", args[0])
		if err != nil {
			return err
		}
		if what == "datagram" {
			c, err := net.DialUDP("udp", nil, to)
			if err != nil {
				return err
			}
			defer c.Close()
			fmt.Println(c.LocalAddr())
			_, err = c.Write([]byte("x"))
			return err
		}
		c, err := net.ListenUDP("udp", nil)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Printf("%v:%d\n", to.IP, c.LocalAddr().(*net.UDPAddr).Port)
		_, err = c.WriteTo([]byte("x"), to)
		return err
	case "answer": // one datagram at a port of any address
		c, err := net.ListenPacket("udp", args[0])
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Println("ready")
		b := make([]byte, 10)
		_, from, err := c.ReadFrom(b)
		if err != nil {
			return err
		}
		_, err = c.WriteTo(b, from)
		return err
	case "serve": // a connection that was passed down
		f := os.NewFile(3, "connection")
		c, err := net.FileConn(f)
		if err != nil {
			return err
		}
		fmt.Println(c.RemoteAddr())
		_, err = io.ReadAll(c)
		return err
	}
	return errors.New("no such thing to do")
}

// start starts the test's program as an actor.
func start(t *testing.T, what string, files []*os.File, args ...string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), actor+"="+what)
	cmd.ExtraFiles, cmd.Stderr = files, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// perform runs an actor to its end and returns its pid and what it has said.
func perform(t *testing.T, what string, args ...string) (pid uint32, said []string) {
	t.Helper()
	cmd, out := start(t, what, nil, args...)
	b, err := io.ReadAll(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return uint32(cmd.Process.Pid), strings.Fields(string(b))
}

// eventually asks the table until it knows, or for two seconds.
func eventually(w *Watcher, proto uint8, local, remote netip.AddrPort, start int64) (Answer, bool) {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a, ok := w.Table.Of(proto, local, remote, start, time.Now().UnixNano())
		if ok || time.Now().After(end) {
			return a, ok
		}
	}
}

func watch(t *testing.T) *Watcher {
	t.Helper()
	w, err := Watch()
	if err != nil {
		t.Skipf("the kernel does not tell: %v", err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// sink takes connections and datagrams in this process, and reads them.
func sink(t *testing.T) (tcp, udp string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}()
		}
	}()
	go func() {
		b := make([]byte, 100)
		for {
			if _, _, err := u.ReadFrom(b); err != nil {
				return
			}
		}
	}()
	return l.Addr().String(), u.LocalAddr().String()
}

// TestOwners wants the right process at both ends of connections and datagrams of
// processes that are gone before anybody asks.
func TestOwners(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	w := watch(t)
	tcp, udp := sink(t)
	self := uint32(os.Getpid())
	for _, c := range []struct {
		what   string
		proto  uint8
		to     string
		method string
	}{
		{"connect", 6, tcp, "connect"},
		{"datagram", 17, udp, "send"},
		{"datagrams", 17, udp, "send"},
	} {
		began := time.Now().UnixNano()
		pid, said := perform(t, c.what, c.to, "3")
		remote := netip.MustParseAddrPort(c.to)
		for _, s := range said {
			local := netip.MustParseAddrPort(s)
			a, ok := eventually(w, c.proto, local, remote, began)
			if !ok || a.Process.Pid != pid || a.Confidence != High || a.Method != c.method || a.Process.Exe == "" || a.Process.UID != uint32(os.Getuid()) {
				t.Errorf("%s: client %+v %+v, want process %d by %s", c.what, a, a.Process, pid, c.method)
			}
			a, ok = eventually(w, c.proto, remote, local, began)
			if !ok || a.Process.Pid != self || a.Confidence != High || a.Method != "receive" {
				t.Errorf("%s: server %+v, want process %d", c.what, a, self)
			}
		}
		if len(said) == 0 {
			t.Errorf("%s said nothing", c.what)
		}
	}
}

// TestPassed wants a connection that was passed to another process to be that one's,
// and sockets that were open before the watcher to be known.
func TestPassed(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	early, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	w := watch(t)
	local, remote := netip.MustParseAddrPort(early.LocalAddr().String()), netip.MustParseAddrPort(early.RemoteAddr().String())
	now := time.Now().UnixNano()
	if a, ok := w.Table.Of(6, local, remote, now, now); !ok || a.Process.Pid != uint32(os.Getpid()) || a.Method != "proc" || a.Confidence != High {
		t.Errorf("open before: %+v", a)
	}

	f, err := server.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	cmd, out := start(t, "serve", []*os.File{f})
	f.Close()
	server.Close()
	if _, err := out.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := early.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond) // it reads, or its wait is interrupted by the end
	if err := early.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	began := time.Now().UnixNano() - int64(time.Second)
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		a, ok := w.Table.Of(6, remote, local, began, time.Now().UnixNano())
		if ok && a.Process.Pid == uint32(cmd.Process.Pid) || ok && a.Confidence == Low {
			break // it is the other's, or both have had it
		}
		if time.Now().After(end) {
			t.Fatalf("passed: %+v, want process %d", a, cmd.Process.Pid)
		}
	}
}

// TestShortLived starts processes that connect and are gone within milliseconds, many
// at a time. WEIR_IDENTITY sets how many connections there are in all.
func TestShortLived(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	total := 200
	if s := os.Getenv("WEIR_IDENTITY"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("WEIR_IDENTITY %q: want a number", s)
		}
		total = n
	}
	w := watch(t)
	tcp, _ := sink(t)
	remote := netip.MustParseAddrPort(tcp)
	const each, atOnce = 5, 4
	var mu sync.Mutex
	right, wrong, sure, none := 0, 0, 0, 0
	began := time.Now()
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for range total / each / atOnce {
				from := time.Now().UnixNano()
				cmd := exec.Command("/proc/self/exe", tcp, strconv.Itoa(each))
				cmd.Env = append(os.Environ(), actor+"=connect")
				b, err := cmd.Output()
				if err != nil {
					t.Error(err)
					return
				}
				for _, s := range strings.Fields(string(b)) {
					a, ok := eventually(w, 6, netip.MustParseAddrPort(s), remote, from)
					mu.Lock()
					switch {
					case !ok:
						none++
					case a.Process.Pid == uint32(cmd.Process.Pid):
						right++
					default:
						wrong++
						if a.Confidence == High {
							sure++
						}
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	n := right + wrong + none
	t.Logf("%d connections in %v: %d right, %d wrong, %d of them sure, %d unknown, %d events lost", n, time.Since(began).Round(time.Millisecond), right, wrong, sure, none, w.Lost())
	if n == 0 || right*100 < n*99 || sure > 0 {
		t.Errorf("%d of %d right, %d wrong with high confidence; want 99 of 100, and none", right, n, sure)
	}
}

// TestNamespaces wants processes in two other network namespaces, which listen at the
// same port of any address, not to be taken for one another.
func TestNamespaces(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	w := watch(t)
	here := [2]string{"10.9.1.1/24", "10.9.2.1/24"}
	there := [2]string{"10.9.1.2/24", "10.9.2.2/24"}
	for i := range here {
		name := fmt.Sprintf("wtest%d", i)
		peer := nstest.NewPeer(t, name, netip.MustParsePrefix(here[i]), netip.MustParsePrefix(there[i]))
		var cmd *exec.Cmd
		var out io.Reader
		peer.Do(func() { cmd, out = start(t, "answer", nil, ":5353") })
		if _, err := out.Read(make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		to := net.JoinHostPort(netip.MustParsePrefix(there[i]).Addr().String(), "5353")
		began := time.Now().UnixNano()
		pid, said := perform(t, "datagram", to)
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		client, server := netip.MustParseAddrPort(said[0]), netip.MustParseAddrPort(to)
		if a, ok := eventually(w, 17, client, server, began); !ok || a.Process.Pid != pid {
			t.Errorf("client %+v, want process %d", a, pid)
		}
		if a, ok := eventually(w, 17, server, client, began); !ok || a.Process.Pid != uint32(cmd.Process.Pid) || a.Confidence != High {
			t.Errorf("server in namespace %d: %+v %+v", i, a, a.Process)
		}
	}
	// The host's own address has nobody at that port.
	now := time.Now().UnixNano()
	if a, ok := w.Table.Of(17, netip.MustParseAddrPort("10.9.1.1:5353"), netip.MustParseAddrPort("10.9.1.2:9"), now, now); ok {
		t.Errorf("a server of another namespace was taken for the host's: %+v", a)
	}
}
