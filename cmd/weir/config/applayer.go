package config

import (
	"reflect"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// Places of sections that are read apart from the rest.
const (
	pathAppLayer = "app-layer"
	pathHTTP     = "app-layer.protocols.http"
)

// AppLayer is the application protocols.
type AppLayer struct {
	ErrorPolicy string `key:"error-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a flow whose protocol cannot be parsed"`

	// Protocols are the sections that the configuration has, in its order. Their
	// keys belong to the protocols.
	Protocols []Section
	protocols Section
	HTTP      HTTP
}

// Enabled says how much of a protocol is done.
type Enabled uint8

// Degrees of a protocol.
const (
	Off           Enabled = iota // not even recognised
	DetectionOnly                // recognised, not parsed
	On
)

// Protocol returns the section of a protocol; empty if there is none.
func (a *AppLayer) Protocol(name string) Section { return a.protocols.Get(name) }

// Enabled returns how much is done of a protocol over a transport ("tcp",
// "udp"); def holds where the configuration does not say. The protocol's own
// key goes before that of the transport.
func (a *AppLayer) Enabled(name, transport string, def Enabled) Enabled {
	for _, path := range []string{name, yaml11.Join(name, transport)} {
		s := a.protocols.Get(path)
		if !s.Has("enabled") {
			continue
		}
		text := s.String("enabled", "")
		if strings.EqualFold(text, "detection-only") {
			return DetectionOnly
		}
		if on, ok := yaml11.Bool(text); ok {
			return map[bool]Enabled{true: On, false: Off}[on]
		}
		if text != "" {
			s.Reject("enabled", "yes, no or detection-only")
		}
		break
	}
	return def
}

// DetectionPorts returns the server and client ports that recognition of a
// protocol is to try, as written ("139, 445"); empty where the configuration
// does not say.
func (a *AppLayer) DetectionPorts(name, transport string) (server, client string) {
	s := a.protocols.Get(name)
	if !s.Has("detection-ports") {
		s = s.Get(transport)
	}
	s = s.Get("detection-ports")
	return strings.Join(s.Strings("dp"), ","), strings.Join(s.Strings("sp"), ",")
}

// HTTP is app-layer.protocols.http as far as libhtp's settings go.
type HTTP struct {
	Memcap    Size
	ByteRange ByteRange
	Default   HTTPServer
	Servers   []HTTPServer
}

// ByteRange is http.byterange: files put together of ranges.
type ByteRange struct {
	Memcap  Size    `key:"memcap" def:"100 MiB" doc:"memory for files that come in ranges"`
	Timeout Seconds `key:"timeout" def:"60" doc:"time after which such a file is given up"`
}

// HTTPServer are the settings for a set of servers.
type HTTPServer struct {
	Name    string   // of an entry of server-config
	Address []string // networks the entry is for

	Personality             string `key:"personality" want:"Minimal|Generic|IDS|IIS_4_0|IIS_5_0|IIS_5_1|IIS_6_0|IIS_7_0|IIS_7_5|Apache|Apache_2|Apache_2_2" doc:"whose reading of a request is followed"`
	RequestBodyLimit        Size   `key:"request-body-limit" def:"4096" max:"4294967295" doc:"bytes of a request body that are inspected; 0 is all"`
	ResponseBodyLimit       Size   `key:"response-body-limit" def:"4096" max:"4294967295" doc:"bytes of a response body that are inspected; 0 is all"`
	RequestBodyMinInspect   Size   `key:"request-body-minimal-inspect-size" def:"32 KiB" max:"4294967295" doc:"bytes of a request body that inspection waits for"`
	RequestBodyWindow       Size   `key:"request-body-inspect-window" def:"4 KiB" max:"4294967295" doc:"bytes already inspected that are looked at again"`
	ResponseBodyMinInspect  Size   `key:"response-body-minimal-inspect-size" def:"32 KiB" max:"4294967295" doc:"bytes of a response body that inspection waits for"`
	ResponseBodyWindow      Size   `key:"response-body-inspect-window" def:"4 KiB" max:"4294967295" doc:"bytes already inspected that are looked at again"`
	BodyInline              string `key:"http-body-inline" def:"auto" want:"auto|yes|no" doc:"inspect bodies without waiting; auto: when inline"`
	RandomizeInspection     bool   `key:"randomize-inspection-sizes" def:"yes" doc:"vary those sizes from run to run (live capture only)"`
	RandomizeRange          uint8  `key:"randomize-inspection-range" def:"10" max:"100" doc:"by how many percent they vary"`
	DecompressLayerLimit    uint8  `key:"response-body-decompress-layer-limit" def:"2" doc:"encodings undone one after the other; 0 is no limit"`
	URIIncludeAll           bool   `key:"uri-include-all" def:"no" doc:"normalised URI with scheme, host and port"`
	QueryPlusspaceDecode    bool   `key:"query-plusspace-decode" def:"no" doc:"+ in a query is a space"`
	PathBackslashSeparators bool   `key:"path-convert-backslash-separators" def:"yes" doc:"\\ in a path is /"`
	PathCompressSeparators  bool   `key:"path-compress-separators" def:"yes" doc:"several / in a path are one"`
	PathConvertLowercase    bool   `key:"path-convert-lowercase" def:"no" doc:"path in lower case"`
	PathSeparatorsDecode    bool   `key:"path-separators-decode" def:"yes" doc:"%2f in a path is /"`
	PathUEncodingDecode     bool   `key:"path-u-encoding-decode" def:"yes" doc:"%uHHHH in a path is decoded"`
	PathNulEncodedTerminate bool   `key:"path-nul-encoded-terminates" def:"no" doc:"%00 ends a path"`
	PathNulRawTerminate     bool   `key:"path-nul-raw-terminates" def:"no" doc:"a NUL byte ends a path"`
	DoubleDecodePath        bool   `key:"double-decode-path" def:"no" doc:"decode a path twice"`
	DoubleDecodeQuery       bool   `key:"double-decode-query" def:"no" doc:"decode a query twice"`
	MetaFieldLimit          Size   `key:"meta-field-limit" def:"18000" max:"4294967295" doc:"bytes of one header or request line"`
	LZMAEnabled             bool   `key:"lzma-enabled" def:"no" doc:"undo LZMA of bodies"`
	LZMAMemlimit            Size   `key:"lzma-memlimit" def:"1 MiB" max:"4294967295" doc:"dictionary of an LZMA body"`
	CompressionBombLimit    Size   `key:"compression-bomb-limit" def:"1 MiB" max:"4294967295" doc:"bytes a body may grow to at a ratio of 2048 and more"`
	DecompressionTimeLimit  uint32 `key:"decompression-time-limit" def:"100000" doc:"microseconds for one body (live capture only); 0 is no limit"`
	MaxTx                   uint32 `key:"max-tx" def:"512" doc:"open transactions of one flow"`
	HeadersLimit            uint32 `key:"headers-limit" def:"1024" doc:"headers of one message"`
	SWF                     SWF    `key:"swf-decompression"`
}

// SWF is swf-decompression.
type SWF struct {
	Enabled         bool   `key:"enabled" def:"no" doc:"undo compression of Flash files"`
	Type            string `key:"type" def:"both" want:"both|deflate|lzma" doc:"which kinds"`
	CompressDepth   Size   `key:"compress-depth" def:"0" max:"4294967295" doc:"compressed bytes looked at; 0 is all"`
	DecompressDepth Size   `key:"decompress-depth" def:"0" max:"4294967295" doc:"decompressed bytes; 0 is all"`
}

// appLayer reads the section app-layer. The settings of libhtp stand below http
// or, in old files, at the top.
func (d *decoder) appLayer(root Section) AppLayer {
	var a AppLayer
	s := root.Get(pathAppLayer)
	d.section(s, reflect.ValueOf(&a).Elem())
	a.protocols = s.Get("protocols")
	a.Protocols = a.protocols.children()

	http := root.Get(pathHTTP)
	a.HTTP.Memcap = Size(http.Size("memcap", 0))
	d.section(http.Get("byterange"), reflect.ValueOf(&a.HTTP.ByteRange).Elem())
	inList := *d
	inList.layers = nil
	htp, def := http.Get("libhtp"), d
	if old := root.Get("libhtp"); old.Exists() && !htp.Exists() {
		htp, def = old, &inList
	}
	def.section(htp.Get("default-config"), reflect.ValueOf(&a.HTTP.Default).Elem())
	for _, item := range htp.Get("server-config").children() {
		server := HTTPServer{}
		name, sec := item.label()
		server.Name = name
		server.Address = sec.Strings("address")
		inList.section(sec, reflect.ValueOf(&server).Elem())
		a.HTTP.Servers = append(a.HTTP.Servers, server)
	}
	return a
}
