package detect

import (
	"slices"
	"strings"
)

// Keyword is one that the engine itself knows. Buffers and integer keywords of
// protocols are fields of those.
type Keyword struct {
	Name    string
	Aliases []string
	Doc     string // one sentence
	Syntax  string // of the value; empty without one
	Example string // options that use it, compiled by a test
	setup   setup
}

// setup compiles one keyword.
type setup func(c *compiler, v string) error

// Topic is what some keywords are about.
type Topic struct {
	Name     string
	Keywords []Keyword
}

// topics are the keywords of the engine.
var topics []Topic

// keywords finds them by name and alias.
var keywords map[string]*Keyword

// Transforms stand in functions of keywords, hence the function.
func init() {
	topics = []Topic{
		{"The rule itself", ruleKeywords},
		{"Payload and buffers", payloadKeywords},
		{"Headers", slices.Concat(headerKeywords, transportKeywords)},
		{"Flows and application protocols", flowKeywords},
		{"State, thresholds and lists", stateKeywords},
		{"Files", fileKeywords},
		{"Processes of this host", processKeywords},
	}
	keywords = map[string]*Keyword{}
	for _, t := range topics {
		for i := range t.Keywords {
			k := &t.Keywords[i]
			for _, name := range append([]string{k.Name}, k.Aliases...) {
				keywords[name] = k
			}
		}
	}
}

// Topics returns the keywords of the engine and the transforms.
func Topics() []Topic {
	t := Topic{Name: "Transforms"}
	for _, tr := range transformList {
		t.Keywords = append(t.Keywords, Keyword{Name: tr.Name, Doc: tr.Doc, Syntax: tr.Syntax, Example: tr.Example})
	}
	return append(slices.Clip(topics), t)
}

func split(v string) []string {
	parts := strings.Split(v, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// cond adds a condition on the packet.
func (c *compiler) cond(f packetCond) error {
	c.s.packet = append(c.s.packet, f)
	c.s.needPacket = true
	return nil
}
