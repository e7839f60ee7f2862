package main

import (
	"cmp"

	"weir/cmd/weir/config"
	"weir/decode/event"
)

// versioned is a section that also knows suricata-version, which decides some
// defaults and the form of some records.
type versioned struct {
	event.Options
	version config.Version
	outer   event.Options // what is said of all types of an output; nil without
}

// Sub implements event.Options. What a type does not say of xff, its output may.
func (v versioned) Sub(key string) event.Options {
	if key == "xff" && v.outer != nil && !v.Options.Has(key) {
		return v.outer.Sub(key)
	}
	return v.Options.Sub(key)
}

// String implements event.Options.
func (v versioned) String(key, def string) string {
	if key == "suricata-version" {
		return v.version.String()
	}
	return v.Options.String(key, def)
}

// protocolSection is the section of a protocol, which also knows what other parts
// of the configuration ask of its parser.
type protocolSection struct {
	event.Options
	tls    event.Options // section of TLS, whose fingerprints those of QUIC are, too
	inline bool          // traffic is held until it is inspected
	shown  bool          // alerts show bodies
}

// Bool implements event.Options.
func (s protocolSection) Bool(key string, def bool) bool {
	switch key {
	case "inline":
		return s.inline
	case "bodies-shown":
		return s.shown
	case ja4Key:
		if s.tls != nil && s.Options.String(key, "") == "" {
			return s.tls.Bool(key, def)
		}
	}
	return s.Options.Bool(key, def)
}

// String implements event.Options.
func (s protocolSection) String(key, def string) string {
	v := s.Options.String(key, "")
	if v == "" && key == ja4Key && s.tls != nil {
		v = s.tls.String(key, "")
	}
	return cmp.Or(v, def)
}

// ja4Key is where the configuration turns JA4 on or off.
const ja4Key = "ja4-fingerprints"

// keywordsOff returns the keywords that the configuration turns off.
func keywordsOff(c *config.Config) map[string]string {
	off := map[string]string{}
	tls := c.ProtocolOptions("tls")
	for key, names := range map[string][]string{ja4Key: {"ja4.hash"}, "ja3-fingerprints": {"ja3.hash", "ja3.string", "ja3s.hash", "ja3s.string"}} {
		if tls.String(key, "auto") == "auto" || tls.Bool(key, true) {
			continue
		}
		for _, name := range names {
			off[name] = "app-layer.protocols.tls." + key + " is no"
		}
	}
	return off
}

// showsBodies reports whether alerts of any output show bodies.
func showsBodies(c *config.Config) bool {
	for i := range c.Outputs {
		o := &c.Outputs[i]
		if !o.Enabled || o.Eve == nil {
			continue
		}
		for _, t := range o.Eve.Types {
			if t.Name == "alert" && t.Enabled && (t.Options.Bool("http-body", false) || t.Options.Bool("http-body-printable", false)) {
				return true
			}
		}
	}
	return false
}
