package mpm

import _ "embed"

//go:embed sample.txt
var sampleText []byte

func sample() [][]byte { return [][]byte{sampleText} }
