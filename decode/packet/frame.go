package packet

// LinkType is a link-layer header type as pcap files number them
// (https://www.tcpdump.org/linktypes.html).
type LinkType uint16

// Link types that Decoder understands.
const (
	LinkNull      LinkType = 0
	LinkEthernet  LinkType = 1
	LinkPPP       LinkType = 9
	LinkRaw       LinkType = 101 // LINKTYPE_RAW; some systems wrote 12 and 14
	LinkRaw12     LinkType = 12
	LinkRaw14     LinkType = 14
	LinkCHDLC     LinkType = 104
	LinkWifi      LinkType = 105
	LinkLoop      LinkType = 108
	LinkSLL       LinkType = 113
	LinkRadiotap  LinkType = 127
	LinkIPv4      LinkType = 228
	LinkIPv6      LinkType = 229
	LinkNFLOG     LinkType = 239
	LinkSLL2      LinkType = 276
	LinkPPPSerial LinkType = 50
)

// FrameFlags say what the source knows of a frame besides its bytes.
type FrameFlags uint8

// Frame flags.
const (
	// ChecksumValid: the kernel or the card has checked the transport checksum.
	ChecksumValid FrameFlags = 1 << iota
	// ChecksumPartial: egress before offload; the transport checksum is not
	// filled in yet and must not be judged.
	ChecksumPartial
	// Outgoing: the host itself sent the frame.
	Outgoing
	// VLANMeta: VLAN holds a tag that the card stripped from the bytes.
	VLANMeta
)

// Frame is one captured frame as a source delivers it.
type Frame struct {
	Data  []byte     // captured bytes, link header first; aliases the source until released
	Time  int64      // ns since the Unix epoch, as captured
	Num   uint64     // position in the capture, from 1 (pcap_cnt)
	Wire  uint32     // length on the wire, bytes; >= len(Data)
	VLAN  uint16     // TCI; valid if Flags has VLANMeta
	Iface uint16     // interface of the source
	Link  LinkType   // how Data begins
	Flags FrameFlags // see there
}
