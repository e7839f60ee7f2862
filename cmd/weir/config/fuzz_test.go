package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad: any file gives a configuration or an error, and what loads can be
// asked for everything.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/*.yaml", "default.yaml"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text), "outputs.0.eve-log.enabled=yes")
		}
	}
	f.Fuzz(func(t *testing.T, text, set string) {
		if strings.Contains(text, "include") {
			t.Skip("reads files")
		}
		c, _, err := load(t, text, Options{Sets: []string{set}})
		if err != nil {
			return
		}
		c.Policies()
		for _, s := range c.AppLayer.Protocols.children() {
			c.AppLayer.Enabled(s.node.Name, "tcp", On)
			c.AppLayer.DetectionPorts(s.node.Name, "udp")
		}
		c.Ignored()
	})
}
