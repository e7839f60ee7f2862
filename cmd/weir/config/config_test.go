package config

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// load writes text to a file and loads it.
func load(t *testing.T, text string, o Options) (*Config, Problems, error) {
	t.Helper()
	o.File = filepath.Join(t.TempDir(), "weir.yaml")
	if err := os.WriteFile(o.File, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(o)
}

func mustLoad(t *testing.T, text string, o Options) *Config {
	t.Helper()
	c, _, err := load(t, text, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGood(t *testing.T) {
	files, err := filepath.Glob("testdata/*.good.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			c, warnings, err := Load(Options{File: name})
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) > 0 {
				t.Error(warnings)
			}
			if err := c.Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBad pins the message of each file, which stands in its first line:
// "# want: message", with the file's name left out.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want, ok := strings.CutPrefix(first, "# want: ")
			if !ok {
				t.Fatal("the first line does not say what is wanted")
			}
			_, _, err = Load(Options{File: name})
			if err == nil {
				t.Fatalf("loads, want %q", want)
			}
			if got := strings.ReplaceAll(err.Error(), name+":", ""); got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestLayers(t *testing.T) {
	const text = "stream: {memcap: 1mb, midstream: no}\nhost: {memcap: 2mb}\nflow: {memcap: 3mb}\n" +
		"vars: {address-groups: {HOME_NET: any, Home_Net: 10.0.0.0/8}}\n"
	t.Setenv("WEIR_HOST_MEMCAP", "20mb")
	t.Setenv("WEIR_FLOW_MEMCAP", "30mb")
	t.Setenv("WEIR_DEFRAG_TIMEOUT", "7")
	t.Setenv("WEIR_VARS_ADDRESS_GROUPS_HOME_NET", "192.0.2.0/24")
	c := mustLoad(t, text, Options{Sets: []string{"flow.memcap=300mb", "stream.midstream=true", "decoder.max-layers=0x10", "ippair.memcap=1kb"}})
	for _, tt := range []struct {
		name      string
		got, want any
	}{
		{"default", c.Stream.Reassembly.Memcap, Size(256 << 20)},
		{"file before default", c.Stream.Memcap, Size(1 << 20)},
		{"environment before file", c.Host.Memcap, Size(20 << 20)},
		{"environment without file", c.Defrag.Timeout, Seconds(7)},
		{"set before environment", c.Flow.Memcap, Size(300 << 20)},
		{"set before file", c.Stream.Midstream, true},
		{"set without file", c.IPPair.Memcap, Size(1 << 10)},
		{"number with base", c.Decoder.MaxLayers, uint8(16)},
		{"variable of the environment", c.Vars.AddressGroups[0].Value, "192.0.2.0/24"},
		{"variables differ by case", c.Vars.AddressGroups[1].Value, "10.0.0.0/8"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, tt.got, tt.want)
		}
	}
}

func TestSetErrors(t *testing.T) {
	const text = "outputs:\n  - fast: {enabled: yes}\n"
	for _, tt := range []struct{ name, set, want string }{
		{"no value", "stream.memcap", `--set: value "stream.memcap": want key=value`},
		{"no such position", "outputs.4.fast.enabled=no", `--set: path "outputs.4.fast.enabled": outputs: has 1 items, position 4 is not one of them`},
		{"no position", "outputs.fast.enabled=no", `--set: path "outputs.fast.enabled": outputs: is a list, want a position instead of "fast"`},
		{"wrong value", "stream.memcap=lots", `--set: stream.memcap: value "lots": want a size such as 4096, 100kb or 64 MiB`},
		{"value for a section", "stream=yes", `--set: stream: value "yes": want keys below it`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, text, Options{Sets: []string{tt.set}})
			if err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestEnvironmentErrors(t *testing.T) {
	t.Setenv("WEIR_STREAM_MIDSTREAM", "maybe")
	t.Setenv("WEIR_STREAM_MIDSTRAEM", "yes")
	_, warnings, err := load(t, "", Options{})
	const want = `WEIR_STREAM_MIDSTREAM: stream.midstream: value "maybe": want yes or no`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
	if got := warnings.Error(); !strings.Contains(got, "WEIR_STREAM_MIDSTRAEM: the variable names no setting") {
		t.Errorf("warnings %q", got)
	}
}

func TestListPaths(t *testing.T) {
	const text = `
outputs:
  - fast: {enabled: yes}
  - eve-log:
      enabled: yes
      types:
        - alert
        - anomaly: {types: {stream: no}}
        - frame: {enabled: no}
        - dns
`
	c := mustLoad(t, text, Options{Sets: []string{
		"outputs.1.eve-log.types.0.alert.payload=yes",
		"outputs.1.eve-log.types.1.anomaly.types.stream=yes",
		"outputs.1.eve-log.types.2.frame.enabled=yes",
		"reputation-files.0=a.list",
	}})
	eve := c.Outputs[1].Eve
	if len(eve.Types) != 4 {
		t.Fatalf("types %v", eve.Types)
	}
	if !eve.Types[0].Options.Bool("payload", false) || eve.Types[0].Name != "alert" {
		t.Error("alert.payload is not set")
	}
	if !eve.Types[1].Options.Get("types").Bool("stream", false) {
		t.Error("anomaly.types.stream is not set")
	}
	if !eve.Types[2].Enabled {
		t.Error("frame is not enabled")
	}
	if !slices.Equal(c.IPRep.Files, []string{"a.list"}) {
		t.Errorf("reputation files %q", c.IPRep.Files)
	}
}

func TestDNSVersion(t *testing.T) {
	const eve = "outputs: [{eve-log: {enabled: yes, types: [dns, {dns: {version: 3}}, {dns: }]}}]\n"
	for _, tt := range []struct {
		name, text, env  string
		unset, set, null uint64
	}{
		{"version 9", "", "", 3, 3, 3},
		{"version 7", "suricata-version: '7.0'\n", "", 2, 3, 2},
		{"environment", "", "2", 2, 3, 2},
		{"environment before version", "suricata-version: '7.0'\n", "3", 3, 3, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(dnsEnv, tt.env)
			types := mustLoad(t, tt.text+eve, Options{}).Outputs[0].Eve.Types
			got := [3]uint64{}
			for i := range types {
				got[i] = types[i].Options.Uint("version", 0)
			}
			if want := [3]uint64{tt.unset, tt.set, tt.null}; got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestVersionDefaults(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "oob"},
		{"suricata-version: 8.0.1", "oob"},
		{"suricata-version: 7.0.10", "inline"},
		{"suricata-version: '7.0'\nstream: {reassembly: {urgent: {policy: gap}}}", "gap"},
	} {
		if got := mustLoad(t, tt.text, Options{}).Stream.Reassembly.Urgent.Policy; got != tt.want {
			t.Errorf("%q: urgent policy %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestPaths(t *testing.T) {
	c := mustLoad(t, "rule-files: [a.rules, /b.rules]\nclassification-file: c.config\n", Options{Sets: []string{"reference-config-file=r.config"}})
	dir := filepath.Dir(c.root.Get("classification-file").Pos.File)
	if want := []string{filepath.Join(dir, "a.rules"), "/b.rules"}; !slices.Equal(c.RuleFiles, want) {
		t.Errorf("rule files %q, want %q", c.RuleFiles, want)
	}
	if want := Path(filepath.Join(dir, "c.config")); c.ClassificationFile != want {
		t.Errorf("classification %q, want %q", c.ClassificationFile, want)
	}
	if c.ReferenceConfigFile != "r.config" {
		t.Errorf("reference %q: --set is relative to the working directory", c.ReferenceConfigFile)
	}
	c = mustLoad(t, "rule-files: [a.rules, /b.rules]\ndefault-rule-path: /rules\n", Options{})
	if want := []string{"/rules/a.rules", "/b.rules"}; !slices.Equal(c.RuleFiles, want) {
		t.Errorf("rule files %q, want %q", c.RuleFiles, want)
	}
}

func TestProtocols(t *testing.T) {
	c := mustLoad(t, `
app-layer:
  protocols:
    imap: {enabled: detection-only}
    smb: {enabled: yes, detection-ports: {dp: "139, 445"}}
    dns:
      tcp: {enabled: no}
      udp: {detection-ports: {dp: 53, sp: [54, 55]}}
    ntp: {enabled: perhaps}
libhtp: {default-config: {request-body-limit: 1kb}}
`, Options{})
	a := &c.AppLayer
	for _, tt := range []struct {
		name, transport string
		want            Enabled
	}{
		{"imap", "tcp", DetectionOnly},
		{"smb", "tcp", On},
		{"dns", "tcp", Off},
		{"dns", "udp", On},
		{"ssh", "tcp", On},
	} {
		if got := a.Enabled(tt.name, tt.transport, On); got != tt.want {
			t.Errorf("%s over %s: %v, want %v", tt.name, tt.transport, got, tt.want)
		}
	}
	if dp, sp := a.DetectionPorts("smb", "tcp"); dp != "139,445" || sp != "" {
		t.Errorf("smb ports %q %q", dp, sp)
	}
	if dp, sp := a.DetectionPorts("dns", "udp"); dp != "53" || sp != "54,55" {
		t.Errorf("dns ports %q %q", dp, sp)
	}
	if got := c.ProtocolOptions("http").Sub("libhtp").Sub("default-config").Size("request-body-limit", 0); got != 1<<10 {
		t.Errorf("libhtp of old files: limit %d", got)
	}
	if got := c.ProtocolOptions("ssh").String("suricata-version", ""); got != "9.0" {
		t.Errorf("common option %q", got)
	}
	a.Enabled("ntp", "udp", On)
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), `ntp.enabled: value "perhaps": want yes, no or detection-only`) {
		t.Errorf("error %v", err)
	}
}

func TestPolicies(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		ips        bool
		want       Policies
	}{
		{"passive", "", false, Policies{"ignore", "ignore", "ignore", "ignore", "ignore", "ignore"}},
		{"inline", "", true, Policies{"drop-flow", "drop-flow", "drop-flow", "drop-packet", "drop-packet", "drop-flow"}},
		{"inline, midstream taken", "stream: {midstream: yes}", true, Policies{"drop-flow", "drop-flow", "ignore", "drop-packet", "drop-packet", "drop-flow"}},
		{"one for all", "exception-policy: bypass\nstream: {memcap-policy: pass-flow}", false, Policies{"pass-flow", "bypass", "bypass", "bypass", "bypass", "bypass"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustLoad(t, tt.text, Options{SimulateIPS: tt.ips}).Policies(); got != tt.want {
				t.Errorf("\n got %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestChecksums(t *testing.T) {
	for _, tt := range []struct {
		name, flag string
		sets       []string
		want       bool
	}{
		{"by default", "", nil, true},
		{"-k none", "none", nil, false},
		{"-k none, but set", "none", []string{"stream.checksum-validation=yes"}, true},
	} {
		if got := mustLoad(t, "", Options{Checksums: tt.flag, Sets: tt.sets}).Stream.ChecksumValidation; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestPortVariables(t *testing.T) {
	const vars = "vars: {port-groups: {A: 1, B: '[$A, 2]', LOOP: $LOOP}}\n"
	c := mustLoad(t, vars+"decoder: {teredo: {ports: '[$B,3]'}, vxlan: {ports: any}}\n", Options{})
	if want := []uint16{1, 2, 3}; !slices.Equal(c.TeredoPorts, want) {
		t.Errorf("teredo %v, want %v", c.TeredoPorts, want)
	}
	if c.VXLANPorts != nil || !slices.Equal(c.GenevePorts, []uint16{6081}) {
		t.Errorf("vxlan %v, geneve %v", c.VXLANPorts, c.GenevePorts)
	}
	for ports, want := range map[string]string{
		"$NONE": "port variable $NONE is not in vars.port-groups",
		"$LOOP": "port variable $LOOP stands for itself",
		"70000": `port "70000": want a number up to 65535, $VARIABLE or any`,
	} {
		_, _, err := load(t, vars+"decoder: {vxlan: {ports: "+ports+"}}\n", Options{})
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", ports, err, want)
		}
	}
}

func TestIgnored(t *testing.T) {
	c := mustLoad(t, `
threading: {set-cpu-affinity: no}
stream: {memcap: 1mb, mempcap: 2mb}
plugins:
outputs:
  - fast: {enabled: no, nothing: 1}
  - fast: {enabled: yes, nothing: 1}
`, Options{})
	var got []string
	for _, p := range c.Ignored() {
		got = append(got, p.Key)
	}
	if want := []string{"threading", "stream.mempcap", "outputs.1.fast.nothing"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestExample: the printed example says what holds without it.
func TestExample(t *testing.T) {
	var b bytes.Buffer
	if err := Example(&b); err != nil {
		t.Fatal(err)
	}
	got, want := mustLoad(t, b.String(), Options{}), mustLoad(t, "", Options{})
	compareSections(t, "", reflect.ValueOf(got).Elem(), reflect.ValueOf(want).Elem())
	if bad := got.Ignored(); len(bad) > 0 {
		t.Error(bad)
	}
}

func compareSections(t *testing.T, path string, got, want reflect.Value) {
	for _, f := range fieldsOf(got.Type()) {
		g, w := got.Field(f.index), want.Field(f.index)
		switch {
		case f.typ == reflect.TypeFor[Section]():
		case f.isSection():
			compareSections(t, path+"."+f.key, g, w)
		case !reflect.DeepEqual(g.Interface(), w.Interface()):
			t.Errorf("%s.%s: %v, want %v", path, f.key, g, w)
		}
	}
}

// TestDefault: the built-in file loads, is acted on and has every common type.
func TestDefault(t *testing.T) {
	c, warnings, err := Load(Options{})
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if n := len(c.Outputs[0].Eve.Types); n < 30 {
		t.Errorf("%d record types", n)
	}
	if c.DefaultLogDir != "." || c.Stream.Reassembly.Depth != 1<<20 {
		t.Errorf("log folder %q, depth %d", c.DefaultLogDir, c.Stream.Reassembly.Depth)
	}
}

// TestReference: every setting has a text and every default can be read.
func TestReference(t *testing.T) {
	var b bytes.Buffer
	if err := Reference(&b); err != nil {
		t.Fatal(err)
	}
	everySetting(func(path string, f *field) {
		if f.doc == "" {
			t.Errorf("%s has no doc", path)
		}
		for _, v := range []Version{Version7, Version9} {
			def := f.defaultFor(v)
			switch f.typ.Kind() {
			case reflect.Slice, reflect.Struct:
				continue
			}
			if def == "" && f.typ.Kind() == reflect.String {
				continue
			}
			if err := f.set(reflect.New(f.typ).Elem(), def); err != nil {
				t.Errorf("%s: default %q: %v", path, def, err)
			}
		}
	})
}
