// What the programs need of the kernel's interface: types, numbers and helpers of
// linux/bpf.h. Offsets and numbers in it never change, so nothing of the machine
// that compiles gets into an object.
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef int __s32;
typedef long long __s64;

#define SEC(name) __attribute__((section(name), used))
#define inlined static inline __attribute__((always_inline))

// Parts of a map's description, as libbpf reads it from BTF.
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LPM_TRIE = 11,
	BPF_MAP_TYPE_RINGBUF = 27,
};

#define BPF_F_NO_PREALLOC 1

// Context of socket filters (struct __sk_buff), as far as it is read.
struct __sk_buff {
	__u32 len;
	__u32 pkt_type;
	__u32 mark;
	__u32 queue_mapping;
	__u32 protocol; // EtherType in network order
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto;
};

#define PACKET_OUTGOING 4

// Context of XDP programs.
struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
	__u32 ingress_ifindex;
	__u32 rx_queue_index;
};

enum xdp_action { XDP_ABORTED, XDP_DROP, XDP_PASS };

// What offsets of bpf_skb_load_bytes_relative count from.
#define BPF_HDR_START_MAC 0
#define BPF_HDR_START_NET 1

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static __u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static __u32 (*bpf_get_prandom_u32)(void) = (void *)7;
static long (*bpf_skb_load_bytes_relative)(const void *skb, __u32 offset, void *to, __u32 len, __u32 start) = (void *)68;
static void *(*bpf_ringbuf_reserve)(void *ring, __u64 size, __u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, __u64 flags) = (void *)132;
static void (*bpf_ringbuf_discard)(void *data, __u64 flags) = (void *)133;
static __u64 (*bpf_ktime_get_coarse_ns)(void) = (void *)160;
static __u64 (*bpf_xdp_get_buff_len)(const struct xdp_md *ctx) = (void *)188;
static long (*bpf_xdp_load_bytes)(const struct xdp_md *ctx, __u32 offset, void *to, __u32 len) = (void *)189;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ntohs(x) __builtin_bswap16(x)
#define ntohll(x) __builtin_bswap64(x)
#else
#define ntohs(x) (x)
#define ntohll(x) (x)
#endif
#define htons(x) ntohs(x)

#define add(counter, n) __sync_fetch_and_add(counter, n)

// The kernel asks for a licence; no helper used here is for GPL programs alone.
#define LICENSE char _license[] SEC("license") = "Apache-2.0"
