package config

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// listSections are the sections that stand in lists.
var listSections = []struct {
	path, doc string
	typ       reflect.Type
}{
	{"outputs.N.eve-log", "A log of JSON records. `types` lists the record types, each with keys of its own.", reflect.TypeFor[Eve]()},
	{"outputs.N.fast", "One line an alert.", reflect.TypeFor[LineLog]()},
	{"outputs.N.stats", "The counters as text.", reflect.TypeFor[LineLog]()},
	{"outputs.N.tls-store", "Certificates that rules with tls.store ask for.", reflect.TypeFor[CertStore]()},
	{"outputs.N.file-store", "Files that pass by.", reflect.TypeFor[FileStore]()},
}

// Reference prints the manual page of all settings.
func Reference(w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("# Configuration\n\n" +
		"A file in YAML 1.1, given by `-c`; names and meanings are those of suricata.yaml. Each setting can also be\n" +
		"given by the environment (`WEIR_STREAM_MEMCAP` is `stream.memcap`) and by `--set stream.memcap=32mb`; of several,\n" +
		"`--set` holds before the environment, that before the files of `--include`, those before the file of `-c`.\n" +
		"Items of lists have positions: `outputs.0.eve-log.filename`. Relative file names are relative to the file that\n" +
		"names them. What is below is the default of a key that is missing; a run without any file has the settings of\n" +
		"cmd/weir/config/default.yaml.\n\n" +
		"Besides: `suricata-version` (7.0, 8.0, 9.0: whose records and defaults hold), `vars.address-groups` and\n" +
		"`vars.port-groups` (variables of rules), `rule-files`, `host-os-policy`, `reputation-files`,\n" +
		"`default-reputation-path`, `reputation-categories-file`, `include`.\n")
	referenceOf(b, "", "", reflect.TypeFor[Config]())
	for _, s := range listSections {
		referenceOf(b, s.path, s.doc, s.typ)
	}
	return b.Flush()
}

// referenceOf prints the settings of one section and then those below it.
func referenceOf(b *bufio.Writer, path, doc string, t reflect.Type) {
	fields := fieldsOf(t)
	head := false
	for _, f := range fields {
		if f.isSection() {
			continue
		}
		if !head {
			head = true
			title := path
			if title == "" {
				title = "top level"
			}
			fmt.Fprintf(b, "\n## %s\n\n", title)
			if doc != "" {
				fmt.Fprintf(b, "%s\n\n", doc)
			}
			b.WriteString("| key | default | values | |\n|---|---|---|---|\n")
		}
		def := f.def
		if f.def7 != "" {
			def += " (7.0: " + f.def7 + ")"
		}
		want := f.wants()
		if f.typ == reflect.TypeFor[Section]() {
			want = "keys"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.key, def, want, f.doc)
	}
	for _, f := range fields {
		if f.isSection() {
			referenceOf(b, yaml11.Join(path, f.key), "", f.typ)
		}
	}
}

// Example prints a configuration that says of each setting what is its built-in
// default.
func Example(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%%YAML 1.1\n---\n# Whose records and defaults hold: %s.\nsuricata-version: %q\n", wantVersion, Version9)
	exampleOf(b, "", reflect.TypeFor[Config]())
	return b.Flush()
}

func exampleOf(b *bufio.Writer, indent string, t reflect.Type) {
	for _, f := range fieldsOf(t) {
		switch {
		case f.typ == reflect.TypeFor[Section]():
			fmt.Fprintf(b, "%s# %s: %s\n", indent, f.key, f.doc)
		case f.isSection():
			fmt.Fprintf(b, "%s%s:\n", indent, f.key)
			exampleOf(b, indent+"  ", f.typ)
		default:
			def := f.def
			if f.typ.Kind() == reflect.Slice && def != "" {
				def = "[" + def + "]"
			}
			fmt.Fprintf(b, "%s# %s\n%s\n", indent, f.doc, strings.TrimRight(indent+f.key+": "+def, " "))
		}
	}
}
