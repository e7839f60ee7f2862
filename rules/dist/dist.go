// Package dist holds the rules that are shipped with Weir: what a run uses that
// names no rules.
package dist

import _ "embed"

// Name is the file that positions in the bundled rules name.
const Name = "weir.rules (built in)"

// Rules are the bundled rules.
//
//go:embed weir.rules
var Rules []byte

// Classification is their classification.config.
//
//go:embed classification.config
var Classification []byte
