package packet

// Counters are those of one decoder, named as the stats record names them.
type Counters struct {
	Pkts, Bytes, Invalid                                     uint64
	IPv4, IPv6, Ethernet, ARP, UnknownEthertype, CHDLC, Raw  uint64
	Null, SLL, SLL2, TCP, UDP, SCTP, ESP, ICMPv4, ICMPv6     uint64
	IGMP, PPP, PPPoE, GENEVE, GRE, VLAN, VLANQinQ, VLANQinQ3 uint64
	VXLAN, VNTag, ETag, PBB, Teredo                          uint64
	IPv4InIPv4, IPv6InIPv4, IPv4InIPv6, IPv6InIPv6           uint64
	MPLS, ERSPAN, NSH, AH                                    uint64
	MaxPktSize                                               uint64
	Events                                                   [NumEvents]uint64
}

// frame counts one frame.
func (c *Counters) frame(f *Frame) {
	c.Pkts++
	n := uint64(len(f.Data))
	c.Bytes += n
	c.MaxPktSize = max(c.MaxPktSize, n)
}

// Counter is one number with the name of the stats record.
type Counter struct {
	Name  string
	Value uint64
}

// List returns the counters but for those of events, in the order of the stats
// record.
func (c *Counters) List() []Counter {
	avg := uint64(0)
	if c.Pkts > 0 {
		avg = c.Bytes / c.Pkts
	}
	return []Counter{
		{"pkts", c.Pkts}, {"bytes", c.Bytes}, {"invalid", c.Invalid}, {"ipv4", c.IPv4}, {"ipv6", c.IPv6},
		{"ethernet", c.Ethernet}, {"arp", c.ARP}, {"unknown_ethertype", c.UnknownEthertype}, {"chdlc", c.CHDLC},
		{"raw", c.Raw}, {"null", c.Null}, {"sll", c.SLL}, {"sll2", c.SLL2}, {"tcp", c.TCP}, {"udp", c.UDP},
		{"sctp", c.SCTP}, {"esp", c.ESP}, {"icmpv4", c.ICMPv4}, {"icmpv6", c.ICMPv6}, {"igmp", c.IGMP},
		{"ppp", c.PPP}, {"pppoe", c.PPPoE}, {"geneve", c.GENEVE}, {"gre", c.GRE}, {"vlan", c.VLAN},
		{"vlan_qinq", c.VLANQinQ}, {"vlan_qinqinq", c.VLANQinQ3}, {"vxlan", c.VXLAN}, {"vntag", c.VNTag},
		{"etag", c.ETag}, {"ieee8021ah", c.PBB}, {"teredo", c.Teredo}, {"ipv4_in_ipv4", c.IPv4InIPv4},
		{"ipv6_in_ipv4", c.IPv6InIPv4}, {"ipv4_in_ipv6", c.IPv4InIPv6}, {"ipv6_in_ipv6", c.IPv6InIPv6},
		{"mpls", c.MPLS}, {"avg_pkt_size", avg}, {"max_pkt_size", c.MaxPktSize}, {"max_mac_addrs_src", 0},
		{"max_mac_addrs_dst", 0}, {"erspan", c.ERSPAN}, {"nsh", c.NSH}, {"too_many_layers", c.Events[EvTooManyLayers]},
	}
}

// Add adds the counters of another decoder.
func (c *Counters) Add(o *Counters) {
	for _, p := range [...]struct{ to, from *uint64 }{
		{&c.Pkts, &o.Pkts}, {&c.Bytes, &o.Bytes}, {&c.Invalid, &o.Invalid}, {&c.IPv4, &o.IPv4}, {&c.IPv6, &o.IPv6},
		{&c.Ethernet, &o.Ethernet}, {&c.ARP, &o.ARP}, {&c.UnknownEthertype, &o.UnknownEthertype}, {&c.CHDLC, &o.CHDLC},
		{&c.Raw, &o.Raw}, {&c.Null, &o.Null}, {&c.SLL, &o.SLL}, {&c.SLL2, &o.SLL2}, {&c.TCP, &o.TCP}, {&c.UDP, &o.UDP},
		{&c.SCTP, &o.SCTP}, {&c.ESP, &o.ESP}, {&c.ICMPv4, &o.ICMPv4}, {&c.ICMPv6, &o.ICMPv6}, {&c.IGMP, &o.IGMP},
		{&c.PPP, &o.PPP}, {&c.PPPoE, &o.PPPoE}, {&c.GENEVE, &o.GENEVE}, {&c.GRE, &o.GRE}, {&c.VLAN, &o.VLAN},
		{&c.VLANQinQ, &o.VLANQinQ}, {&c.VLANQinQ3, &o.VLANQinQ3}, {&c.VXLAN, &o.VXLAN}, {&c.VNTag, &o.VNTag},
		{&c.ETag, &o.ETag}, {&c.PBB, &o.PBB}, {&c.Teredo, &o.Teredo}, {&c.IPv4InIPv4, &o.IPv4InIPv4},
		{&c.IPv6InIPv4, &o.IPv6InIPv4}, {&c.IPv4InIPv6, &o.IPv4InIPv6}, {&c.IPv6InIPv6, &o.IPv6InIPv6},
		{&c.MPLS, &o.MPLS}, {&c.ERSPAN, &o.ERSPAN}, {&c.NSH, &o.NSH}, {&c.AH, &o.AH},
	} {
		*p.to += *p.from
	}
	c.MaxPktSize = max(c.MaxPktSize, o.MaxPktSize)
	for e, n := range o.Events {
		c.Events[e] += n
	}
}
