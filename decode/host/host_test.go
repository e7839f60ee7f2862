package host

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

var id = strings.Repeat("0123456789abcdef", 4)

func TestContainerID(t *testing.T) {
	for _, c := range []struct{ name, path, want string }{
		{"docker, cgroupfs driver", "/docker/" + id, id},
		{"docker, systemd driver", "/system.slice/docker-" + id + ".scope", id},
		{"kubernetes, containerd", "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + id + ".scope", id},
		{"containerd, colons", "/system.slice/kubepods-pod1:cri-containerd:" + id, id},
		{"group inside a container", "/docker/" + id + "/init", id},
		{"service", "/system.slice/ssh.service", ""},
		{"longer hexadecimal name", "/docker/a" + id, ""},
		{"upper case", "/docker/" + strings.ToUpper(id), ""},
		{"root", "/", ""},
		{"empty", "", ""},
	} {
		if got := ContainerID(c.path); got != c.want {
			t.Errorf("%s: ContainerID(%q) = %q, want %q", c.name, c.path, got, c.want)
		}
	}
}

func TestCgroupPath(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"unified", "0::/user.slice\n", "/user.slice"},
		{"container in version 1", "3:cpu,cpuacct:/docker/" + id + "\n0::/\n", "/docker/" + id},
		{"hybrid without container", "3:cpu:/a\n0::/b\n", "/b"},
		{"empty", "", ""},
	} {
		if got := cgroupPath(c.file); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPodUID(t *testing.T) {
	const uid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
	for _, c := range []struct{ name, path, want string }{
		{"cgroupfs driver", "/kubepods/burstable/pod" + uid + "/" + id, uid},
		{"systemd driver", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" + strings.ReplaceAll(uid, "-", "_") + ".slice/cri-containerd-" + id + ".scope", uid},
		{"no pod", "/docker/" + id, ""},
		{"short", "/kubepods/pod123", ""},
	} {
		if got := PodUID(c.path); got != c.want {
			t.Errorf("%s: PodUID(%q) = %q, want %q", c.name, c.path, got, c.want)
		}
	}
}

func TestReadChild(t *testing.T) {
	cmd := exec.Command("cat", "-")
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Skipf("no cat program: %v", err)
	}
	// Start returns before the program runs; an answer shows that it does.
	io.WriteString(in, "x")
	io.ReadFull(out, make([]byte, 1))
	pid := uint32(cmd.Process.Pid)
	got, err := read("/proc", pid)
	cmd.Process.Kill()
	cmd.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if got.UID != uint32(os.Geteuid()) || got.ticks == 0 || got.Comm != "cat" || got.Exe == "" {
		t.Errorf("got %+v", got)
	}
	if _, err := read("/proc", pid); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("ended process: got %v, want %v", err, os.ErrNotExist)
	}
}
