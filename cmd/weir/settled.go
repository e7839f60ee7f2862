package main

import (
	"strings"

	"weir/cmd/weir/config"
)

// settled says, when every component has read its settings, which of them are
// wrong, and once, which keys nobody has read.
func (a *analysis) settled() error {
	if err := a.cfg.Err(); err != nil {
		return err
	}
	if !a.told {
		a.told = true
		if text := leftOver(a.cfg); text != "" {
			a.warn("settings not acted on: %s", text)
		}
	}
	return nil
}

// leftOver lists the keys that nobody has read, each name once.
func leftOver(c *config.Config) string {
	seen := map[string]bool{}
	var names []string
	for _, p := range c.Ignored() {
		if !seen[p.Key] {
			seen[p.Key] = true
			names = append(names, p.Key)
		}
	}
	return strings.Join(names, ", ")
}
