package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/cmd/weir/config"
	"weir/rules"
)

// TestEngineLog writes messages of several levels to files of either type.
func TestEngineLog(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "c.yaml")
	text := `%YAML 1.1
---
logging:
  default-log-level: error
  outputs:
  - console:
      enabled: yes
  - file:
      enabled: yes
      level: warning
      filename: a/log.json
      type: json
  - file:
      enabled: yes
      filename: log.txt
  - file:
      enabled: no
      filename: none.txt
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(config.Options{File: file})
	if err != nil {
		t.Fatal(err)
	}
	cfg.DefaultLogDir = dir
	l := openEngineLog(cfg, t.Errorf)
	l.notice("nobody wants this")
	l.warning("odd %d", 7)
	l.ruleErrors([]*rules.Error{{Pos: rules.Pos{File: "x.rules", Line: 3, Col: 2}, Msg: "own", Log: "theirs"}})
	l.end(errors.New("the end"))
	for name, want := range map[string][]string{
		"a/log.json": {
			`"log_level":"Warning","event_type":"engine","engine":{"message":"odd 7","module":"weir"}}`,
			`"log_level":"Error","event_type":"engine","engine":{"message":"theirs","module":"detect"},"weir":{"file":"x.rules","line":3,"column":2}}`,
			`"log_level":"Error","event_type":"engine","engine":{"message":"the end","module":"weir"}}`,
		},
		"log.txt": {"Error: detect: theirs", "Error: weir: the end"},
	} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		if len(lines) != len(want) {
			t.Errorf("%s: %d lines, want %d: %q", name, len(lines), len(want), lines)
			continue
		}
		for i := range want {
			if !strings.HasSuffix(lines[i], want[i]) {
				t.Errorf("%s: line %q, want it to end in %q", name, lines[i], want[i])
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none.txt")); err == nil {
		t.Error("a file that is off was written")
	}
}
