package packet

// linkNames are the names that libpcap gives the link types.
var linkNames = map[LinkType]string{
	LinkNull: "NULL", LinkEthernet: "EN10MB", LinkPPP: "PPP", LinkRaw12: "RAW", LinkRaw14: "RAW",
	LinkPPPSerial: "PPP_SERIAL", LinkRaw: "RAW", LinkCHDLC: "C_HDLC", LinkWifi: "IEEE802_11", LinkLoop: "LOOP",
	LinkSLL: "LINUX_SLL", LinkRadiotap: "IEEE802_11_RADIO", LinkIPv4: "IPV4", LinkIPv6: "IPV6",
	LinkNFLOG: "NFLOG", LinkSLL2: "LINUX_SLL2",
}

// Name returns libpcap's name of the type; empty if it is not known.
func (l LinkType) Name() string { return linkNames[l] }

// Captured returns the number that a capture on Linux knows the type by, which
// for raw IP is not that of files.
func (l LinkType) Captured() uint16 {
	if l == LinkRaw || l == LinkRaw14 {
		return uint16(LinkRaw12)
	}
	return uint16(l)
}
