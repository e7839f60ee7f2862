// Package nstest runs tests in a network namespace of their own (network_namespaces(7)),
// where nothing else is sent and nothing can get out.
package nstest

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// inside marks the process that Enter has started.
const inside = "WEIR_TEST_NAMESPACE"

// Enter goes on with the test in a process of its own, in a new namespace whose
// loopback is up, and reports true there; where it was called, it reports false
// with what became of the test. Without the right to make namespaces the test is
// skipped.
func Enter(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) == t.Name() {
		if err := up("lo"); err != nil {
			t.Fatalf("loopback: %v", err)
		}
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	out, err := cmd.CombinedOutput()
	switch {
	case err != nil && cmd.ProcessState == nil:
		t.Skipf("no network namespace: %v", err)
	case err != nil:
		t.Fatalf("in its namespace: %v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("in its namespace:\n%s", out)
	case testing.Verbose():
		t.Logf("in its namespace:\n%s", out)
	}
	return false
}

// NoEBPF ends a test that could not load its programs: it is skipped where the
// kernel does not let this process do so, and fails where it finds them wrong.
func NoEBPF(t testing.TB, err error) {
	t.Helper()
	var v *ebpf.VerifierError
	if errors.As(err, &v) && len(v.Log) > 0 {
		t.Fatalf("%+v", v)
	}
	if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSYS) {
		t.Skipf("no eBPF here: %v", err)
	}
	t.Fatal(err)
}

// up brings an interface up (netdevice(7)).
func up(name string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var req struct {
		name  [unix.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}
	copy(req.name[:], name)
	ifc, err := net.InterfaceByName(name)
	if err != nil {
		return err
	}
	if ifc.Flags&net.FlagUp != 0 {
		return nil
	}
	req.flags = unix.IFF_UP | unix.IFF_RUNNING
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&req))); e != 0 {
		return e
	}
	return nil
}
