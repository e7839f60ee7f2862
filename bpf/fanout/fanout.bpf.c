//go:build ignore

// Which worker of a fanout group gets a packet: by the pair of addresses, of the
// innermost packet of a tunnel, the same in both directions.

#include "skb.h"

#define GRE_CSUM 0x8000
#define GRE_KEY 0x2000
#define GRE_SEQ 0x1000
#define GRE_VERSION 0x0007
#define GRE_ROUTING 0x4000
#define VXLAN_VNI 8 // there is a network identifier

// depth bounds headers of IP in one packet.
#define DEPTH 4

// UDP ports of tunnels, in host order; 0 is none.
#define PORTS 4
const volatile __u16 vxlan_ports[PORTS];
const volatile __u16 geneve_ports[PORTS];

inlined int has(const volatile __u16 *ports, __u16 port)
{
	return port && (ports[0] == port || ports[1] == port || ports[2] == port || ports[3] == port);
}

inlined __u32 spread(__u32 h)
{
	h ^= h >> 16;
	h *= 0x85ebca6b;
	h ^= h >> 13;
	h *= 0xc2b2ae35;
	return h ^ h >> 16;
}

// both is the same whichever of the halves comes first.
inlined __u32 both(__u64 a, __u64 b)
{
	__u64 h = (a ^ b) * 0x9e3779b97f4a7c15 + a + b;

	return h ^ h >> 32;
}

// ethernet passes over the header of an Ethernet frame inside a tunnel.
inlined int ethernet(const struct __sk_buff *skb, struct place *at)
{
	at->off += 2 * 6;
	__u16 type;
	if (load(skb, at, &type, sizeof(type)))
		return -1;
	at->off += sizeof(type);
	at->type = ntohs(type);
	return tag(skb, at, &type);
}

// gre passes over a GRE header (RFC 2784, RFC 2890).
inlined int gre(const struct __sk_buff *skb, struct place *at)
{
	__u16 head[2];

	if (load(skb, at, head, sizeof(head)))
		return -1;
	__u16 flags = ntohs(head[0]);
	if (flags & (GRE_VERSION | GRE_ROUTING))
		return -1;
	at->off += 4 + (flags & GRE_CSUM ? 4 : 0) + (flags & GRE_KEY ? 4 : 0) + (flags & GRE_SEQ ? 4 : 0);
	at->type = ntohs(head[1]);
	return at->type == ETH_P_TEB ? ethernet(skb, at) : 0;
}

// udp passes over the headers of VXLAN (RFC 7348) and GENEVE (RFC 8926).
inlined int udp(const struct __sk_buff *skb, struct place *at)
{
	struct {
		struct udp udp;
		__u8 flags, rest;
		__u16 type;
	} h;

	if (load(skb, at, &h, sizeof(h)))
		return -1;
	__u16 port = ntohs(h.udp.dst);
	at->off += sizeof(struct udp) + 8;
	if (has(vxlan_ports, port))
		return h.flags & VXLAN_VNI ? ethernet(skb, at) : -1;
	if (!has(geneve_ports, port) || h.flags >> 6)
		return -1;
	at->off += (h.flags & 0x3f) * 4;
	at->type = ntohs(h.type);
	return at->type == ETH_P_TEB ? ethernet(skb, at) : 0;
}

SEC("socket/fanout")
int fanout(struct __sk_buff *skb)
{
	struct place at;
	__u16 tci[2];
	__u32 h = 0;

	if (network(skb, &at, tci))
		return 0;
	for (int depth = 0; depth < DEPTH; depth++) {
		__u8 next;

		if (at.type == ETH_P_IP) {
			struct ipv4 ip;

			if (load(skb, &at, &ip, sizeof(ip)) || ip.version_ihl >> 4 != 4)
				return spread(h);
			h = both(ip.src, ip.dst);
			if (ip.frag & htons(FRAGMENT))
				return spread(h); // the others have no inner header
			next = ip.proto;
			at.off += (ip.version_ihl & 15) * 4;
		} else if (at.type == ETH_P_IPV6) {
			struct ipv6 ip;

			if (load(skb, &at, &ip, sizeof(ip)))
				return spread(h);
			h = both(ip.src[0] + ip.src[1] * 31, ip.dst[0] + ip.dst[1] * 31);
			next = ip.next;
			at.off += sizeof(ip);
			if (next == PROTO_DSTOPTS) { // RFC 2473: the tunnel's encapsulation limit
				__u8 o[2];

				if (load(skb, &at, o, sizeof(o)))
					return spread(h);
				next = o[0];
				at.off += (o[1] + 1) * 8;
			}
		} else {
			return spread(h);
		}
		int bad = 0;
		switch (next) {
		case PROTO_IPIP:
			at.type = ETH_P_IP;
			break;
		case PROTO_IPV6:
			at.type = ETH_P_IPV6;
			break;
		case PROTO_GRE:
			bad = gre(skb, &at);
			break;
		case PROTO_UDP:
			bad = udp(skb, &at);
			break;
		default:
			bad = 1;
		}
		if (bad)
			return spread(h);
	}
	return spread(h);
}

LICENSE;
