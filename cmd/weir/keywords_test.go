package main

import (
	"fmt"
	"testing"

	"weir/decode/proto/all"
	"weir/detect"
	"weir/rules"
)

// TestKeywordExamples compiles the example of every keyword, for a rule on what
// the keyword is about, and wants each to be documented.
func TestKeywordExamples(t *testing.T) {
	set, err := all.Set()
	if err != nil {
		t.Fatal(err)
	}
	compiles := func(head, options string) error {
		b := detect.NewBuilder(set, detect.Options{PCRELimit: 1 << 17, Countries: &detect.Countries{}})
		text := fmt.Sprintf("%s any any -> any any (%s sid:1;)\n", head, options)
		for r, e := range rules.All("example.rules", []byte(text)) {
			if e == nil {
				e = b.Add(r)
			}
			if e != nil {
				return e
			}
		}
		return nil
	}
	for _, k := range keywordManual(set) {
		if k.Doc == "" {
			t.Errorf("%s: %s has no description", k.Topic, k.Name)
		}
		if k.Example == "" {
			continue
		}
		heads := []string{"alert ip", "alert tcp", "alert http1", "alert dns", "config ip"}
		if p, ok := protocolOf(k.Topic); ok {
			heads = []string{"alert " + p}
		}
		var first error
		ok := false
		for _, h := range heads {
			err := compiles(h, k.Example)
			ok = ok || err == nil
			if first == nil {
				first = err
			}
		}
		if !ok {
			t.Errorf("%s: the example of %s does not compile: %v\n%s", k.Topic, k.Name, first, k.Example)
		}
	}
}

// protocolOf returns the protocol whose keywords a topic holds.
func protocolOf(topic string) (name string, ok bool) {
	_, err := fmt.Sscanf(topic, "Protocol %s", &name)
	return name, err == nil
}
