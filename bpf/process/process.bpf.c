//go:build ignore

// Says which process talks over which socket. A connect is seen in the caller's
// context before the first SYN leaves; everything else, accepted and passed sockets,
// servers and datagrams, at the first send or receive of a process.

#include "net.h"

// What is read of the kernel's structures; the loader puts the offsets of the running
// kernel in (CO-RE).
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct in6_addr {
	union {
		__u32 u6_addr32[4];
	} in6_u;
};
struct net {
	__u64 net_cookie;
};
struct sock_common {
	__u32 skc_daddr;
	__u32 skc_rcv_saddr;
	__u16 skc_dport; // network order
	__u16 skc_num;
	unsigned short skc_family;
	struct {
		struct net *net;
	} skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};
struct nsproxy {
	struct net *net_ns;
};
struct task_struct {
	struct nsproxy *nsproxy;
	__u64 start_boottime;
	struct task_struct *group_leader;
	int tgid;
	int pid;
};
struct linux_binprm {
	const char *filename;
};
#pragma clang attribute pop

// Contexts, of linux/bpf.h.
struct bpf_sock_addr {
	__u32 user_family;
};
struct bpf_sock;
struct bpf_sock_ops {
	__u32 op;
	__u32 args[4];
	__u32 family;
	__u32 remote_ip4;
	__u32 local_ip4;
	__u32 remote_ip6[4];
	__u32 local_ip6[4];
	__u32 remote_port; // network order, in the upper half
	__u32 local_port;
};

enum {
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_SOCK_OPS_TCP_CONNECT_CB = 3,
	AF_INET = 2,
	AF_INET6 = 10,
	PROTO_MPTCP = 262,
};

static __u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static __u64 (*bpf_get_current_uid_gid)(void) = (void *)15;
static long (*bpf_get_current_comm)(void *buf, __u32 size) = (void *)16;
static __u64 (*bpf_get_socket_cookie)(void *ctx) = (void *)46;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static __u64 (*bpf_get_current_cgroup_id)(void) = (void *)80;
static long (*bpf_probe_read_kernel)(void *dst, __u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *dst, __u32 size, const void *from) = (void *)115;
static __u64 (*bpf_get_netns_cookie)(void *ctx) = (void *)122;
static __u64 (*bpf_ktime_get_boot_ns)(void) = (void *)125;
static struct task_struct *(*bpf_get_current_task_btf)(void) = (void *)158;

// owner is a process at one moment.
struct owner {
	__u64 start;  // of the process, since boot, ns
	__u64 cgroup; // id in the unified hierarchy
	__u32 pid, uid;
	char comm[16];
};

enum kind { USES = 1, CLOSES, EXECS, EXITS };
enum how { CONNECT = 1, SENDS, RECEIVES };

// event is what user space is told.
struct event {
	__u64 time; // since boot, ns
	__u64 cookie;
	__u64 netns;
	struct owner owner;
	__u8 local[16], remote[16]; // IPv4 as ::ffff:a.b.c.d; zero is any
	__u16 lport, rport;
	__u8 proto, kind, how;
	__u8 switches; // of the process before
	__u32 at_home; // the process is in the network namespace of the socket
	__u32 pad;
};

#define MAX_PATH 256

struct exec_event {
	struct event head;
	char path[MAX_PATH];
};

// What user space has been told of a socket.
struct known {
	struct owner owner;
	__u16 lport, rport;
	__u8 switches; // of its process
	__u8 told;
	__u16 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, __u64);
	__type(value, struct known);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
} events SEC(".maps");

// For the generator: what user space reads.
const struct event *unused_event __attribute__((unused));
const struct exec_event *unused_exec __attribute__((unused));

volatile __u64 lost; // events for which the ring had no room

// maxSwitches bounds how often a socket that several processes share is told of.
#define MAX_SWITCHES 8

inlined void current(struct owner *o)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct task_struct *leader;

	o->pid = bpf_get_current_pid_tgid() >> 32;
	o->uid = bpf_get_current_uid_gid();
	o->cgroup = bpf_get_current_cgroup_id();
	bpf_get_current_comm(o->comm, sizeof(o->comm));
	bpf_probe_read_kernel(&leader, sizeof(leader), __builtin_preserve_access_index(&t->group_leader));
	bpf_probe_read_kernel(&o->start, sizeof(o->start), __builtin_preserve_access_index(&leader->start_boottime));
}

// at_home reports whether the task at work is in a network namespace.
inlined int at_home(__u64 netns)
{
	struct task_struct *t = bpf_get_current_task_btf();
	struct nsproxy *ns;
	struct net *net;
	__u64 cookie;

	if (bpf_probe_read_kernel(&ns, sizeof(ns), __builtin_preserve_access_index(&t->nsproxy)) || !ns)
		return 0;
	if (bpf_probe_read_kernel(&net, sizeof(net), __builtin_preserve_access_index(&ns->net_ns)))
		return 0;
	if (bpf_probe_read_kernel(&cookie, sizeof(cookie), __builtin_preserve_access_index(&net->net_cookie)))
		return 0;
	return cookie == netns;
}

inlined struct event *begin(__u8 kind)
{
	struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		add(&lost, 1);
		return 0;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->time = bpf_ktime_get_boot_ns();
	e->kind = kind;
	return e;
}

inlined void map4(__u8 *to, __u32 addr)
{
	if (!addr)
		return;
	*(__u32 *)(to + 8) = __builtin_bswap32(0xffff);
	*(__u32 *)(to + 12) = addr;
}

// remember keeps who asked for a connection, until it is known from which port.
inlined int remember(struct bpf_sock_addr *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct known k = {};

	current(&k.owner);
	bpf_map_update_elem(&sockets, &cookie, &k, 0);
	return 1;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx) { return remember(ctx); }

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx) { return remember(ctx); }

// field reads a member of the context; the compiler may not merge such reads.
#define field(ctx, name)                                                                                     \
	({                                                                                                   \
		__u32 v;                                                                                     \
		asm volatile("%0 = *(u32 *)(%1 + %2)"                                                        \
			     : "=r"(v)                                                                       \
			     : "r"(ctx), "i"(__builtin_offsetof(struct bpf_sock_ops, name)));                \
		v;                                                                                           \
	})

SEC("sockops")
int connecting(struct bpf_sock_ops *ctx)
{
	if (field(ctx, op) != BPF_SOCK_OPS_TCP_CONNECT_CB)
		return 1;
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct known *k = bpf_map_lookup_elem(&sockets, &cookie);
	struct event *e;

	if (!k || !(e = begin(USES)))
		return 1;
	e->cookie = cookie;
	e->netns = bpf_get_netns_cookie(ctx);
	e->owner = k->owner;
	e->how = CONNECT;
	e->proto = PROTO_TCP;
	if (field(ctx, family) == AF_INET) {
		map4(e->local, field(ctx, local_ip4));
		map4(e->remote, field(ctx, remote_ip4));
	} else {
		__u32 *l = (__u32 *)e->local, *r = (__u32 *)e->remote;

		l[0] = field(ctx, local_ip6[0]);
		l[1] = field(ctx, local_ip6[1]);
		l[2] = field(ctx, local_ip6[2]);
		l[3] = field(ctx, local_ip6[3]);
		r[0] = field(ctx, remote_ip6[0]);
		r[1] = field(ctx, remote_ip6[1]);
		r[2] = field(ctx, remote_ip6[2]);
		r[3] = field(ctx, remote_ip6[3]);
	}
	e->lport = field(ctx, local_port);
	e->rport = ntohs(field(ctx, remote_port) >> 16);
	k->lport = e->lport;
	k->rport = e->rport;
	k->told = 1;
	bpf_ringbuf_submit(e, 0);
	return 1;
}

// fill says what socket it is; less than 0 if it is none that matters.
inlined int fill(struct event *e, struct sock *sk)
{
	struct sock_common *c = &sk->__sk_common;
	__u16 proto = sk->sk_protocol;

	e->proto = proto == PROTO_MPTCP ? PROTO_TCP : proto;
	e->netns = c->skc_net.net->net_cookie;
	e->lport = c->skc_num;
	e->rport = ntohs(c->skc_dport);
	if (c->skc_family == AF_INET) {
		map4(e->local, c->skc_rcv_saddr);
		map4(e->remote, c->skc_daddr);
	} else {
		bpf_probe_read_kernel(e->local, 16, __builtin_preserve_access_index(&c->skc_v6_rcv_saddr));
		bpf_probe_read_kernel(e->remote, 16, __builtin_preserve_access_index(&c->skc_v6_daddr));
	}
	return 0;
}

// used notes that the process at work sends or receives.
inlined int used(struct sock *sk, __u8 how)
{
	unsigned short family = sk->__sk_common.skc_family;
	__u16 proto = sk->sk_protocol, lport = sk->__sk_common.skc_num, rport = sk->__sk_common.skc_dport;

	if (family != AF_INET && family != AF_INET6 || proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_MPTCP || !lport)
		return 0;
	__u64 cookie = bpf_get_socket_cookie(sk);
	struct known *k = bpf_map_lookup_elem(&sockets, &cookie);
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u8 switches = 0;

	rport = ntohs(rport);
	if (k && k->told && k->lport == lport && k->rport == rport) {
		if (k->owner.pid == pid || k->switches >= MAX_SWITCHES)
			return 0;
		switches = k->switches + 1;
	}
	struct known n = {.lport = lport, .rport = rport, .told = 1, .switches = switches};
	struct event *e = begin(USES);

	if (!e)
		return 0;
	current(&n.owner);
	fill(e, sk);
	e->cookie = cookie;
	e->owner = n.owner;
	e->how = how;
	e->switches = switches;
	e->at_home = at_home(e->netns);
	bpf_ringbuf_submit(e, 0);
	bpf_map_update_elem(&sockets, &cookie, &n, 0);
	return 0;
}

SEC("tp_btf/sock_send_length")
int sends(__u64 *ctx) { return used((struct sock *)ctx[0], SENDS); }

SEC("tp_btf/sock_recv_length")
int receives(__u64 *ctx) { return used((struct sock *)ctx[0], RECEIVES); }

SEC("cgroup/sock_release")
int released(struct bpf_sock *ctx)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	struct known *k = bpf_map_lookup_elem(&sockets, &cookie);
	struct event *e;

	if (!k)
		return 1;
	if (k->told && (e = begin(CLOSES))) {
		e->cookie = cookie;
		bpf_ringbuf_submit(e, 0);
	}
	bpf_map_delete_elem(&sockets, &cookie);
	return 1;
}

SEC("tp_btf/sched_process_exec")
int execs(__u64 *ctx)
{
	struct linux_binprm *bprm = (struct linux_binprm *)ctx[2];
	struct exec_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		add(&lost, 1);
		return 0;
	}
	__builtin_memset(&e->head, 0, sizeof(e->head));
	e->head.time = bpf_ktime_get_boot_ns();
	e->head.kind = EXECS;
	current(&e->head.owner);
	bpf_probe_read_kernel_str(e->path, sizeof(e->path), bprm->filename);
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int exits(__u64 *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx[0];
	struct event *e;

	if (t->pid != t->tgid || !(e = begin(EXITS)))
		return 0;
	e->owner.pid = t->tgid;
	e->owner.start = t->group_leader->start_boottime;
	bpf_ringbuf_submit(e, 0);
	return 0;
}

// Reading a task takes helpers that the kernel gives to programs under the GPL alone:
// this file may be used under it too.
char _license[] SEC("license") = "Dual BSD/GPL";
