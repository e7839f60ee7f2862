package config

import (
	"os"
	"strings"

	"github.com/spf13/viper"

	"weir/cmd/weir/config/yaml11"
)

// layers decides which value of a key holds: --set before the environment,
// before the files, before the default. It is a viper whose keys are whole
// paths, spelled so that it neither folds their case nor splits them; the tree
// of yaml11 has the structure (lists, order, positions).
type layers struct {
	v    *viper.Viper
	envs map[string]string // variable -> path
}

// keyDelim is in no path, so that viper takes each as one word.
const keyDelim = "\x00"

// envPrefix begins the names of variables that are settings.
const envPrefix = "WEIR_"

func newLayers() *layers {
	v := viper.NewWithOptions(viper.KeyDelimiter(keyDelim))
	return &layers{v: v, envs: map[string]string{}}
}

// viperKey spells a path so that lower-casing does not change it: an upper-case
// letter, and the mark itself, stand behind a mark.
func viperKey(path string) string {
	const mark = '^'
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c >= 'A' && c <= 'Z' {
			b.WriteByte(mark)
			c += 'a' - 'A'
		} else if c == mark {
			b.WriteByte(mark)
		}
		b.WriteByte(c)
	}
	return b.String()
}

// envName returns the variable that sets a path.
func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(path))
}

// setDefault gives a path its built-in value.
func (l *layers) setDefault(path, value string) { l.v.SetDefault(viperKey(path), value) }

// bind lets the environment set a path.
func (l *layers) bind(path string) {
	name := envName(path)
	if _, taken := l.envs[name]; taken {
		return
	}
	l.envs[name] = path
	// The error is for a call without a key.
	_ = l.v.BindEnv(viperKey(path), name)
}

// files takes over the values of the tree that the files gave.
func (l *layers) files(root *yaml11.Node) error {
	values := map[string]any{}
	root.Walk(func(path string, n *yaml11.Node) bool {
		if n.Kind == yaml11.Scalar {
			values[viperKey(path)] = n.Value
		}
		if path != "" && n.Kind != yaml11.Map && n.Kind != yaml11.List {
			l.bind(path)
		}
		return true
	})
	return l.v.MergeConfigMap(values)
}

// graft makes the tree have a place for what environment and sets say, and
// returns what cannot be placed.
func (l *layers) graft(root *yaml11.Node, sets []string) Problems {
	var bad Problems
	for _, e := range os.Environ() {
		name, value, _ := strings.Cut(e, "=")
		path, known := l.envs[name]
		if !known || value == "" {
			continue
		}
		pos := yaml11.Pos{File: name}
		if err := root.Set(path, value, pos); err != nil {
			bad = append(bad, Problem{pos, "", err.Error()})
		}
	}
	pos := yaml11.Pos{File: "--set"}
	for _, s := range sets {
		path, value, ok := strings.Cut(s, "=")
		if !ok || path == "" {
			bad = append(bad, Problem{pos, "", wrong(s, "key=value")})
			continue
		}
		path = strings.TrimSpace(path)
		if err := root.Set(path, value, pos); err != nil {
			bad = append(bad, Problem{pos, "", err.Error()})
			continue
		}
		l.v.Set(viperKey(path), value)
	}
	return bad
}

// resolve lets the layers decide each scalar of the tree.
func (l *layers) resolve(root *yaml11.Node) {
	root.Walk(func(path string, n *yaml11.Node) bool {
		if n.Kind == yaml11.Scalar {
			n.Value = l.v.GetString(viperKey(path))
		}
		return true
	})
}

// unknownEnv returns the variables that are named like a setting of some section
// and are none.
func (l *layers) unknownEnv() []string {
	var names []string
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if _, known := l.envs[name]; !known && l.inSection(name) {
			names = append(names, name)
		}
	}
	return names
}

// inSection reports whether a variable begins with the name of a section.
func (l *layers) inSection(name string) bool {
	for _, path := range l.envs {
		section, _, below := strings.Cut(path, ".")
		if below && strings.HasPrefix(name, envName(section)+"_") {
			return true
		}
	}
	return false
}
