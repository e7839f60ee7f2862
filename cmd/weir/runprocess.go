package main

import (
	"net/netip"

	"weir/cmd/weir/config"
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/host"
	"weir/decode/packet"
	"weir/detect"
)

// owners says in events which processes of this host talk.
type owners struct{ watcher *host.Watcher }

// watchProcesses attaches to the kernel; nil, with a word why, where that cannot be.
func watchProcesses(c *config.Config, warn func(format string, args ...any)) *owners {
	if !c.BPF.Bool("process", true) {
		return nil
	}
	w, err := host.Watch()
	if err != nil {
		warn("no process identity: %v", err)
		return nil
	}
	return &owners{w}
}

// append is eve.Options.Owners: the object weir with the process at the client's end,
// else at the server's; and where both are of this host, with the server's as peer.
func (o *owners) append(b []byte, ev *event.Event) []byte {
	if ev.Proto != packet.ProtoTCP && ev.Proto != packet.ProtoUDP {
		return b
	}
	client, server := netip.AddrPortFrom(ev.Src, ev.SrcPort), netip.AddrPortFrom(ev.Dst, ev.DstPort)
	start, last := ev.Time, ev.Time
	if f, ok := ev.Community.(*flow.Flow); ok && f != nil {
		src, dst, sport, dport := f.Tuple(field.ToServer)
		client, server = netip.AddrPortFrom(src, sport), netip.AddrPortFrom(dst, dport)
		start, last = f.Start, f.Last
	}
	at, isClient := o.watcher.Table.Of(ev.Proto, client, server, start, last)
	to, isServer := o.watcher.Table.Of(ev.Proto, server, client, start, last)
	if !isClient && !isServer {
		return b
	}
	b = event.Open(b, "weir")
	if isClient {
		b = appendProcess(b, "process", "client", &at)
	}
	switch {
	case isClient && isServer:
		b = appendProcess(b, "peer", "server", &to)
	case isServer:
		b = appendProcess(b, "process", "server", &to)
	}
	return event.Close(b)
}

// of implements detect.Processes.
func (o *owners) of(p *packet.Packet) (x detect.Process, ok bool) {
	if p.Proto != packet.ProtoTCP && p.Proto != packet.ProtoUDP {
		return x, false
	}
	src, dst := netip.AddrPortFrom(p.SrcAddr(), p.SrcPort), netip.AddrPortFrom(p.DstAddr(), p.DstPort)
	a, ok := o.watcher.Table.Of(p.Proto, src, dst, p.Time, p.Time)
	if !ok {
		a, ok = o.watcher.Table.Of(p.Proto, dst, src, p.Time, p.Time)
	}
	if !ok {
		return x, false
	}
	return detect.Process{Comm: a.Process.Comm, Exe: a.Process.Exe, Container: a.Process.Container, UID: a.Process.UID}, true
}

func appendProcess(b []byte, key, side string, a *host.Answer) []byte {
	p := a.Process
	b = event.Open(b, key)
	b = event.Uint(b, "pid", uint64(p.Pid))
	b = append(event.Key(b, "start"), '"')
	b = append(event.AppendTime(b, p.Start), '"')
	b = event.Str(b, "comm", p.Comm)
	if p.Exe != "" {
		b = event.Str(b, "exe", p.Exe)
	}
	b = event.Uint(b, "uid", uint64(p.UID))
	if p.Cgroup != "" {
		b = event.Str(b, "cgroup", p.Cgroup)
	}
	if p.Container != "" {
		b = event.Str(b, "container", p.Container)
	}
	if p.Pod != "" {
		b = event.Str(b, "pod", p.Pod)
	}
	b = event.Str(b, "end", side)
	b = event.Str(b, "confidence", a.Confidence.String())
	b = event.Str(b, "method", a.Method)
	return event.Close(b)
}

// AppendEvent implements event.Appender: the object process of the statistics.
func (o *owners) AppendEvent(b []byte, _ *event.Output) []byte {
	b = event.Open(b, "process")
	b = event.Uint(b, "events_lost", o.watcher.Lost())
	return event.Close(b)
}
