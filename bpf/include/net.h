// Headers as they are on the wire. Fields of more than a byte are in network order.
#pragma once

#include "kernel.h"

enum {
	ETH_P_IP = 0x0800,
	ETH_P_TEB = 0x6558, // Ethernet in GRE and GENEVE
	ETH_P_8021Q = 0x8100,
	ETH_P_IPV6 = 0x86dd,
	ETH_P_MPLS = 0x8847, // RFC 3032
	ETH_P_PPPOE = 0x8864, // session stage, RFC 2516
	ETH_P_8021AD = 0x88a8,
};

enum {
	PROTO_HOPOPTS = 0,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_GRE = 47,
	PROTO_DSTOPTS = 60,
};

struct ethernet {
	__u8 dst[6], src[6];
	__u16 type;
};

struct vlan {
	__u16 tci;
	__u16 type; // of what follows
};

struct ipv4 {
	__u8 version_ihl, tos;
	__u16 len, id;
	__u16 frag; // with flags
	__u8 ttl, proto;
	__u16 sum;
	__u32 src, dst;
};

struct ipv6 {
	__u32 version_class_flow;
	__u16 len;
	__u8 next, hops;
	__u64 src[2], dst[2];
};

#define FRAGMENT 0x3fff // more fragments, or an offset

struct udp {
	__u16 src, dst, len, sum;
};

inlined int is_vlan(__u16 type) { return type == ETH_P_8021Q || type == ETH_P_8021AD; }
