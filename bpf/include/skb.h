// Where the network layer of a packet begins, for programs at packet sockets.
#pragma once

#include "net.h"

// place is where the next header stands.
struct place {
	__u32 start; // BPF_HDR_START_*
	__u32 off;   // from there
	__u16 type;  // EtherType of the header
};

inlined int load(const struct __sk_buff *skb, const struct place *at, void *to, __u32 len)
{
	return bpf_skb_load_bytes_relative(skb, at->off, to, len, at->start);
}

// tag passes over one VLAN tag, if there is one, and sets tci if so.
inlined int tag(const struct __sk_buff *skb, struct place *at, __u16 *tci)
{
	struct vlan v;

	if (!is_vlan(at->type))
		return 0;
	if (load(skb, at, &v, sizeof(v)))
		return -1;
	*tci = ntohs(v.tci);
	at->type = ntohs(v.type);
	at->off += sizeof(v);
	return 0;
}

// pppoe passes over the headers of PPPoE and PPP.
inlined int pppoe(const struct __sk_buff *skb, struct place *at)
{
	struct {
		__u16 version_code, session, len;
		__u16 protocol; // of PPP
	} h;

	if (load(skb, at, &h, sizeof(h)))
		return -1;
	at->off += sizeof(h);
	at->type = h.protocol == htons(0x21) ? ETH_P_IP : h.protocol == htons(0x57) ? ETH_P_IPV6 : 0;
	return 0;
}

#define LABELS 4 // of MPLS, at most

// mpls passes over labels. What follows the last is told by its first four bits.
inlined int mpls(const struct __sk_buff *skb, struct place *at)
{
	at->type = 0;
	for (int i = 0; i < LABELS; i++) {
		__u8 b[5]; // with the first of the next header

		if (load(skb, at, b, sizeof(b)))
			return -1;
		at->off += 4;
		if (b[2] & 1) {
			at->type = b[4] >> 4 == 4 ? ETH_P_IP : b[4] >> 4 == 6 ? ETH_P_IPV6 : 0;
			return 0;
		}
	}
	return 0;
}

// network finds the header behind VLAN tags that are still in the packet, PPPoE and
// MPLS. The kernel's mark of the network header is behind the EtherType of a packet
// that came in, but may be behind those headers in one that goes out: such are read
// from the start. The two outermost of those tags are given to tci.
inlined int network(const struct __sk_buff *skb, struct place *at, __u16 tci[2])
{
	*at = (struct place){.start = BPF_HDR_START_NET, .type = ntohs(skb->protocol)};
	if (at->type == ETH_P_IP || at->type == ETH_P_IPV6)
		return 0;
	if (skb->pkt_type == PACKET_OUTGOING) {
		at->start = BPF_HDR_START_MAC;
		at->off = sizeof(struct ethernet);
	}
	if (tag(skb, at, &tci[0]) || tag(skb, at, &tci[1]))
		return -1;
	if (at->type == ETH_P_PPPOE)
		return pppoe(skb, at);
	return at->type == ETH_P_MPLS ? mpls(skb, at) : 0;
}
