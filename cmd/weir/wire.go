package main

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/defrag"
	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/decode/stream"
	"weir/sinks/eve"
)

// pipelineOptions translates the configuration to that of the packet path.
func pipelineOptions(c *config.Config, set *proto.Set) decode.Options {
	shown := showsBodies(c)
	return decode.Options{
		Protocols: set,
		Version:   uint8(c.Version), StreamEvents: c.Stats.StreamEvents,
		Enabled:      func(p *proto.Protocol) bool { return enabled(c, p) != config.Off },
		Parsed:       func(p *proto.Protocol) bool { return enabled(c, p) == config.On },
		ChecksumAuto: c.PcapFile.ChecksumChecks == "auto",
		Settings: func(p *proto.Protocol) event.Options {
			section := versioned{c.ProtocolOptions(p.Section()), c.Version, nil}
			return protocolSection{section, c.ProtocolOptions("tls"), c.IPS, shown}
		},
		Ports: func(p *proto.Protocol, t proto.Transport) (server, client string) {
			name := "tcp"
			if t == proto.UDP {
				name = "udp"
			}
			return c.AppLayer.DetectionPorts(p.Section(), name)
		},
		Packet: packetOptions(c),
		Defrag: defrag.Options{
			MaxTrackers: 65535, MaxFragments: int(c.Defrag.MaxFrags), MemCap: int(c.Defrag.Memcap),
			Timeout: int64(c.Defrag.Timeout) * 1e9, Policy: defragPolicy(c),
		},
		Flow:   flowOptions(c),
		Stream: streamOptions(c),
	}
}

// enabled returns how much is done of a protocol, over either transport.
func enabled(c *config.Config, p *proto.Protocol) config.Enabled {
	def := config.On
	if p.OffByDefault {
		def = config.Off
	}
	most := config.Off
	for bit, name := range map[proto.Transport]string{proto.TCP: "tcp", proto.UDP: "udp"} {
		if p.Transport&bit != 0 {
			most = max(most, c.AppLayer.Enabled(p.Section(), name, def))
		}
	}
	return most
}

func packetOptions(c *config.Config) packet.Options {
	d := &c.Decoder
	o := packet.Options{
		MaxLayers: int(d.MaxLayers),
		Checksums: c.Stream.ChecksumValidation && c.PcapFile.ChecksumChecks != "no",
		Version7:  c.Version < config.Version8,
	}
	if d.VXLAN.Enabled {
		o.VXLANPorts, o.VXLANReserved = c.VXLANPorts, d.VXLAN.ReservedBitsCheck == "permissive"
	}
	if d.Geneve.Enabled {
		o.GENEVEPorts = c.GenevePorts
	}
	if d.Teredo.Enabled {
		o.TeredoPorts, o.TeredoAnyPort = c.TeredoPorts, c.TeredoPorts == nil
	}
	return o
}

func flowOptions(c *config.Config) flow.Options {
	times := func(t *config.FlowTimeout) flow.Timeouts {
		return flow.Timeouts{
			New: uint32(t.New), Established: uint32(t.Established), Closed: uint32(t.Closed), Bypassed: uint32(t.Bypassed),
			EmergencyNew: uint32(t.EmergencyNew), EmergencyEstablished: uint32(t.EmergencyEstablished),
			EmergencyClosed: uint32(t.EmergencyClosed), EmergencyBypassed: uint32(t.EmergencyBypassed),
		}
	}
	old, d := c.Version < config.Version8, &c.Decoder
	tcp := config.FlowTimeout(c.FlowTimeouts.TCP)
	return flow.Options{
		MemCap: uint64(c.Flow.Memcap), UseVLAN: c.VLAN.UseForTracking, UseDepth: d.RecursionLevel.UseForTracking,
		IPv4InIPv4: !old, IPv4InIPv6: !old || d.IPv6.IPv4.TrackParentFlow, IPv6InIPv6: !old || d.IPv6.IPv6.TrackParentFlow,
		WholeSeconds: old, ReuseTimesOut: old, KeepMACs: showsMACs(c), Midstream: c.Stream.Midstream, Recovery: uint32(c.Flow.EmergencyRecovery),
		Default: times(&c.FlowTimeouts.Default), TCP: times(&tcp),
		UDP: times(&c.FlowTimeouts.UDP), ICMP: times(&c.FlowTimeouts.ICMP),
	}
}

// exceptions are those of the configuration by name.
var exceptions = map[string]flow.Exception{
	"ignore": flow.ExceptionIgnore, "bypass": flow.ExceptionBypass, "pass-flow": flow.ExceptionPassFlow,
	"pass-packet": flow.ExceptionPassPacket, "drop-flow": flow.ExceptionDropFlow, "drop-packet": flow.ExceptionDropPacket,
	"reject": flow.ExceptionReject,
}

// showsMACs reports whether any output shows hardware addresses.
func showsMACs(c *config.Config) bool {
	for i := range c.Outputs {
		if e := c.Outputs[i].Eve; e != nil && c.Outputs[i].Enabled && e.Ethernet {
			return true
		}
	}
	return false
}

func streamOptions(c *config.Config) stream.Options {
	s := &c.Stream
	inline := s.Inline == "yes" || s.Inline == "auto" && c.IPS
	pol := c.Policies()
	return stream.Options{
		MemCap: uint64(s.Memcap), ReassemblyMemCap: uint64(s.Reassembly.Memcap), Depth: uint32(s.Reassembly.Depth),
		ChunkToServer: uint32(s.Reassembly.ToServerChunk), ChunkToClient: uint32(s.Reassembly.ToClientChunk),
		Midstream: s.Midstream, Async: s.AsyncOneside, Inline: inline, IPS: c.IPS, DropInvalid: s.DropInvalid && c.IPS, Bypass: s.Bypass,
		CheckOverlap: s.Reassembly.CheckOverlapDiffData, MaxSynAckQueued: s.MaxSynackQueued, MaxSynQueued: s.MaxSynQueued,
		LiberalTimestamps: s.LiberalTimestamps, StrictEcho: c.Version < config.Version8, MaxRegions: s.Reassembly.MaxRegions,
		NoRaw: !s.Reassembly.Raw, Policy: streamPolicy(c), Show: shownPayload(c),
		Urgent: urgentPolicies[s.Reassembly.Urgent.Policy], UrgentLimit: urgentPolicies[s.Reassembly.Urgent.OOBLimitPolicy],
		MidstreamPolicy: exceptions[pol.Midstream], MemCapPolicy: exceptions[pol.StreamMemcap],
		ReassemblyMemCapPolicy: exceptions[pol.ReassemblyMemcap],
	}
}

var urgentPolicies = map[string]stream.Urgent{
	"inline": stream.UrgentInline, "drop": stream.UrgentDrop, "oob": stream.UrgentOOB, "gap": stream.UrgentGap,
}

// shownPayload returns how many bytes of a stream alerts show: the most that an
// output asks for.
func shownPayload(c *config.Config) (most uint32) {
	for i := range c.Outputs {
		e := c.Outputs[i].Eve
		if e == nil || !c.Outputs[i].Enabled {
			continue
		}
		for _, t := range e.Types {
			if t.Name != "alert" || !t.Enabled {
				continue
			}
			o, n := t.Options, t.Options.Size("payload-buffer-size", decode.DefaultShown)
			if o.Bool("payload", false) || o.Bool("payload-printable", false) || o.Bool("payload-length", false) {
				most = max(most, uint32(min(n, maxShown)))
			}
		}
	}
	return most
}

// maxShown bounds payload-buffer-size, bytes: each connection keeps as many.
const maxShown = 1 << 20

// osPolicies are the policies of stream and fragment reassembly by the names of
// host-os-policy.
var osPolicies = map[string]struct {
	stream stream.Policy
	defrag defrag.Policy
}{
	"windows": {stream.PolicyWindows, defrag.PolicyWindows}, "bsd": {stream.PolicyBSD, defrag.PolicyBSD},
	"bsd-right": {stream.PolicyBSD, defrag.PolicyBSDRight}, "old-linux": {stream.PolicyOldLinux, defrag.PolicyLinux},
	"linux": {stream.PolicyLinux, defrag.PolicyLinux}, "old-solaris": {stream.PolicySolaris, defrag.PolicyFirst},
	"solaris": {stream.PolicySolaris, defrag.PolicySolaris}, "hpux10": {stream.PolicyHPUX10, defrag.PolicyFirst},
	"hpux11": {stream.PolicyHPUX11, defrag.PolicyFirst}, "irix": {stream.PolicyIRIX, defrag.PolicyBSD},
	"macos": {stream.PolicyMacOS, defrag.PolicyFirst}, "vista": {stream.PolicyVista, defrag.PolicyWindows},
	"windows2k3": {stream.PolicyWindows2K3, defrag.PolicyWindows},
}

// hostPolicy is one network of host-os-policy.
type hostPolicy struct {
	net  netip.Prefix
	name string
}

// hostPolicies returns the networks of host-os-policy, the most specific first.
func hostPolicies(c *config.Config) []hostPolicy {
	var all []hostPolicy
	for _, p := range c.HostOSPolicy {
		for _, n := range p.Networks {
			if net, err := netip.ParsePrefix(n); err == nil {
				all = append(all, hostPolicy{net.Masked(), p.Policy})
			} else if a, err := netip.ParseAddr(n); err == nil {
				all = append(all, hostPolicy{netip.PrefixFrom(a, a.BitLen()), p.Policy})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b hostPolicy) int { return b.net.Bits() - a.net.Bits() })
	return all
}

// policyOf returns the name of the policy that holds for a host.
func policyOf(all []hostPolicy, a netip.Addr) string {
	for i := range all {
		if all[i].net.Contains(a) {
			return all[i].name
		}
	}
	return "bsd"
}

func streamPolicy(c *config.Config) stream.PolicyOf {
	all := hostPolicies(c)
	return func(a netip.Addr) stream.Policy { return osPolicies[policyOf(all, a)].stream }
}

func defragPolicy(c *config.Config) func(netip.Addr) defrag.Policy {
	all := hostPolicies(c)
	return func(a netip.Addr) defrag.Policy { return osPolicies[policyOf(all, a)].defrag }
}

// eveTypes are the record types that an eve-log can list.
func eveTypes(set *proto.Set, alert eve.Type) map[string]eve.Type {
	m := map[string]eve.Type{
		"alert":   alert,
		"anomaly": {Events: []string{"anomaly"}, Options: decode.AnomalyOptions},
		"arp":     {Events: []string{"arp"}},
		"files":   {Events: []string{"fileinfo"}, Options: decode.FileOptions},
		"flow":    {Events: []string{"flow"}},
		"frame":   {Events: []string{"frame"}, Options: decode.FrameOptions},
		"netflow": {Events: []string{"netflow"}},
		"stats":   {Events: []string{"stats"}, Options: decode.StatsOptions},
		"drop":    {Events: []string{"drop"}, Options: decode.DropOptions},
	}
	for _, p := range set.All() {
		for i := range p.Records {
			r := &p.Records[i]
			name := cmp.Or(r.Under, r.Type)
			t := m[name]
			if !slices.Contains(t.Events, r.Type) {
				t.Events = append(t.Events, r.Type)
			}
			if r.Options != nil {
				t.Options = r.Options
			}
			m[name] = t
		}
	}
	return m
}

// otherTypes are record types of protocols whose parser is to come: known, and
// never written.
var otherTypes = strings.Fields(`bittorrent-dht dcerpc dhcp dnp3 doh2 enip ike krb5 ldap metadata
	modbus mqtt nfs ntp pgsql pop3 quic rdp rfb sdp sip smb smtp snmp template tftp websocket`)

// eveOptions translates the outputs of the configuration.
func eveOptions(c *config.Config, types map[string]eve.Type) eve.Options {
	o := eve.Options{Dir: c.DefaultLogDir, Compile: types, Redact: redaction(c)}
	for i := range c.Outputs {
		out := &c.Outputs[i]
		switch {
		case !out.Enabled:
		case out.Eve != nil:
			o.Outputs = append(o.Outputs, eveOutput(out.Eve, out.Section, types, c.Version))
		case out.Name == "stats":
			o.Outputs = append(o.Outputs, eve.Output{
				Format: eve.Stats, FileType: out.Line.FileType, Filename: out.Line.Filename, Append: out.Line.Append,
				Counters: decode.StatsOutput(out.Line.Totals, out.Line.Threads, out.Line.NullVals),
			})
		case out.Name == "fast":
			o.Outputs = append(o.Outputs, eve.Output{
				Format: eve.Fast, FileType: out.Line.FileType, Filename: out.Line.Filename, Append: out.Line.Append,
			})
		}
	}
	return o
}

// redaction reads the section redact.
func redaction(c *config.Config) eve.Redact {
	s := c.Redact
	return eve.Redact{Headers: s.Strings("headers"), Params: s.Strings("parameters"), Patterns: s.Strings("patterns")}
}

func eveOutput(e *config.Eve, outer event.Options, types map[string]eve.Type, v config.Version) eve.Output {
	to := eve.Output{
		FileType: e.FileType, Filename: e.Filename, Append: e.Append, CommunityID: e.CommunityID, Seed: e.CommunityIDSeed, SwappedID: v < config.Version8,
		Ethernet: e.Ethernet, Metadata: e.Metadata, PcapFile: e.PcapFile, Prefix: e.Prefix,
	}
	for _, t := range e.Types {
		if _, ok := types[t.Name]; !t.Enabled || !ok && slices.Contains(otherTypes, t.Name) {
			continue
		}
		to.Types = append(to.Types, eve.TypeOptions{Name: t.Name, Opts: versioned{t.Options, v, outer}})
	}
	return to
}

// showsRule reports whether any output shows a part of an alert's rule: raw or
// reference.
func showsRule(c *config.Config, part string) bool {
	for i := range c.Outputs {
		e := c.Outputs[i].Eve
		if e == nil || !c.Outputs[i].Enabled {
			continue
		}
		for _, t := range e.Types {
			if t.Name == "alert" && t.Options.Sub("metadata").Sub("rule").Bool(part, false) {
				return true
			}
		}
	}
	return false
}
