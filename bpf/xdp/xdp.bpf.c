//go:build ignore

// Counts what comes in at an interface, drops what block-listed peers send, and
// gives samples. Whatever else comes is passed on.

#include "net.h"

// entry is what the block list has of a prefix.
struct entry {
	__u64 until; // monotonic clock, ns; 0: for ever
	__u64 hits;  // packets dropped
	__u64 bytes; // of those
};

struct key4 {
	__u32 bits; // of the prefix
	__u32 addr;
};

struct key6 {
	__u32 bits;
	__u32 addr[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key4);
	__type(value, struct entry);
} blocked4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct key6);
	__type(value, struct entry);
} blocked6 SEC(".maps");

struct counters {
	__u64 packets, bytes; // all that came in
	__u64 ipv4, ipv6;     // packets
	__u64 blocked, blocked_bytes;
	__u64 sampled, unsampled; // samples given, and those there was no room for
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counted SEC(".maps");

#define SAMPLE 128 // bytes of a packet, a power of two

struct sample {
	__u64 time; // monotonic clock, ns
	__u32 len;  // of the packet
	__u32 cap;  // of data
	__u32 ifindex, queue;
	__u32 action;
	__u32 pad;
	__u8 data[SAMPLE];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 18);
	__type(value, struct sample);
} samples SEC(".maps");

// A packet is sampled if a random number is below; 0 is no sampling.
volatile __u64 sample_below;

inlined void sample(struct xdp_md *ctx, __u64 len, __u32 action, struct counters *c)
{
	struct sample *s = bpf_ringbuf_reserve(&samples, sizeof(*s), 0);

	if (!s) {
		c->unsampled++;
		return;
	}
	__u64 n = len < SAMPLE ? len : SAMPLE;
	// The verifier wants to see the bound on the value itself.
	asm volatile("" : "+r"(n));
	n = ((n - 1) & (SAMPLE - 1)) + 1;
	if (bpf_xdp_load_bytes(ctx, 0, s->data, n)) {
		bpf_ringbuf_discard(s, 0);
		c->unsampled++;
		return;
	}
	s->time = bpf_ktime_get_ns();
	s->len = len;
	s->cap = n;
	s->ifindex = ctx->ingress_ifindex;
	s->queue = ctx->rx_queue_index;
	s->action = action;
	s->pad = 0;
	bpf_ringbuf_submit(s, 0);
	c->sampled++;
}

// hit counts a packet for the entry of its sender, if that is in force.
inlined int hit(struct entry *e, __u64 len)
{
	if (!e || (e->until && e->until <= bpf_ktime_get_coarse_ns()))
		return XDP_PASS;
	add(&e->hits, 1);
	add(&e->bytes, len);
	return XDP_DROP;
}

// judge looks the sender of a packet up.
inlined int judge(void *data, void *end, __u64 len, struct counters *c)
{
	struct ethernet *eth = data;
	void *next = eth + 1;

	if (next > end)
		return XDP_PASS;
	__u16 type = ntohs(eth->type);
	for (int i = 0; i < 2 && is_vlan(type); i++) {
		struct vlan *v = next;

		next = v + 1;
		if (next > end)
			return XDP_PASS;
		type = ntohs(v->type);
	}
	if (type == ETH_P_IP) {
		struct ipv4 *ip = next;

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		c->ipv4++;
		struct key4 k = {.bits = 32, .addr = ip->src};
		return hit(bpf_map_lookup_elem(&blocked4, &k), len);
	}
	if (type == ETH_P_IPV6) {
		struct ipv6 *ip = next;
		struct key6 k = {.bits = 128};

		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		c->ipv6++;
		__builtin_memcpy(k.addr, ip->src, sizeof(k.addr));
		return hit(bpf_map_lookup_elem(&blocked6, &k), len);
	}
	return XDP_PASS;
}

SEC("xdp.frags")
int watch(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct counters *c = bpf_map_lookup_elem(&counted, &zero);

	if (!c)
		return XDP_PASS;
	__u64 len = bpf_xdp_get_buff_len(ctx);
	int action = judge((void *)(__u64)ctx->data, (void *)(__u64)ctx->data_end, len, c);
	c->packets++;
	c->bytes += len;
	if (action == XDP_DROP) {
		c->blocked++;
		c->blocked_bytes += len;
	}
	__u64 below = sample_below;
	if (below && bpf_get_prandom_u32() < below)
		sample(ctx, len, action, c);
	return action;
}

LICENSE;
