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
}

// String implements event.Options.
func (v versioned) String(key, def string) string {
	if key == "suricata-version" {
		return v.version.String()
	}
	return v.Options.String(key, def)
}
