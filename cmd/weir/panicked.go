package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"weir/decode/packet"
	"weir/sinks/pcaplog"
)

// maxPanicFiles bounds the captures of packets at which workers have panicked, for
// each run.
const maxPanicFiles = 16

// panics keeps the packets at which workers have panicked, with the stack: what it
// takes to mend the cause.
type panics struct {
	dir  string
	warn func(format string, args ...any)
	n    atomic.Int32
}

// keep is decode.Live.Panicked.
func (k *panics) keep(worker int, f *packet.Frame, cause any, stack []byte) {
	n := k.n.Add(1)
	if n > maxPanicFiles {
		return
	}
	name := filepath.Join(k.dir, fmt.Sprintf("panic-%s-%d", time.Now().UTC().Format("20060102-150405"), n))
	k.warn("worker %d: error of the program at a packet, whose flow is given up: %v; packet and stack are in %s.pcap and .txt", worker, cause, name)
	w := pcaplog.New(pcaplog.Options{Path: name + ".pcap"})
	w.Begin(f.Time)
	w.Write(f)
	if err := w.Close(); err != nil {
		k.warn("%v", err)
	}
	text := fmt.Appendf(nil, "weir %s, worker %d, packet %d: %v\n\n%s", version, worker, f.Num, cause, stack)
	if err := os.WriteFile(name+".txt", text, 0o600); err != nil {
		k.warn("%v", err)
	}
}
