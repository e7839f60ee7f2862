package main

import (
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
