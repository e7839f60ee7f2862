package config

import (
	"reflect"

	"weir/cmd/weir/config/yaml11"
)

// Output is one entry under outputs.
type Output struct {
	Name    string // eve-log, fast, file-store, ..
	Enabled bool
	Section Section // all of its keys

	Eve       *Eve       // if Name is eve-log
	FileStore *FileStore // if Name is file-store
	Line      *LineLog   // if Name is fast or stats
	Packets   *PacketLog // if Name is pcap-log
	CertStore *CertStore // if Name is tls-store
}

// Eve is an eve-log.
type Eve struct {
	FileType        string `key:"filetype" def:"regular" want:"regular|unix_stream|unix_dgram|syslog|redis" doc:"where records go"`
	Filename        string `key:"filename" def:"eve.json" doc:"file below the log folder, or socket"`
	Append          bool   `key:"append" def:"yes" doc:"go on behind what the file holds"`
	Filemode        string `key:"filemode" def:"" doc:"permissions of a new file, octal"`
	Threaded        bool   `key:"threaded" def:"no" doc:"accepted: workers do not wait for one another in any case"`
	RotateInterval  string `key:"rotate-interval" def:"" doc:"begin a new file every 30s, 10m, 2h, 1d, minute, hour or day"`
	BufferSize      Size   `key:"buffer-size" def:"8 KiB" doc:"bytes gathered before they are written"`
	Prefix          string `key:"prefix" def:"" doc:"text in front of each record"`
	Identity        string `key:"identity" def:"weir" doc:"syslog: name of the program"`
	Facility        string `key:"facility" def:"local0" doc:"syslog: facility"`
	Level           string `key:"level" def:"info" want:"emergency|alert|critical|error|warning|notice|info|debug" doc:"syslog: level"`
	PcapFile        bool   `key:"pcap-file" def:"no" doc:"name the capture in each record"`
	CommunityID     bool   `key:"community-id" def:"no" doc:"records have a community id"`
	CommunityIDSeed uint16 `key:"community-id-seed" def:"0" doc:"seed of it, the same on all sensors"`
	Ethernet        bool   `key:"ethernet" def:"no" doc:"records have Ethernet addresses"`
	Metadata        bool   `key:"metadata" def:"yes" doc:"records have variables of the flow"`
	SuricataVersion bool   `key:"suricata-version" def:"no" doc:"records name the version"`
	XFF             XFF    `key:"xff"`

	// Types are the record types, in the order of the file.
	Types []EveType
}

// EveType is one entry under types.
type EveType struct {
	Name    string
	Enabled bool
	Options Section
}

// XFF says what is done with addresses that proxies name.
type XFF struct {
	Enabled    bool   `key:"enabled" def:"no" doc:"take the client's address from a header"`
	Mode       string `key:"mode" def:"extra-data" want:"extra-data|overwrite" doc:"beside or instead of the address of the packet"`
	Deployment string `key:"deployment" def:"reverse" want:"reverse|forward" doc:"which address of several: the last one or the first"`
	Header     string `key:"header" def:"X-Forwarded-For" doc:"name of the header"`
}

// LineLog is a log with one text line an entry.
type LineLog struct {
	FileType string `key:"filetype" def:"regular" want:"regular|unix_stream|unix_dgram|syslog" doc:"where lines go"`
	Filename string `key:"filename" def:"" doc:"file below the log folder"`
	Append   bool   `key:"append" def:"yes" doc:"go on behind what the file holds"`
	Totals   bool   `key:"totals" def:"yes" doc:"stats: sums over all workers"`
	Threads  bool   `key:"threads" def:"no" doc:"stats: each worker by itself"`
	NullVals bool   `key:"null-values" def:"no" doc:"stats: counters that are 0 too"`
}

// PacketLog keeps packets.
type PacketLog struct {
	Filename    string `key:"filename" def:"log.pcap" doc:"files are named so, with the time of their first packet behind it"`
	Dir         string `key:"dir" def:"" doc:"folder below the log folder"`
	Limit       Size   `key:"limit" def:"100 MiB" doc:"bytes of a file"`
	MaxFiles    uint32 `key:"max-files" def:"0" doc:"files of a run, the oldest go first; 0 is no limit"`
	TSFormat    string `key:"ts-format" def:"sec" want:"sec|usec" doc:"time in names: with microseconds or without"`
	Conditional string `key:"conditional" def:"all" want:"all|alerts|tag" doc:"which packets: all, those of flows with an alert and the TCP segments that led to it, or those that tags ask for"`
	Mode        string `key:"mode" def:"normal" want:"normal|multi|sguil" doc:"one file at a time, or one for each worker, whose number stands for %n in filename; sguil is taken as normal"`
	Compression string `key:"compression" def:"none" want:"none|lz4" doc:"of files"`
	LZ4Level    uint8  `key:"lz4-level" def:"0" max:"16" doc:"how well lz4 compresses"`
	LZ4Checksum bool   `key:"lz4-checksum" def:"no" doc:"checksums in lz4 files"`
	StreamDepth bool   `key:"use-stream-depth" def:"no" doc:"leave out what stands beyond the stream depth"`
	HonorPass   bool   `key:"honor-pass-rules" def:"no" doc:"leave out what pass rules pass"`
	Filter      string `key:"bpf-filter" def:"" doc:"takes only the packets that fit"`
}

// FileStore keeps files that pass by.
type FileStore struct {
	Version        uint8    `key:"version" def:"2" min:"2" max:"2" doc:"layout of the folder"`
	Dir            string   `key:"dir" def:"filestore" doc:"folder below the log folder"`
	WriteFileinfo  bool     `key:"write-fileinfo" def:"no" doc:"a record beside each file"`
	ForceFilestore bool     `key:"force-filestore" def:"no" doc:"keep all files, not only those that rules ask for"`
	ForceMagic     bool     `key:"force-magic" def:"no" doc:"find out the type of all files"`
	ForceHash      []string `key:"force-hash" doc:"hashes of all files: md5, sha1, sha256"`
	StreamDepth    Size     `key:"stream-depth" def:"0" doc:"stream depth of a flow with a stored file, bytes, where it is more than that of stream.reassembly; 0 is all"`
	MaxOpenFiles   uint32   `key:"max-open-files" def:"0" doc:"files open at a time; 0 is no limit"`
	XFF            XFF      `key:"xff"`
}

// CertStore keeps certificates that rules with tls.store ask for.
type CertStore struct {
	Dir string `key:"certs-log-dir" def:"" doc:"folder below the log folder"`
}

// outputs reads the section outputs.
func (d *decoder) outputs(root Section, dnsVersion string) []Output {
	inList := *d
	inList.layers = nil
	var all []Output
	for _, item := range root.Get("outputs").children() {
		name, s := item.label()
		o := Output{Name: name, Section: s, Enabled: s.Bool("enabled", false)}
		if !o.Enabled {
			item.node.ReadAll() // its settings are not ignored, they are not needed
		}
		switch name {
		case "eve-log":
			o.Eve = inList.eve(s, dnsVersion)
		case "file-store":
			o.FileStore = &FileStore{}
			inList.section(s, reflect.ValueOf(o.FileStore).Elem())
		case "tls-store":
			o.CertStore = &CertStore{}
			inList.section(s, reflect.ValueOf(o.CertStore).Elem())
		case "pcap-log":
			o.Packets = &PacketLog{}
			inList.section(s, reflect.ValueOf(o.Packets).Elem())
		case "fast", "stats":
			o.Line = &LineLog{}
			inList.section(s, reflect.ValueOf(o.Line).Elem())
			if o.Line.Filename == "" {
				o.Line.Filename = name + ".log"
			}
		}
		all = append(all, o)
	}
	return all
}

func (d *decoder) eve(s Section, dnsVersion string) *Eve {
	e := &Eve{}
	d.section(s, reflect.ValueOf(e).Elem())
	for _, item := range s.Get("types").children() {
		if item.node.Kind == yaml11.Scalar && item.node.Value == "dns" {
			// A plain name has no keys; give it a place for the default below.
			item.node.Kind, item.node.Value = yaml11.Map, ""
			item.node.Children = []*yaml11.Node{{Name: "dns", Pos: item.node.Pos}}
		}
		name, opts := item.label()
		if name == "" {
			continue
		}
		t := EveType{Name: name, Options: opts, Enabled: opts.Bool("enabled", true)}
		if name == "dns" && !opts.Has("version") {
			// The default of this one depends on the environment and version.
			// A value where a map belongs was reported by Bool above.
			_ = opts.node.Set("version", dnsVersion, opts.node.Pos)
		}
		e.Types = append(e.Types, t)
	}
	return e
}
