package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

const (
	// maxProcFile bounds what is read of a file under /proc, in bytes.
	maxProcFile = 64 << 10
)

var (
	errStat = errors.New("stat line is cut")
	errUID  = errors.New("status names no user")
)

// Process is one process. Pid and start name it for good: a pid is used again, but not
// with the same start.
type Process struct {
	Pid       uint32
	UID       uint32
	Start     int64  // ns since the Unix epoch, to the clock tick
	Comm      string // up to 15 bytes, set by the process itself
	Exe       string // path in the process's mount namespace; "" where it is not known
	Cgroup    string // path in the unified hierarchy, else of the first one that names a container
	Container string // id; "" outside containers
	Pod       string // uid of a Kubernetes pod; "" outside pods

	ticks uint64 // Start in clock ticks since boot
}

// same reports whether both are the same process, whatever it has done meanwhile.
func (p *Process) same(q *Process) bool { return p.Pid == q.Pid && p.ticks == q.ticks }

// read describes process pid below root, which is "/proc" outside tests. It fails if
// the process ended, or its pid changed hands, while it was read.
func read(root string, pid uint32) (*Process, error) {
	dir := root + "/" + strconv.FormatUint(uint64(pid), 10) + "/"
	p := &Process{Pid: pid}
	if err := p.readStat(dir); err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	start := p.ticks
	p.readMore(dir)
	b, err := readBounded(dir + "status")
	if err == nil {
		p.UID, err = effectiveUID(string(b))
	}
	if err == nil {
		err = p.readStat(dir)
	}
	if err == nil && p.ticks != start {
		err = os.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	return p, nil
}

// readMore takes what a process that goes away may not have any more.
func (p *Process) readMore(dir string) {
	if exe, err := os.Readlink(dir + "exe"); err == nil {
		p.Exe = strings.TrimSuffix(exe, " (deleted)")
	}
	if b, err := readBounded(dir + "cgroup"); err == nil {
		p.Cgroup = cgroupPath(string(b))
		p.Container, p.Pod = ContainerID(p.Cgroup), PodUID(p.Cgroup)
	}
}

// readStat takes name and start from the stat file (proc(5)). The name
// stands in parentheses and may hold any byte, so its end is the last one.
func (p *Process) readStat(dir string) error {
	b, err := readBounded(dir + "stat")
	if err != nil {
		return err
	}
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return errStat
	}
	fields := strings.Fields(string(b[end+1:])) // from field 3, the state
	if len(fields) < 20 {
		return errStat
	}
	if p.ticks, err = strconv.ParseUint(fields[19], 10, 64); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	p.Comm = string(b[open+1 : end])
	return nil
}

// cgroupPath chooses from the lines "id:controllers:path" of a cgroup file:
// the unified hierarchy (id 0) unless it shows only the root, as it does on
// hosts that still place containers in the hierarchies of version 1.
func cgroupPath(file string) string {
	path := ""
	for line := range strings.Lines(file) {
		id, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		_, at, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case ContainerID(at) != "":
			return at
		case id == "0" || path == "":
			path = at
		}
	}
	return path
}

// effectiveUID reads the second number of the line "Uid:" of a status file.
func effectiveUID(file string) (uint32, error) {
	for line := range strings.Lines(file) {
		if rest, ok := strings.CutPrefix(line, "Uid:"); ok {
			if ids := strings.Fields(rest); len(ids) > 1 {
				n, err := strconv.ParseUint(ids[1], 10, 32)
				return uint32(n), err
			}
		}
	}
	return 0, errUID
}

func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxProcFile))
}
