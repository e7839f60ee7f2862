package config

import (
	_ "embed"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// defaultYAML are the settings of a run without a configuration file.
//
//go:embed default.yaml
var defaultYAML []byte

// defaultName stands for defaultYAML in positions.
const defaultName = "default.yaml (built in)"

// Options say what Load reads.
type Options struct {
	File     string   // -c; the built-in file if empty
	Includes []string // --include: laid over File, in order
	Sets     []string // --set: "key=value"
	// Checksums is -k: "all" or "none" sets stream.checksum-validation, "" does
	// not.
	Checksums   string
	SimulateIPS bool   // --simulate-ips
	DataDir     string // --data-dir
	LogDir      string // -l: goes before default-log-dir
}

// Default returns the configuration of a run without a file. It can be wrong,
// as the environment is part of it.
func Default() (*Config, error) {
	c, _, err := Load(Options{})
	return c, err
}

// Load reads the layers. What is wrong comes back as Problems, all of it at
// once; warnings do not stop anything.
func Load(o Options) (*Config, Problems, error) {
	tree, err := readFiles(o)
	if err != nil {
		return nil, nil, err
	}
	var warnings Problems
	for _, w := range tree.Warnings {
		warnings = append(warnings, Problem{w.Pos, "", w.Text})
	}
	moveOld(tree.Root)
	c := &Config{root: tree.Root, IPS: o.SimulateIPS, DataDir: o.DataDir}

	l := newLayers()
	l.bind("suricata-version")
	everySetting(func(path string, _ *field) { l.bind(path) })
	if err := l.files(c.root); err != nil {
		return nil, warnings, err
	}
	sets := o.Sets
	switch o.Checksums {
	case "none":
		sets = append([]string{"stream.checksum-validation=no"}, sets...)
	case "all":
		sets = append([]string{"stream.checksum-validation=yes"}, sets...)
	case "":
	default:
		return nil, warnings, Problems{{yaml11.Pos{File: "-k"}, "", wrong(o.Checksums, "all or none")}}
	}
	c.problems = l.graft(c.root, sets)
	l.resolve(c.root)
	for _, name := range l.unknownEnv() {
		warnings = append(warnings, Problem{yaml11.Pos{File: name}, "", "the variable names no setting"})
	}

	c.version()
	everySetting(func(path string, f *field) { l.setDefault(path, f.defaultFor(c.Version)) })
	c.fill(&decoder{root: c.root, layers: l, version: c.Version, note: &c.problems})
	if o.LogDir != "" {
		c.DefaultLogDir = o.LogDir
	}
	warnings = append(warnings, c.check()...)
	bad := c.problems
	c.problems = nil
	return c, warnings, bad.err()
}

func readFiles(o Options) (*yaml11.Tree, error) {
	var tree *yaml11.Tree
	var err error
	if o.File == "" {
		tree, err = yaml11.Read(defaultName, defaultYAML)
	} else {
		tree, err = yaml11.ReadFile(o.File)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range o.Includes {
		if err := tree.Overlay(name); err != nil {
			return nil, fmt.Errorf("--include: %w", err)
		}
	}
	return tree, nil
}

// version reads suricata-version, which other defaults depend on.
func (c *Config) version() {
	root := c.Root()
	text := root.String("suricata-version", Version9.String())
	v, ok := parseVersion(text)
	if !ok {
		root.Reject("suricata-version", wantVersion)
	}
	c.Version = v
}

// fill reads all sections.
func (c *Config) fill(d *decoder) {
	root := c.Root()
	d.section(root, reflect.ValueOf(c).Elem())
	c.Vars = readVars(root)
	c.Logging.files = d.logFiles(root, c.Logging.Level)
	c.Outputs = d.outputs(root, dnsVersion(c.Version))
	c.HostOSPolicy = readOSPolicy(root.Get("host-os-policy"))
	c.rules(root)
	c.ipRep(root)
	c.datasets(root.Get("datasets"))
	c.TeredoPorts = c.ports("decoder.teredo", c.Decoder.Teredo.Ports)
	c.VXLANPorts = c.ports("decoder.vxlan", c.Decoder.VXLAN.Ports)
	c.GenevePorts = c.ports("decoder.geneve", c.Decoder.Geneve.Ports)
}

// dnsEnv sets the default of eve-log's dns version.
const dnsEnv = "SURICATA_EVE_DNS_VERSION"

// dnsVersion returns the version of dns records where an output does not say.
func dnsVersion(v Version) string {
	switch env := os.Getenv(dnsEnv); {
	case env == "2" || env == "3":
		return env
	case v < Version8:
		return "2"
	}
	return "3"
}

// rules resolves rule-files: below default-rule-path if that is given, else
// beside the file that names them.
func (c *Config) rules(root Section) {
	for _, f := range fileList(root.Get("rule-files"), root.Strings("rule-files")) {
		if c.DefaultRulePath != "" && !filepath.IsAbs(f.name) {
			f.path = filepath.Join(string(c.DefaultRulePath), f.name)
		}
		c.RuleFiles = append(c.RuleFiles, f.path)
	}
}

func (c *Config) ipRep(root Section) {
	pathOf := func(key string) string {
		name := root.String(key, "")
		return relative(root.Get(key).Pos(), name)
	}
	c.IPRep.CategoriesFile = Path(pathOf("reputation-categories-file"))
	dir := pathOf("default-reputation-path")
	for _, f := range fileList(root.Get("reputation-files"), root.Strings("reputation-files")) {
		if dir != "" && !filepath.IsAbs(f.name) {
			f.path = filepath.Join(dir, f.name)
		}
		c.IPRep.Files = append(c.IPRep.Files, f.path)
	}
}

// listed is a file of a list: its name as written, and resolved.
type listed struct{ name, path string }

func fileList(s Section, names []string) []listed {
	all := make([]listed, len(names))
	for i, name := range names {
		pos := s.Pos()
		if n := s.Get(fmt.Sprint(i)); n.Exists() {
			pos = n.Pos()
		}
		all[i] = listed{name, relative(pos, name)}
	}
	return all
}

// datasets collects the sets declared by name.
func (c *Config) datasets(s Section) {
	var known []string
	for _, f := range fieldsOf(reflect.TypeFor[Datasets]()) {
		known = append(known, f.key)
	}
	for _, sub := range s.children() {
		if !slices.Contains(known, sub.node.Name) {
			c.Datasets.Sets = append(c.Datasets.Sets, sub)
		}
	}
}

func readOSPolicy(s Section) []OSPolicy {
	var all []OSPolicy
	for _, name := range s.Keys() {
		if !slices.Contains(osPolicies, name) {
			s.node.Child(name).Read = true
			s.reject(name, fmt.Sprintf("no such policy: want %s", strings.Join(osPolicies, ", ")))
			continue
		}
		nets := s.Strings(name)
		for _, text := range nets {
			if !isNetwork(text) {
				s.reject(name, fmt.Sprintf("%q: want addresses and networks such as 192.168.0.0/16", text))
			}
		}
		if len(nets) > 0 {
			all = append(all, OSPolicy{name, nets})
		}
	}
	return all
}

func isNetwork(text string) bool {
	if _, err := netip.ParsePrefix(text); err == nil {
		return true
	}
	_, err := netip.ParseAddr(text)
	return err == nil
}

// ports reads the ports of a tunnel decoder.
func (c *Config) ports(path, text string) []uint16 {
	ports, err := c.Vars.Ports(text)
	if err != nil {
		c.Root().Get(path).reject("ports", err.Error())
	}
	return ports
}

// check looks at what single values cannot tell and mends what Suricata takes
// in silence; the warnings say what.
func (c *Config) check() Problems {
	var warnings Problems
	root := c.Root()
	if c.PacketAlertMax == 0 {
		c.PacketAlertMax = 15
		warnings = append(warnings, Problem{root.Get("packet-alert-max").Pos(), "packet-alert-max", "0 stands for 15"})
	}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		if o.Name == "" {
			warnings = append(warnings, Problem{o.Section.Pos(), fmt.Sprintf("outputs.%d", i), "names no output"})
		}
	}
	return warnings
}
