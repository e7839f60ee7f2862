package host

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
)

// scan notes the sockets that were open before the sensor started: those of its own
// network namespace and of every other that a process is in. own is the first's cookie.
func (w *Watcher) scan(own uint64) {
	owners := map[string][]uint32{} // by socket inode
	spaces := map[string]string{}   // inode of a network namespace: a process in it
	self, _ := os.Readlink(w.root + "/self/ns/net")
	entries, err := os.ReadDir(w.root)
	if err != nil {
		return
	}
	for _, e := range entries {
		pid, err := strconv.ParseUint(e.Name(), 10, 32)
		if err != nil {
			continue
		}
		if ns, err := os.Readlink(w.root + "/" + e.Name() + "/ns/net"); err == nil && spaces[ns] == "" {
			spaces[ns] = e.Name()
		}
		fds, _ := os.ReadDir(w.root + "/" + e.Name() + "/fd")
		for _, fd := range fds {
			to, err := os.Readlink(w.root + "/" + e.Name() + "/fd/" + fd.Name())
			if inode, ok := strings.CutPrefix(to, "socket:["); ok && err == nil {
				inode = strings.TrimSuffix(inode, "]")
				if l := owners[inode]; !slices.Contains(l, uint32(pid)) {
					owners[inode] = append(l, uint32(pid))
				}
			}
		}
	}
	for ns, pid := range spaces {
		w.tables(pid, own, ns == self, owners)
	}
}

// tables reads the sockets of the network namespace of a process.
func (w *Watcher) tables(pid string, own uint64, isOwn bool, owners map[string][]uint32) {
	for _, x := range []struct {
		file  string
		proto uint8
	}{{"tcp", 6}, {"tcp6", 6}, {"udp", 17}, {"udp6", 17}} {
		b, err := os.ReadFile(w.root + "/" + pid + "/net/" + x.file)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(b) {
			f := strings.Fields(string(line))
			if len(f) < 10 {
				continue
			}
			local, ok1 := hexAddrPort(f[1])
			remote, ok2 := hexAddrPort(f[2])
			pids := owners[f[9]]
			if !ok1 || !ok2 || len(pids) == 0 {
				continue
			}
			k, ok := keyOf(x.proto, local, remote, own)
			if !ok || !isOwn && (k.ns != 0 || local.Addr().IsLoopback()) {
				continue // another namespace's cookie is not known
			}
			w.found(k, pids, x.proto == 6 && f[3] == listening)
		}
	}
}

// listening is the state of a TCP socket that listens, as net/tcp shows it.
const listening = "0A"

// found notes a socket that processes hold.
func (w *Watcher) found(k key, pids []uint32, listens bool) {
	p, err := read(w.root, pids[0])
	if err != nil {
		return
	}
	if q := w.procs[pidStart{p.Pid, p.ticks}]; q != nil {
		p = q
	} else {
		w.remember(p)
	}
	a := Answer{p, High, "proc"}
	if listens {
		// A connection may be taken by another process than the one that holds the
		// socket now.
		a.Confidence, a.Method = Medium, "listen"
	} else if len(pids) > 1 {
		a.Confidence = Medium
	}
	w.Table.use(k, 0, 0, a)
}

// hexAddrPort reads an address as net/tcp and its kin show it: words of four bytes in
// the order of the host.
func hexAddrPort(s string) (netip.AddrPort, bool) {
	addr, port, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil || len(addr) != 8 && len(addr) != 32 {
		return netip.AddrPort{}, false
	}
	var b []byte
	for ; addr != ""; addr = addr[8:] {
		v, err := strconv.ParseUint(addr[:8], 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		b = binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	a, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), true
}
