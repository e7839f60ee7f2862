package packet

// Source says where a packet comes from: pkt_src of events.
type Source uint8

// Sources.
const (
	SourceWire Source = iota
	SourceGRE
	SourceIPv4
	SourceIPv6
	SourceTeredo
	SourceDefrag
	SourceFlowTimeout
	SourceVXLAN
	SourceGENEVE
	SourceERSPAN
	SourceNSH
	SourceShutdown
)

var sourceNames = [...]string{
	SourceWire:        "wire/pcap",
	SourceGRE:         "gre tunnel",
	SourceIPv4:        "ipv4 tunnel",
	SourceIPv6:        "ipv6 tunnel",
	SourceTeredo:      "teredo tunnel",
	SourceDefrag:      "defrag",
	SourceFlowTimeout: "stream (flow timeout)",
	SourceVXLAN:       "vxlan encapsulation",
	SourceGENEVE:      "geneve encapsulation",
	SourceERSPAN:      "erspan",
	SourceNSH:         "nsh",
	SourceShutdown:    "shutdown flush",
}

// Source returns pkt_src.
func (p *Packet) Source() string { return sourceNames[p.src] }

// SetSource sets pkt_src of a packet that the engine makes.
func (p *Packet) SetSource(s Source) { p.src = s }
