package bpf

// networks are the names of network layers.
var networks = map[string]uint16{
	"ip": etherIPv4, "ip6": etherIPv6, "arp": etherARP, "rarp": etherRARP,
	"loopback": 0x9000, "atalk": 0x809b, "aarp": 0x80f3, "decnet": 0x6003, "lat": 0x6004, "sca": 0x6007,
	"mopdl": 0x6001, "moprc": 0x6002, "vlan": etherVLAN, "mpls": etherMPLS, "pppoes": etherPPPoE, "pppoed": 0x8863,
}

// ipProtos are the names of IP protocols and the network layers that a bare
// name means.
var ipProtos = map[string]struct {
	number uint32
	over   []uint16
}{
	"icmp": {1, []uint16{etherIPv4}}, "igmp": {2, []uint16{etherIPv4}}, "igrp": {9, []uint16{etherIPv4}},
	"tcp": {6, both}, "udp": {17, both}, "sctp": {132, both}, "esp": {50, both}, "ah": {51, both}, "pim": {103, both},
	"vrrp": {112, []uint16{etherIPv4}}, "carp": {112, []uint16{etherIPv4}}, "icmp6": {58, []uint16{etherIPv6}},
}

var both = []uint16{etherIPv4, etherIPv6}

// withPorts are the protocols that "port" means.
var withPorts = []byte{6, 17, 132}

// numbers are the named offsets and values of byte accesses.
var numbers = map[string]uint32{
	"tcpflags": 13, "icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1,
	"tcp-fin": 0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08, "tcp-ack": 0x10, "tcp-urg": 0x20,
	"tcp-ece": 0x40, "tcp-cwr": 0x80,
	"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5, "icmp-echo": 8,
	"icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11, "icmp-paramprob": 12, "icmp-tstamp": 13,
	"icmp-tstampreply": 14, "icmp-ireq": 15, "icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
	"icmp6-destinationrunreach": 1, "icmp6-packettoobig": 2, "icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4,
	"icmp6-echo": 128, "icmp6-echoreply": 129, "icmp6-multicastlistenerquery": 130,
	"icmp6-multicastlistenerreportv1": 131, "icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133,
	"icmp6-routeradvert": 134, "icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
}

// services are the ports that have a name here. The system's list is not read,
// so that a filter means the same everywhere.
var services = map[string]uint32{
	"ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69,
	"http": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "ntp": 123, "netbios-ns": 137, "netbios-dgm": 138,
	"netbios-ssn": 139, "imap2": 143, "imap": 143, "snmp": 161, "snmp-trap": 162, "bgp": 179, "ldap": 389, "https": 443,
	"microsoft-ds": 445, "submissions": 465, "syslog": 514, "submission": 587, "ldaps": 636, "domain-s": 853, "imaps": 993,
	"pop3s": 995, "socks": 1080, "openvpn": 1194, "ms-sql-s": 1433, "mysql": 3306, "rdp": 3389, "ms-wbt-server": 3389,
	"sip": 5060, "sip-tls": 5061, "xmpp-client": 5222, "mdns": 5353, "postgresql": 5432, "redis": 6379, "http-alt": 8080,
}

// notSupported are words of the language that this compiler refuses.
var notSupported = map[string]string{
	"gateway":    "names of hosts are not looked up",
	"inbound":    "a capture file does not say which way a frame went",
	"outbound":   "a capture file does not say which way a frame went",
	"protochain": "extension headers are not followed",
	"geneve":     "not supported", "vxlan": "not supported", "ifname": "not supported", "on": "not supported",
	"ifindex": "not supported", "rnr": "not supported", "rulenum": "not supported", "reason": "not supported",
	"rset": "not supported", "ruleset": "not supported", "srnr": "not supported", "subrulenum": "not supported",
	"action": "not supported", "wlan": "not supported", "type": "not supported", "subtype": "not supported",
	"iso": "not supported", "stp": "not supported", "ipx": "not supported", "netbeui": "not supported",
	"llc": "not supported", "lane": "not supported", "oam": "not supported", "fddi": "not supported", "tr": "not supported",
}
