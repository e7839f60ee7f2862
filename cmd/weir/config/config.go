package config

import (
	"slices"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// Config is everything the components are set up from. Fields with a key are
// read from there by their tags; the others by code of their own.
type Config struct {
	Version Version // suricata-version
	Vars    Vars

	DefaultLogDir string `key:"default-log-dir" def:"." doc:"folder of outputs; -l goes before it"`
	SensorName    string `key:"sensor-name" doc:"host in records"`

	RuleFiles           []string // resolved; may be patterns
	DefaultRulePath     Path     `key:"default-rule-path" doc:"folder that rule-files are in"`
	ClassificationFile  Path     `key:"classification-file" doc:"classes of rules; built in if empty"`
	ReferenceConfigFile Path     `key:"reference-config-file" doc:"kinds of references; built in if empty"`
	ThresholdFile       Path     `key:"threshold-file" doc:"thresholds and suppressions beside the rules"`
	ActionOrder         []string `key:"action-order" def:"pass, drop, reject, alert" doc:"which rules come first"`
	PacketAlertMax      uint16   `key:"packet-alert-max" def:"15" doc:"alerts of one packet; 0 is the default"`
	ASN1MaxFrames       uint16   `key:"asn1-max-frames" def:"256" doc:"values that the keyword asn1 looks at"`
	MagicFile           Path     `key:"magic-file" doc:"accepted; file types are built in"`
	GeoIPDatabase       Path     `key:"geoip-database" doc:"MaxMind database of the keyword geoip"`
	ExceptionPolicy     string   `key:"exception-policy" def:"auto" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens when a limit is reached, where the section does not say; auto: drop-flow if inline, else ignore"`
	HostMode            string   `key:"host-mode" def:"auto" want:"auto|router|sniffer-only" doc:"whether rejects go out of the capture interface"`
	RunMode             string   `key:"runmode" def:"autofp" want:"autofp|single|workers" doc:"single: one worker, packets strictly in order"`

	Stream       Stream       `key:"stream"`
	Flow         Flow         `key:"flow"`
	FlowTimeouts FlowTimeouts `key:"flow-timeouts"`
	Defrag       Defrag       `key:"defrag"`
	Decoder      Decoder      `key:"decoder"`
	VLAN         Tracking     `key:"vlan"`
	Livedev      Tracking     `key:"livedev"`
	Host         HostTable    `key:"host"`
	IPPair       HostTable    `key:"ippair"`
	PcapFile     PcapFile     `key:"pcap-file"`
	Stats        Stats        `key:"stats"`
	Pcre         Pcre         `key:"pcre"`
	Detect       Detect       `key:"detect"`
	Profiling    Profiling    `key:"profiling"`
	Datasets     Datasets     `key:"datasets"`
	Legacy       Legacy       `key:"legacy"`
	Logging      Logging      `key:"logging"`
	AppLayer     AppLayer     `key:"app-layer"`
	IPRep        IPRep
	Outputs      []Output
	HostOSPolicy []OSPolicy

	AFPacket Section `key:"af-packet" doc:"rings of weir run: interface, ring-size, block-size, block-timeout, disable-promisc, bpf-filter"`

	// Ours alone; their keys belong to the components.
	Capture  Section `key:"capture" doc:"interfaces and their roles"`
	BPF      Section `key:"bpf" doc:"programs in the kernel: fanout (yes) spreads frames over the workers of an interface by the addresses inside tunnels; xdp (as block) puts a program at the driver that counts what comes in, drops what weir ctl block names and gives weir ctl sample its packets, block (no) also drops what peers send whom rules with action drop or reject have fitted, block-time (3600 s) is for how long rules block, never-block whom they do not; shunt (yes) leaves packets of bypassed flows with the kernel, which counts them, and shunt-after (0: never) is after how many bytes a flow is bypassed that is encrypted or beyond stream.reassembly.depth; process (yes) says in events which process talks"`
	NSQ      Section `key:"nsq" doc:"delivery of events"`
	Spool    Section `key:"spool" doc:"events on disk until they are delivered"`
	Store    Section `key:"store" doc:"data base of events"`
	Notify   Section `key:"notify" doc:"who hears of what"`
	Redact   Section `key:"redact" doc:"what is taken out of events: headers, parameters, patterns"`
	Console  Section `key:"console" doc:"the web console"`
	Behavior Section `key:"behavior" doc:"detectors that are not rules"`
	Process  Section `key:"process" doc:"process behind a local flow"`

	// IPS: the traffic is or is treated as inline.
	IPS bool
	// DataDir holds data sets and other state; empty if not given.
	DataDir string
	// TeredoPorts and the others are decoder.*.ports with variables put in; nil
	// is any port.
	TeredoPorts, VXLANPorts, GenevePorts []uint16

	root     *yaml11.Node
	problems Problems
}

// Logging is what the program says about itself.
type Logging struct {
	Level string `key:"default-log-level" def:"notice" want:"emergency|alert|critical|error|warning|notice|info|perf|config|debug" doc:"least important message that is written"`

	files []LogFile
}

// LogFile is a file of logging.outputs.
type LogFile struct {
	Filename string
	Level    string
	JSON     bool
}

// Files returns the files that messages go to.
func (l *Logging) Files() []LogFile { return l.files }

// logFiles reads logging.outputs. Messages go to the console in any case; syslog
// is left to the service manager.
func (d *decoder) logFiles(root Section, level string) []LogFile {
	var all []LogFile
	for _, item := range root.Get("logging.outputs").children() {
		name, s := item.label()
		item.node.ReadAll()
		if name != "file" || !s.Bool("enabled", false) {
			continue
		}
		f := LogFile{Filename: s.String("filename", "weir.log"), Level: s.String("level", level), JSON: s.String("type", "regular") == "json"}
		if !slices.Contains(logLevels, f.Level) {
			s.Reject("level", strings.Join(logLevels, "|"))
			continue
		}
		all = append(all, f)
	}
	return all
}

// logLevels are the names of the levels, the most important first.
var logLevels = []string{"emergency", "alert", "critical", "error", "warning", "notice", "info", "perf", "config", "debug"}

// IPRep is IP reputation.
type IPRep struct {
	CategoriesFile Path
	Files          []string
}

// OSPolicy says how a set of hosts puts overlapping data together.
type OSPolicy struct {
	Policy   string   // bsd, linux, windows, ..
	Networks []string // most specific wins
}

// osPolicies are the names under host-os-policy.
var osPolicies = []string{
	"windows", "bsd", "bsd-right", "old-linux", "linux", "old-solaris", "solaris",
	"hpux10", "hpux11", "irix", "macos", "vista", "windows2k3",
}

// Root returns the whole configuration.
func (c *Config) Root() Section { return Section{"", c.root, &c.problems} }

// Err returns what was found wrong by sections read after Load, nil if nothing.
func (c *Config) Err() error { return c.problems.err() }

// Ignored lists the keys that nobody has read. It is complete when all
// components are set up.
func (c *Config) Ignored() []Problem {
	var all []Problem
	c.root.Unread(func(path string, n *yaml11.Node) {
		if n.Kind == yaml11.Null || n.Pos.File == defaultName {
			return // says nothing, or nothing that the user said
		}
		all = append(all, Problem{n.Pos, path, "not acted on"})
	})
	return all
}
