package config

import "strings"

// Version is the Suricata version whose records and defaults hold, as major
// number.
type Version uint8

// Versions.
const (
	Version7 Version = 7
	Version8 Version = 8
	Version9 Version = 9
)

const wantVersion = "7.0, 8.0 or 9.0"

// parseVersion reads suricata-version: "7.0", "7.0.10", "7".
func parseVersion(s string) (Version, bool) {
	major, _, _ := strings.Cut(s, ".")
	switch major {
	case "7":
		return Version7, true
	case "8":
		return Version8, true
	case "9":
		return Version9, true
	}
	return Version9, false
}

// String returns "9.0".
func (v Version) String() string { return string('0'+rune(v)) + ".0" }
