package config

import (
	"strings"

	"weir/cmd/weir/config/yaml11"
	"weir/decode/event"
)

// AppLayer is the application protocols.
type AppLayer struct {
	ErrorPolicy string `key:"error-policy" want:"auto|ignore|bypass|pass-flow|pass-packet|drop-flow|drop-packet|reject" doc:"what happens to a flow whose protocol cannot be parsed"`

	// Protocols has a section by protocol, whose keys belong to the protocol.
	Protocols Section `key:"protocols" doc:"a section by protocol: enabled (yes, no, detection-only), detection-ports, and its own keys"`
}

// Enabled says how much of a protocol is done.
type Enabled uint8

// Degrees of a protocol.
const (
	Off           Enabled = iota // not even recognised
	DetectionOnly                // recognised, not parsed
	On
)

// Enabled returns how much is done of a protocol over a transport ("tcp",
// "udp"); def holds where the configuration does not say. The protocol's own
// key goes before that of the transport.
func (a *AppLayer) Enabled(name, transport string, def Enabled) Enabled {
	for _, path := range []string{name, yaml11.Join(name, transport)} {
		s := a.Protocols.Get(path)
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
// protocol is to try, as written ("139,445"); empty where the configuration
// does not say.
func (a *AppLayer) DetectionPorts(name, transport string) (server, client string) {
	s := a.Protocols.Get(name)
	if !s.Has("detection-ports") {
		s = s.Get(transport)
	}
	s = s.Get("detection-ports")
	return strings.Join(s.Strings("dp"), ","), strings.Join(s.Strings("sp"), ",")
}

// ProtocolOptions returns the section of a protocol as its Setup reads it. Two
// keys that no section has tell what holds for all: suricata-version and inline
// ("yes" or "no").
func (c *Config) ProtocolOptions(name string) event.Options {
	inline := "no"
	if c.IPS {
		inline = "yes"
	}
	return protocolOptions{
		c.AppLayer.Protocols.Get(name),
		map[string]string{"suricata-version": c.Version.String(), "inline": inline},
	}
}

// protocolOptions is a Section with values from elsewhere.
type protocolOptions struct {
	Section
	common map[string]string
}

func (p protocolOptions) String(key, def string) string {
	return p.Section.String(key, orCommon(p.common, key, def))
}

func (p protocolOptions) Bool(key string, def bool) bool {
	if v, ok := yaml11.Bool(orCommon(p.common, key, "")); ok {
		def = v
	}
	return p.Section.Bool(key, def)
}

func orCommon(common map[string]string, key, def string) string {
	if v, ok := common[key]; ok {
		return v
	}
	return def
}

// moveOld puts a section where today's files have it.
func moveOld(root *yaml11.Node) {
	htp := root.Child("libhtp")
	if htp == nil || root.Get("app-layer.protocols.http.libhtp") != nil {
		return
	}
	// Old files had libhtp at the top.
	at := root
	for _, name := range []string{"app-layer", "protocols", "http", "libhtp"} {
		next := at.Child(name)
		if next == nil {
			next = &yaml11.Node{Name: name, Kind: yaml11.Map, Pos: htp.Pos}
			at.Kind = yaml11.Map
			at.Children = append(at.Children, next)
		}
		at = next
	}
	at.Kind, at.Value, at.Pos, at.Children = htp.Kind, htp.Value, htp.Pos, htp.Children
	*htp = yaml11.Node{Name: htp.Name, Pos: htp.Pos}
}
