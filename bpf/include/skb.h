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

// network finds the header behind the VLAN tags that are still in the packet. The
// kernel's mark of the network header is behind the EtherType of a packet that came
// in, but behind all tags of one that goes out: there tags are read from the start.
// The two outermost of those tags are given to tci.
inlined int network(const struct __sk_buff *skb, struct place *at, __u16 tci[2])
{
	*at = (struct place){.start = BPF_HDR_START_NET, .type = ntohs(skb->protocol)};
	if (!is_vlan(at->type))
		return 0;
	if (skb->pkt_type == PACKET_OUTGOING) {
		at->start = BPF_HDR_START_MAC;
		at->off = sizeof(struct ethernet);
	}
	if (tag(skb, at, &tci[0]))
		return -1;
	return tag(skb, at, &tci[1]);
}
