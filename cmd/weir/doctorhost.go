package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"weir/bpf/afpacket"
	"weir/bpf/fanout"
	"weir/bpf/process"
	"weir/bpf/shunt"
	"weir/bpf/xdp"
	"weir/decode/proto/all"
	"weir/rules"
	"weir/sinks/nsq"
)

// rights looks at capabilities(7).
func (d *doctor) rights() {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		d.note(broken, "rights", "", "%v", err)
		return
	}
	has := func(c int) bool { return data[c/32].Effective&(1<<(c%32)) != 0 }
	const mend = "run it as root, or give the unit AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN CAP_BPF CAP_PERFMON CAP_SYS_PTRACE"
	if !has(unix.CAP_NET_RAW) {
		d.note(broken, "rights", mend, "CAP_NET_RAW is missing: nothing can be captured")
		return
	}
	var missing []string
	for _, c := range []struct {
		n          int
		name, what string
	}{
		{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN", "promiscuous mode and programs at interfaces"},
		{unix.CAP_BPF, "CAP_BPF", "programs in the kernel"},
		{unix.CAP_PERFMON, "CAP_PERFMON", "process identity"},
		{unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE", "programs of other users"},
	} {
		if !has(c.n) && (c.n < unix.CAP_PERFMON || !has(unix.CAP_SYS_ADMIN)) {
			missing = append(missing, c.name+" ("+c.what+")")
		}
	}
	if len(missing) > 0 {
		d.note(warns, "rights", mend, "missing: %s", strings.Join(missing, ", "))
		return
	}
	d.note(well, "rights", "", "all that is needed")
}

// kernel tries what the kernel is asked for, in place of judging by its version.
func (d *doctor) kernel() {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		d.note(well, "kernel", "", "Linux %s", unix.ByteSliceToString(u.Release[:]))
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		d.note(warns, "kernel", "a kernel with CONFIG_DEBUG_INFO_BTF", "it does not describe its types (BTF): no process identity")
	}
	const mend = "events and alerts are the same without it; a newer kernel, or bpf.%s: no to be silent about it"
	for _, x := range []struct {
		key, what string
		try       func() error
	}{
		{"shunt", "bypassed flows stay in the kernel", func() error {
			s, err := shunt.Open(shunt.Options{})
			if err == nil {
				err = s.Close()
			}
			return err
		}},
		{"fanout", "workers share tunnels by what is inside", func() error {
			p, err := fanout.Open(fanout.Options{})
			if err == nil {
				err = p.Close()
			}
			return err
		}},
		{"block", "block lists (XDP)", func() error {
			p, err := xdp.Open(xdp.Options{})
			if err == nil {
				err = p.Close()
			}
			return err
		}},
		{"process", "process identity", func() error {
			p, err := process.Open()
			if err == nil {
				err = p.Close()
			}
			return err
		}},
	} {
		if err := x.try(); err != nil {
			d.note(warns, "kernel", fmt.Sprintf(mend, x.key), "%s: %v", x.what, err)
			continue
		}
		d.note(well, "kernel", "", "%s", x.what)
	}
}

// clock looks whether somebody keeps it right (adjtimex(2)).
func (d *doctor) clock() {
	var tx unix.Timex
	state, err := unix.Adjtimex(&tx)
	const timeError = 5 // TIME_ERROR of adjtimex(2)
	switch {
	case err != nil:
		d.note(warns, "clock", "", "%v", err)
	case state == timeError || tx.Status&unix.STA_UNSYNC != 0:
		d.note(warns, "clock", "systemctl enable --now systemd-timesyncd (or chrony)", "nobody keeps it right: times of events may be wrong")
	default:
		d.note(well, "clock", "", "it is kept right, to %v", (time.Duration(tx.Maxerror) * time.Microsecond).Round(time.Millisecond))
	}
}

// leastFree is how much room the log folder should have, bytes.
const leastFree = 1 << 30

// disk writes to the log folder and syncs.
func (d *doctor) disk() {
	dir := d.cfg.DefaultLogDir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		d.note(broken, "disk", "another folder by -l", "log folder: %v", err)
		return
	}
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		d.note(broken, "disk", "another folder by -l", "log folder: %v", err)
		return
	}
	defer os.Remove(f.Name())
	start := time.Now()
	_, err = f.Write(make([]byte, 1<<20))
	err = errors.Join(err, f.Sync(), f.Close())
	took := time.Since(start)
	var st unix.Statfs_t
	if serr := unix.Statfs(dir, &st); err == nil {
		err = serr
	}
	if err != nil {
		d.note(broken, "disk", "another folder by -l", "log folder %s: %v", dir, err)
		return
	}
	free := st.Bavail * uint64(st.Bsize)
	dir, _ = filepath.Abs(dir)
	switch {
	case free < leastFree:
		d.note(warns, "disk", "make room, or set spool.quota", "%s has %d MiB left", dir, free>>20)
	case took > time.Second:
		d.note(warns, "disk", "a faster disk for the log folder", "%s: 1 MiB takes %v until it is safe", dir, took.Round(time.Millisecond))
	default:
		d.note(well, "disk", "", "%s has %d GiB left; 1 MiB is safe in %v", dir, free>>30, took.Round(time.Millisecond))
	}
}

// rules loads them.
func (d *doctor) rules() {
	set, err := all.Set()
	if err != nil {
		d.note(broken, "rules", "", "%v", err)
		return
	}
	rs, err := loadRules(&d.o.engineOptions, d.cfg, set)
	switch {
	case err != nil:
		d.note(broken, "rules", "weir rules check", "%v", err)
	case rs == nil || rs.loaded == 0:
		d.note(warns, "rules", "weir rules update, or -S FILE", "none is loaded: there will be no alerts")
	case len(rs.errs) > 0:
		d.note(warns, "rules", "weir rules check", "%d loaded in %.2f s, %d cannot be used; the first: %v", rs.loaded, rs.took.Seconds(), len(rs.errs), rs.errs[0])
	default:
		d.note(well, "rules", "", "%d loaded in %.2f s", rs.loaded, rs.took.Seconds())
	}
}

// brokers connects to those of the configuration.
func (d *doctor) brokers() {
	o, err := deliveryOptions(d.cfg, &brokerOptions{Prefix: nsq.DefaultPrefix}, liveMode(d.cfg, d.o.Config.File))
	if err != nil {
		d.note(broken, "brokers", "the section nsq of the configuration", "%v", err)
		return
	}
	if o.Mode == nsq.Embedded || o.Mode == nsq.Off {
		d.note(well, "brokers", "", "%s", o.Mode)
		return
	}
	for _, addr := range slices.Concat(o.Brokers, o.Lookups) {
		c, err := net.DialTimeout("tcp", addr, 3*time.Second)
		if err != nil {
			d.note(warns, "brokers", "start it, or weir nsq; events wait in the spool meanwhile", "%v", err)
			continue
		}
		c.Close()
		d.note(well, "brokers", "", "%s answers", addr)
	}
}

// link looks at an interface, and reports whether it can be captured on.
func (d *doctor) link(t *tap) bool {
	stage := "interface " + t.name
	ifc, err := net.InterfaceByName(t.name)
	if err != nil {
		d.note(broken, stage, "ip link", "%v", err)
		return false
	}
	if ifc.Flags&net.FlagUp == 0 {
		d.note(broken, stage, "ip link set "+t.name+" up", "it is down")
		return false
	}
	ring := t.ring
	r, err := afpacket.Open(t.name, ring)
	if err != nil {
		d.note(broken, stage, "a smaller af-packet ring-size, or the rights above", "%v", err)
		return false
	}
	r.Close()
	d.note(well, stage, "", "it is up, MTU %d; ring of %d MiB", ifc.MTU, ring.BlockSize*ring.Blocks>>20)
	if on, err := ethtool(t.name, ethtoolGetFlags); err == nil && on&flagLRO != 0 {
		d.note(warns, stage, "ethtool -K "+t.name+" lro off", "large receive offload puts packets together for good: lengths and gaps are not those of the wire")
	}
	d.homeNet(stage, ifc)
	return true
}

// homeNet looks whether HOME_NET covers the interface's own addresses.
func (d *doctor) homeNet(stage string, ifc *net.Interface) {
	home, err := rules.ParseAddresses("$HOME_NET", ruleVars(d.cfg))
	if err != nil {
		d.note(broken, stage, "vars.address-groups.HOME_NET", "HOME_NET: %v", err)
		return
	}
	addrs, _ := ifc.Addrs()
	var outside []string
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() && !home.ContainsAddr(p.Addr()) {
			outside = append(outside, p.Addr().String())
		}
	}
	if len(outside) > 0 {
		d.note(warns, stage, "add them: --set vars.address-groups.HOME_NET=...", "HOME_NET does not have its own %s: rules on attacks against it do not fit", strings.Join(outside, ", "))
		return
	}
	d.note(well, stage, "", "HOME_NET covers its addresses")
}

// Commands and flags of linux/ethtool.h.
const (
	ethtoolGetFlags = 0x25
	flagLRO         = 1 << 15
)

// ethtool asks a network device for a value.
func ethtool(name string, command uint32) (uint32, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	value := struct{ command, data uint32 }{command: command}
	var req struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(req.name[:len(req.name)-1], name)
	req.data = unsafe.Pointer(&value)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&req))); e != 0 {
		return 0, e
	}
	return value.data, nil
}
