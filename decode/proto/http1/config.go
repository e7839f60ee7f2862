package http1

import (
	"net/netip"
	"slices"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto/internal/httprange"
)

// options are app-layer.protocols.http.
type options struct {
	def     *serverConfig
	servers []serverFor

	rangeMemcap, rangeTimeout uint64
	// tables holds the range table of each worker by its file store.
	tables sync.Map
}

// table returns the table of the worker that a file store belongs to.
func (o *options) table(s *file.Store) *httprange.Table {
	if s == nil {
		return nil
	}
	t, ok := o.tables.Load(s)
	if !ok {
		t, _ = o.tables.LoadOrStore(s, httprange.NewTable(s, o.rangeMemcap, o.rangeTimeout))
	}
	return t.(*httprange.Table)
}

// serverFor are the settings for one network.
type serverFor struct {
	net netip.Prefix
	cfg *serverConfig
}

// server returns the settings for the server of a flow: those of the longest
// network that holds its address.
func (o *options) server(f *flow.Flow) *serverConfig {
	if len(o.servers) == 0 {
		return o.def
	}
	a := netip.AddrFrom16(f.Addr[1]).Unmap()
	for i := range o.servers {
		if o.servers[i].net.Contains(a) {
			return o.servers[i].cfg
		}
	}
	return o.def
}

// serverConfig are the settings for a set of servers.
type serverConfig struct {
	personality personality
	path, query decoding
	// Whole URI of a proxy request in the normalised one; decode twice.
	uriIncludeAll, doublePath, doubleQuery bool

	fieldLimit   int // bytes of one line
	headersLimit int // headers of one message
	maxTx        int

	body    [2]bodyConfig // by direction
	layers  int           // content codings undone in one response; 0 is no limit
	lzma    bool
	lzmaMem uint32
	bomb    uint64 // bytes that a body may grow to before its ratio is judged
	budget  uint64 // bytes that one body may decompress to in all; 0 is no limit

	swf swfConfig
	// inline: bodies are inspected as they come, without waiting for a window.
	inline bool
	// keeps: bodies are kept for alerts to show.
	keeps bool
	// v7: records and defaults of Suricata 7.0.
	v7 bool
}

// bodyConfig is how much of a body is inspected, and when.
type bodyConfig struct {
	limit  uint64 // bytes inspected; 0 is all
	min    uint64 // bytes that inspection waits for
	window uint64 // bytes looked at again
}

// swfConfig is swf-decompression.
type swfConfig struct {
	deflate, lzma    bool
	compress, output uint32 // bytes in and out; 0 is no limit
}

// decoding says how percent signs and separators of one part of a URI are read.
type decoding struct {
	backslash     bool // \ is /
	sepDecode     bool // %2f is /
	sepCompress   bool // // is /
	lower         bool
	utf8          bool // bring UTF-8 to one byte
	percentU      bool // %uHHHH
	nulEncodedEnd bool // %00 ends the part
	nulRawEnd     bool // a NUL byte ends the part
	plus          bool // + is a space
	invalid       invalidPercent
}

// invalidPercent is what a percent sign without two hex digits behind it becomes.
type invalidPercent uint8

const (
	keepPercent invalidPercent = iota
	dropPercent
	forcePercent // take what stands there for digits
)

// personality names the server whose reading is followed.
type personality uint8

const (
	minimal personality = iota
	generic
	ids
	iis40
	iis50
	iis51
	iis60
	iis70
	iis75
	apache2
)

// personalities by name, in lower case.
var personalities = map[string]personality{
	"minimal": minimal, "generic": generic, "ids": ids, "iis_4_0": iis40, "iis_5_0": iis50, "iis_5_1": iis51,
	"iis_6_0": iis60, "iis_7_0": iis70, "iis_7_5": iis75, "apache": apache2, "apache_2": apache2, "apache_2_2": apache2,
}

// pathDecoding returns how a server reads the path of a URI.
func (p personality) pathDecoding() decoding {
	switch p {
	case generic:
		return decoding{backslash: true, sepDecode: true, sepCompress: true}
	case ids:
		return decoding{backslash: true, sepDecode: true, sepCompress: true, utf8: true, percentU: true}
	case iis40, iis50:
		return decoding{backslash: true, sepCompress: true, sepDecode: true, utf8: p == iis40 || p == iis50, percentU: true}
	case iis51:
		return decoding{backslash: true, sepDecode: true, sepCompress: true, percentU: true, utf8: true}
	case iis60:
		return decoding{backslash: true, sepDecode: true, sepCompress: true, percentU: true, utf8: true}
	case iis70, iis75:
		return decoding{backslash: true, sepDecode: true, sepCompress: true, utf8: true}
	case apache2:
		return decoding{sepCompress: true}
	}
	return decoding{}
}

// nulEndsLine: the server's first line ends at a NUL byte.
func (p personality) nulEndsLine() bool { return p == apache2 }

// blankLineEnds: a line of white space alone ends the headers.
func (p personality) blankLineEnds() bool { return p == iis51 }

// setup reads the section.
func setup(o event.Options) (any, error) {
	htp := o.Sub("libhtp")
	v7 := strings.HasPrefix(o.String("suricata-version", ""), "7")
	inline, shown := o.Bool("inline", false), o.Bool("bodies-shown", false)
	opt := &options{def: readServer(htp.Sub("default-config"), inline, v7)}
	opt.def.keeps = shown
	r := o.Sub("byterange")
	opt.rangeMemcap = r.Size("memcap", httprange.DefaultMemcap)
	opt.rangeTimeout = r.Uint("timeout", httprange.DefaultTimeout)
	for _, item := range htp.Sub("server-config").Items() {
		// An entry is a map of one name, or the settings themselves.
		if keys := item.Keys(); !item.Has("address") && len(keys) == 1 {
			item = item.Sub(keys[0])
		}
		cfg := readServer(item, inline, v7)
		cfg.keeps = shown
		for _, s := range item.Strings("address") {
			if n, ok := parseNetwork(s); ok {
				opt.servers = append(opt.servers, serverFor{n, cfg})
			} else {
				item.Reject("address", "addresses and networks such as 192.168.0.0/16")
			}
		}
	}
	slices.SortStableFunc(opt.servers, func(a, b serverFor) int { return b.net.Bits() - a.net.Bits() })
	return opt, nil
}

func parseNetwork(s string) (netip.Prefix, bool) {
	s = strings.TrimSpace(s)
	if n, err := netip.ParsePrefix(s); err == nil {
		return n.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, a.BitLen()), true
}

// defaultConfig is what holds where the configuration is silent.
func defaultConfig() *serverConfig {
	return &serverConfig{
		personality:  ids,
		path:         ids.pathDecoding(),
		fieldLimit:   18_000,
		headersLimit: 1024,
		maxTx:        512,
		body: [2]bodyConfig{
			{limit: 4096, min: 32 << 10, window: 4 << 10},
			{limit: 4096, min: 32 << 10, window: 4 << 10},
		},
		layers:  2,
		lzmaMem: 1 << 20,
		bomb:    1 << 20,
		budget:  100_000 * bytesPerMicrosecond,
	}
}

// bytesPerMicrosecond turns a limit of decompression time into one of bytes, so
// that the outcome does not depend on the machine.
const bytesPerMicrosecond = 200

func readServer(o event.Options, inline, v7 bool) *serverConfig {
	c := defaultConfig()
	c.v7 = v7
	if name := o.String("personality", "IDS"); name != "" {
		p, ok := personalities[strings.ToLower(name)]
		if !ok {
			o.Reject("personality", "Minimal, Generic, IDS, IIS_4_0, IIS_5_0, IIS_5_1, IIS_6_0, IIS_7_0, IIS_7_5, Apache_2")
			p = ids
		}
		c.personality = p
	}
	p := c.personality.pathDecoding()
	c.path = decoding{
		backslash:     o.Bool("path-convert-backslash-separators", p.backslash),
		sepDecode:     o.Bool("path-separators-decode", p.sepDecode),
		sepCompress:   o.Bool("path-separators-compress", o.Bool("path-compress-separators", p.sepCompress)),
		lower:         o.Bool("path-convert-lowercase", p.lower),
		utf8:          o.Bool("path-utf8-convert-bestfit", p.utf8),
		percentU:      o.Bool("path-u-encoding-decode", p.percentU),
		nulEncodedEnd: o.Bool("path-nul-encoded-terminates", p.nulEncodedEnd),
		nulRawEnd:     o.Bool("path-nul-raw-terminates", p.nulRawEnd),
		invalid:       readInvalid(o, "path-url-encoding-invalid-handling"),
	}
	c.query = decoding{
		percentU: o.Bool("query-u-encoding-decode", false),
		plus:     o.Bool("query-plusspace-decode", false),
		invalid:  readInvalid(o, "query-url-encoding-invalid-handling"),
	}
	c.uriIncludeAll = o.Bool("uri-include-all", false)
	c.doublePath = o.Bool("double-decode-path", false)
	c.doubleQuery = o.Bool("double-decode-query", false)
	c.fieldLimit = int(o.Size("meta-field-limit", uint64(c.fieldLimit)))
	c.headersLimit = int(o.Uint("headers-limit", uint64(c.headersLimit)))
	c.maxTx = int(o.Uint("max-tx", uint64(c.maxTx)))
	for i, side := range [...]string{"request", "response"} {
		b := &c.body[i]
		b.limit = o.Size(side+"-body-limit", b.limit)
		b.min = o.Size(side+"-body-minimal-inspect-size", b.min)
		b.window = o.Size(side+"-body-inspect-window", b.window)
	}
	c.layers = int(o.Uint("response-body-decompress-layer-limit", uint64(c.layers)))
	c.lzma = o.Bool("lzma-enabled", false)
	c.lzmaMem = uint32(o.Size("lzma-memlimit", uint64(c.lzmaMem)))
	c.bomb = o.Size("compression-bomb-limit", c.bomb)
	c.budget = o.Uint("decompression-time-limit", 100_000) * bytesPerMicrosecond
	c.swf = readSWF(o.Sub("swf-decompression"))
	switch o.String("http-body-inline", "auto") {
	case "yes", "true":
		c.inline = true
	case "auto":
		c.inline = inline
	}
	return c
}

func readInvalid(o event.Options, key string) invalidPercent {
	switch o.String(key, "preserve_percent") {
	case "preserve_percent":
	case "remove_percent":
		return dropPercent
	case "decode_invalid":
		return forcePercent
	default:
		o.Reject(key, "preserve_percent, remove_percent or decode_invalid")
	}
	return keepPercent
}

func readSWF(o event.Options) swfConfig {
	var c swfConfig
	if !o.Bool("enabled", false) {
		return c
	}
	switch o.String("type", "both") {
	case "both":
		c.deflate, c.lzma = true, true
	case "deflate":
		c.deflate = true
	case "lzma":
		c.lzma = true
	default:
		o.Reject("type", "both, deflate or lzma")
	}
	c.compress = uint32(o.Size("compress-depth", 0))
	c.output = uint32(o.Size("decompress-depth", 0))
	return c
}
