//go:build ignore

// Stands in front of packet sockets: packets of flows in the map are counted there
// and not copied; all others are taken.

#include "skb.h"

// key names a flow as package decode/flow does: sides in order, numbers of the host.
struct key {
	__u64 a[2], b[2]; // addresses; IPv4 as ::ffff:a.b.c.d
	__u16 aport, bport;
	__u16 vlan[3];
	__u8 proto;
	__u8 depth;
	__u32 pad;
};

struct flow {
	__u64 packets[2]; // sent by a, by b
	__u64 bytes[2];   // on the wire
	__u64 last;       // monotonic clock, ns
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key);
	__type(value, struct flow);
} flows SEC(".maps");

struct total {
	__u64 packets, bytes;
};

// All that was ever kept back.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct total);
} totals SEC(".maps");

volatile __u32 live;			// flows in the map
const volatile __u32 snaplen = 0xffff;	// bytes of a packet that are taken
const volatile __u8 use_vlan = 1;	// tags tell flows apart

#define FIN 1
#define SYN 2
#define RST 4

// mapped is the upper half of ::ffff:0:0 before an IPv4 address.
inlined __u64 mapped(__u32 addr)
{
	union {
		__u16 h[4];
		__u64 v;
	} u = {.h = {0, 0xffff, addr & 0xffff, addr >> 16}};

	return u.v;
}

// find makes the key of a packet, and says who sends it: 0 is a, 1 is b. It is less
// than 0 for packets that are always taken.
inlined int find(struct __sk_buff *skb, struct key *k)
{
	struct place at;
	__u16 tci[2] = {};
	__u64 src[2] = {}, dst[2] = {};

	if (network(skb, &at, tci))
		return -1;
	if (at.type == ETH_P_IP) {
		struct ipv4 ip;

		if (load(skb, &at, &ip, sizeof(ip)) || ip.frag & htons(FRAGMENT))
			return -1;
		k->proto = ip.proto;
		src[1] = mapped(ip.src);
		dst[1] = mapped(ip.dst);
		at.off += (ip.version_ihl & 15) * 4;
	} else if (at.type == ETH_P_IPV6) {
		struct ipv6 ip;

		if (load(skb, &at, &ip, sizeof(ip)))
			return -1;
		k->proto = ip.next;
		src[0] = ip.src[0];
		src[1] = ip.src[1];
		dst[0] = ip.dst[0];
		dst[1] = ip.dst[1];
		at.off += sizeof(ip);
	} else {
		return -1;
	}
	struct {
		__u16 src, dst;
		__u32 seq, ack;
		__u8 off, flags;
	} h;
	if (k->proto == PROTO_TCP) {
		// Beginnings and ends are for the engine to see.
		if (load(skb, &at, &h, 14) || h.flags & (SYN | FIN | RST))
			return -1;
	} else if (k->proto != PROTO_UDP || load(skb, &at, &h, 4)) {
		return -1;
	}
	__u16 sport = ntohs(h.src), dport = ntohs(h.dst);
	__u64 s0 = ntohll(src[0]), s1 = ntohll(src[1]), d0 = ntohll(dst[0]), d1 = ntohll(dst[1]);
	int from = s0 != d0 ? s0 > d0 : s1 != d1 ? s1 > d1 : sport > dport;
	k->a[0] = from ? dst[0] : src[0];
	k->a[1] = from ? dst[1] : src[1];
	k->b[0] = from ? src[0] : dst[0];
	k->b[1] = from ? src[1] : dst[1];
	k->aport = from ? dport : sport;
	k->bport = from ? sport : dport;
	if (use_vlan) {
		if (skb->vlan_present) {
			k->vlan[0] = skb->vlan_tci & 0xfff;
			k->vlan[1] = tci[0] & 0xfff;
			k->vlan[2] = tci[1] & 0xfff;
		} else {
			k->vlan[0] = tci[0] & 0xfff;
			k->vlan[1] = tci[1] & 0xfff;
		}
	}
	return from;
}

SEC("socket/shunt")
int shunt(struct __sk_buff *skb)
{
	struct key k = {};
	__u32 zero = 0;

	if (!live)
		return snaplen;
	int from = find(skb, &k);
	if (from < 0)
		return snaplen;
	struct flow *f = bpf_map_lookup_elem(&flows, &k);
	struct total *t = bpf_map_lookup_elem(&totals, &zero);
	if (!f || !t)
		return snaplen;
	__u64 len = skb->len + (skb->vlan_present ? sizeof(struct vlan) : 0);
	if (from) {
		add(&f->packets[1], 1);
		add(&f->bytes[1], len);
	} else {
		add(&f->packets[0], 1);
		add(&f->bytes[0], len);
	}
	f->last = bpf_ktime_get_coarse_ns();
	t->packets++;
	t->bytes += len;
	return 0;
}

LICENSE;
