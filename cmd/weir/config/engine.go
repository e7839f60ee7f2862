package config

// Stream is TCP tracking and reassembly.
type Stream struct {
	Memcap             Size       `key:"memcap" def:"64 MiB" doc:"memory for TCP sessions"`
	MemcapPolicy       string     `key:"memcap-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a flow when memcap is reached"`
	PreallocSessions   uint32     `key:"prealloc-sessions" def:"2048" doc:"sessions set up in advance by each worker"`
	Midstream          bool       `key:"midstream" def:"no" doc:"follow connections whose start was not seen"`
	MidstreamPolicy    string     `key:"midstream-policy" want:"auto|ignore|bypass|pass-flow|drop-flow|reject" doc:"what happens to a connection whose start was not seen"`
	AsyncOneside       bool       `key:"async-oneside" def:"no" doc:"follow connections of which one direction is seen"`
	ChecksumValidation bool       `key:"checksum-validation" def:"yes" doc:"leave segments with a wrong checksum out"`
	Inline             string     `key:"inline" def:"auto" want:"auto|yes|no" doc:"inspect data before it is acknowledged; auto: when inline"`
	DropInvalid        bool       `key:"drop-invalid" def:"yes" doc:"inline: drop segments that do not fit the connection"`
	Bypass             bool       `key:"bypass" def:"no" doc:"stop looking at a flow whose reassembly depth is reached"`
	MaxSynQueued       uint8      `key:"max-syn-queued" def:"10" doc:"different SYN segments remembered for one connection"`
	MaxSynackQueued    uint8      `key:"max-synack-queued" def:"5" doc:"different SYN-ACK segments remembered for one connection"`
	LiberalTimestamps  bool       `key:"liberal-timestamps" def:"no" doc:"take TCP timestamps as Linux does, whatever the host"`
	Reassembly         Reassembly `key:"reassembly"`
}

// Reassembly is stream.reassembly.
type Reassembly struct {
	Memcap               Size   `key:"memcap" def:"256 MiB" doc:"memory for stream data"`
	MemcapPolicy         string `key:"memcap-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a flow when memcap is reached"`
	Depth                Size   `key:"depth" def:"1 MiB" def7:"0" doc:"bytes of each direction that are reassembled; 0 is all"`
	ToServerChunk        Size   `key:"toserver-chunk-size" def:"2560" max:"65535" doc:"bytes to the server that raw inspection waits for"`
	ToClientChunk        Size   `key:"toclient-chunk-size" def:"2560" max:"65535" doc:"bytes to the client that raw inspection waits for"`
	RandomizeChunkSize   bool   `key:"randomize-chunk-size" def:"yes" doc:"vary the chunk sizes from run to run (live capture only)"`
	RandomizeChunkRange  uint8  `key:"randomize-chunk-range" def:"10" max:"100" doc:"by how many percent they vary"`
	Raw                  bool   `key:"raw" def:"yes" doc:"keep stream data for rules without a buffer"`
	SegmentPrealloc      uint32 `key:"segment-prealloc" def:"2048" doc:"segments set up in advance by each worker"`
	MaxRegions           uint8  `key:"max-regions" def:"8" doc:"pieces of one direction held apart from one another"`
	CheckOverlapDiffData bool   `key:"check-overlap-different-data" def:"no" doc:"compare data sent twice; always on when inline or a rule asks for the event"`
	Urgent               Urgent `key:"urgent"`
}

// Urgent is stream.reassembly.urgent.
type Urgent struct {
	Policy         string `key:"policy" def:"oob" def7:"inline" want:"inline|drop|oob|gap" doc:"urgent data: part of the stream, packet dropped, one byte out of band (RFC 6093), or a gap"`
	OOBLimitPolicy string `key:"oob-limit-policy" def:"drop" want:"inline|drop|gap" doc:"what holds when a stream has too many out-of-band bytes"`
}

// Flow is the flow table.
type Flow struct {
	Memcap            Size   `key:"memcap" def:"32 MiB" doc:"memory for flows"`
	MemcapPolicy      string `key:"memcap-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a packet for which no flow can be had"`
	HashSize          uint32 `key:"hash-size" def:"65536" min:"1" doc:"rows of the flow table"`
	Prealloc          uint32 `key:"prealloc" def:"10000" doc:"flows set up in advance"`
	EmergencyRecovery uint8  `key:"emergency-recovery" def:"30" min:"1" max:"100" doc:"percent of flows free again that end emergency mode"`
}

// FlowTimeouts are the idle times after which flows end.
type FlowTimeouts struct {
	Default FlowTimeout `key:"default"`
	TCP     TCPTimeout  `key:"tcp"`
	UDP     FlowTimeout `key:"udp"`
	ICMP    FlowTimeout `key:"icmp"`
}

// FlowTimeout are those of one IP protocol, by state of the flow.
type FlowTimeout struct {
	New                  Seconds `key:"new" def:"30" doc:"one direction seen"`
	Established          Seconds `key:"established" def:"300" doc:"both directions seen"`
	Closed               Seconds `key:"closed" def:"0" doc:"ended by FIN or RST"`
	Bypassed             Seconds `key:"bypassed" def:"100" doc:"no longer looked at"`
	EmergencyNew         Seconds `key:"emergency-new" def:"10" doc:"new, while the table is full"`
	EmergencyEstablished Seconds `key:"emergency-established" def:"100" doc:"established, while the table is full"`
	EmergencyClosed      Seconds `key:"emergency-closed" def:"0" doc:"closed, while the table is full"`
	EmergencyBypassed    Seconds `key:"emergency-bypassed" def:"50" doc:"bypassed, while the table is full"`
}

// TCPTimeout is FlowTimeout with the defaults of TCP, whose connections may still
// have packets when they are over.
type TCPTimeout struct {
	New                  Seconds `key:"new" def:"30" doc:"one direction seen"`
	Established          Seconds `key:"established" def:"300" doc:"both directions seen"`
	Closed               Seconds `key:"closed" def:"10" doc:"ended by FIN or RST"`
	Bypassed             Seconds `key:"bypassed" def:"100" doc:"no longer looked at"`
	EmergencyNew         Seconds `key:"emergency-new" def:"10" doc:"new, while the table is full"`
	EmergencyEstablished Seconds `key:"emergency-established" def:"100" doc:"established, while the table is full"`
	EmergencyClosed      Seconds `key:"emergency-closed" def:"0" doc:"closed, while the table is full"`
	EmergencyBypassed    Seconds `key:"emergency-bypassed" def:"50" doc:"bypassed, while the table is full"`
}

// Defrag is IP defragmentation.
type Defrag struct {
	Memcap       Size    `key:"memcap" def:"16 MiB" doc:"memory for fragments"`
	MemcapPolicy string  `key:"memcap-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a fragment when memcap is reached"`
	HashSize     uint32  `key:"hash-size" def:"4096" min:"1" doc:"rows of the table of datagrams in parts"`
	Trackers     uint32  `key:"trackers" def:"1000" doc:"datagrams set up in advance"`
	MaxFrags     uint32  `key:"max-frags" def:"65535" min:"1" doc:"fragments held at a time"`
	Prealloc     bool    `key:"prealloc" def:"yes" doc:"set trackers up in advance"`
	Timeout      Seconds `key:"timeout" def:"60" min:"1" max:"3600" doc:"time after which parts of a datagram are given up"`
	HostConfig   Section `key:"host-config" doc:"time-outs by address of the receiver: - name: {timeout: N, address: [networks]}"`
}

// Decoder is packet decoding.
type Decoder struct {
	Teredo         Tunnel         `key:"teredo"`
	VXLAN          VXLAN          `key:"vxlan"`
	Geneve         Geneve         `key:"geneve"`
	VNTag          OptIn          `key:"vntag"`
	ERSPAN         ERSPAN         `key:"erspan"`
	RecursionLevel RecursionLevel `key:"recursion-level"`
	MaxLayers      uint8          `key:"max-layers" def:"16" min:"1" doc:"headers decoded in one packet"`
	IPv6           IPv6Tunnels    `key:"ipv6"`
}

// Tunnel is decoder.teredo.
type Tunnel struct {
	Enabled bool   `key:"enabled" def:"yes" doc:"decode it"`
	Ports   string `key:"ports" def:"any" doc:"UDP ports: any, 3544, [3544, 1234] or $TEREDO_PORTS"`
}

// VXLAN is decoder.vxlan.
type VXLAN struct {
	Enabled           bool   `key:"enabled" def:"yes" doc:"decode it"`
	Ports             string `key:"ports" def:"4789" doc:"UDP ports"`
	ReservedBitsCheck string `key:"reserved-bits-check" def:"strict" want:"strict|permissive" doc:"whether reserved bits must be 0"`
}

// Geneve is decoder.geneve.
type Geneve struct {
	Enabled bool   `key:"enabled" def:"yes" doc:"decode it"`
	Ports   string `key:"ports" def:"6081" doc:"UDP ports"`
}

// OptIn is a decoder that is off unless asked for.
type OptIn struct {
	Enabled bool `key:"enabled" def:"no" doc:"decode it"`
}

// ERSPAN is decoder.erspan.
type ERSPAN struct {
	TypeI OptIn `key:"typeI"`
}

// RecursionLevel is decoder.recursion-level.
type RecursionLevel struct {
	UseForTracking bool `key:"use-for-tracking" def:"yes" doc:"flows inside tunnels differ by depth of the tunnel"`
}

// IPv6Tunnels is decoder.ipv6.
type IPv6Tunnels struct {
	IPv4 ParentFlow `key:"ipip-ipv4"`
	IPv6 ParentFlow `key:"ipip-ipv6"`
}

// ParentFlow says whether flows inside a tunnel name the flow of the tunnel.
type ParentFlow struct {
	TrackParentFlow bool `key:"track-parent-flow" def:"no" doc:"events of inner flows have parent_id"`
}

// Tracking says whether something is part of what identifies a flow.
type Tracking struct {
	UseForTracking bool `key:"use-for-tracking" def:"yes" doc:"part of what identifies a flow"`
}

// HostTable is a table of addresses with limits.
type HostTable struct {
	Memcap   Size   `key:"memcap" def:"16 MiB" doc:"memory for the table"`
	HashSize uint32 `key:"hash-size" def:"4096" min:"1" doc:"rows of the table"`
	Prealloc uint32 `key:"prealloc" def:"1000" doc:"entries set up in advance"`
}

// PcapFile is reading of captures.
type PcapFile struct {
	ChecksumChecks string `key:"checksum-checks" def:"auto" want:"auto|yes|no" doc:"verify checksums; auto: not if too many of the first are wrong"`
	DeleteWhenDone string `key:"delete-when-done" def:"no" want:"no|yes|non-alerts" doc:"remove a capture that was read; non-alerts: if no rule fired in it"`
}

// Stats are the counters.
type Stats struct {
	Enabled             bool           `key:"enabled" def:"yes" doc:"count and report"`
	Interval            Seconds        `key:"interval" def:"8" min:"1" doc:"time between reports"`
	DecoderEvents       bool           `key:"decoder-events" def:"yes" doc:"count each decode event"`
	DecoderEventsPrefix string         `key:"decoder-events-prefix" def:"decoder.event" doc:"first part of their counters' names"`
	StreamEvents        bool           `key:"stream-events" def:"no" doc:"count each stream event"`
	ExceptionPolicy     StatsException `key:"exception-policy"`
}

// StatsException is stats.exception-policy.
type StatsException struct {
	GlobalStats bool `key:"global-stats" def:"yes" doc:"count by policy, over all causes"`
	PerAppProto bool `key:"per-app-proto-errors" def:"no" doc:"count errors by application protocol"`
}

// Pcre are the limits of regular expressions in rules.
type Pcre struct {
	MatchLimit          uint32 `key:"match-limit" def:"3500" min:"1" doc:"steps of one match"`
	MatchLimitRecursion uint32 `key:"match-limit-recursion" def:"1500" min:"1" doc:"depth of one match"`
}
