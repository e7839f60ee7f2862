package config

import (
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"

	"weir/cmd/weir/config/yaml11"
)

// Kinds of values that fields of a section have besides bool, numbers, text and
// lists of text.
type (
	// Size is a number of bytes, written "64 MiB" or "64mb".
	Size uint64
	// Seconds is a time span in whole seconds.
	Seconds uint32
	// Path is the name of a file or folder, relative to the file that names it.
	Path string
)

const wantSize = "a size such as 4096, 100kb or 64 MiB"

// field is one setting of a section: a struct field with its tags.
//
//	key   name in the configuration
//	def   built-in default, as it would be written in a file
//	def7  built-in default under suricata-version 7.0, where it differs
//	want  allowed words, by bars; "yes" and "no" stand for all spellings of them
//	min   smallest number allowed
//	max   largest number allowed
//	doc   one sentence or phrase for the manual
type field struct {
	key, def, def7, want, doc string
	min, max                  uint64
	index                     int
	typ                       reflect.Type
}

// fieldsOf lists the settings of a section type; fields without key are not
// settings.
func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		sf := t.Field(i)
		f := field{
			key: sf.Tag.Get("key"), def: sf.Tag.Get("def"), def7: sf.Tag.Get("def7"),
			want: sf.Tag.Get("want"), doc: sf.Tag.Get("doc"), index: i, typ: sf.Type,
		}
		if f.key == "" {
			continue
		}
		f.max = math.MaxUint64
		if s := sf.Tag.Get("min"); s != "" {
			f.min, _ = strconv.ParseUint(s, 10, 64)
		}
		if s := sf.Tag.Get("max"); s != "" {
			f.max, _ = strconv.ParseUint(s, 10, 64)
		}
		switch f.typ.Kind() {
		case reflect.Uint8, reflect.Uint16, reflect.Uint32:
			f.max = min(f.max, 1<<f.typ.Bits()-1)
		}
		all = append(all, f)
	}
	return all
}

func (f *field) isSection() bool {
	return f.typ.Kind() == reflect.Struct && f.typ != reflect.TypeFor[Section]()
}

// defaultFor returns the built-in default under a version.
func (f *field) defaultFor(v Version) string {
	if v < Version8 && f.def7 != "" {
		return f.def7
	}
	return f.def
}

// eachSetting calls f for every scalar setting of a section type and of the
// sections in it, with its path.
func eachSetting(t reflect.Type, path string, f func(path string, fd *field)) {
	for _, fd := range fieldsOf(t) {
		at := yaml11.Join(path, fd.key)
		if fd.isSection() {
			eachSetting(fd.typ, at, f)
		} else {
			f(at, &fd)
		}
	}
}

// everySetting calls f for every setting that has one place in the
// configuration. Those of list items (outputs) have none.
func everySetting(f func(path string, fd *field)) {
	eachSetting(reflect.TypeFor[Config](), "", f)
}

// decoder fills sections from the resolved tree.
type decoder struct {
	root    *yaml11.Node
	layers  *layers // nil: sections of lists, which have no path of their own
	version Version
	note    *Problems
}

// section fills the struct v from what stands at path below base.
func (d *decoder) section(s Section, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		fv := v.Field(f.index)
		switch {
		case f.typ == reflect.TypeFor[Section]():
			fv.Set(reflect.ValueOf(s.Get(f.key)))
		case f.isSection():
			sub := s.Get(f.key)
			sub.read()
			d.notScalar(s, f.key, sub)
			d.section(sub, fv)
		case f.typ.Kind() == reflect.Slice:
			if s.Has(f.key) {
				fv.Set(reflect.ValueOf(s.Strings(f.key)))
			} else {
				fv.Set(reflect.ValueOf(splitList(f.defaultFor(d.version))))
			}
		default:
			d.scalar(s, &f, fv)
		}
	}
}

// notScalar reports a section that was given one value instead of keys.
func (d *decoder) notScalar(s Section, key string, sub Section) {
	if sub.node != nil && sub.node.Kind == yaml11.Scalar {
		s.Reject(key, "keys below it")
	}
}

// scalar fills one setting: the value the layers hold for it, or its default
// where that cannot be used.
func (d *decoder) scalar(s Section, f *field, fv reflect.Value) {
	def := f.defaultFor(d.version)
	text, ok := s.scalar(f.key, f.wants())
	if !ok {
		text = def
		if d.layers != nil {
			text = d.layers.v.GetString(viperKey(yaml11.Join(s.path, f.key)))
		}
		if err := f.set(fv, text); err != nil {
			panic(fmt.Sprintf("config: default %q of %s: want %s", text, yaml11.Join(s.path, f.key), f.wants()))
		}
		return
	}
	if err := f.set(fv, text); err != nil {
		s.Reject(f.key, f.wants())
		_ = f.set(fv, def) // a default can always be set, as above
		return
	}
	if f.typ == reflect.TypeFor[Path]() {
		fv.SetString(relative(s.node.Get(f.key).Pos, text))
	}
}

// wants says in words what values are allowed.
func (f *field) wants() string {
	if f.want != "" {
		words := strings.Split(f.want, "|")
		if len(words) == 1 {
			return words[0]
		}
		last := len(words) - 1
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	switch {
	case f.typ.Kind() == reflect.Bool:
		return "yes or no"
	case f.typ.Kind() == reflect.String:
		return "one value"
	case f.typ.Kind() == reflect.Slice:
		return "a list"
	case f.min == 0 && f.max == math.MaxUint64 && f.typ == reflect.TypeFor[Size]():
		return wantSize
	case f.min == 0 && f.max == math.MaxUint64:
		return "a whole number"
	}
	what := "a number"
	if f.typ == reflect.TypeFor[Size]() {
		what = "a size"
	} else if f.typ == reflect.TypeFor[Seconds]() {
		what = "a number of seconds"
	}
	if f.max == math.MaxUint64 {
		return fmt.Sprintf("%s of at least %d", what, f.min)
	}
	return fmt.Sprintf("%s from %d to %d", what, f.min, f.max)
}

var errValue = fmt.Errorf("not an allowed value")

// set converts text to the field's type.
func (f *field) set(fv reflect.Value, text string) error {
	switch f.typ.Kind() {
	case reflect.Bool:
		v, ok := yaml11.Bool(text)
		if !ok {
			return errValue
		}
		fv.SetBool(v)
	case reflect.String:
		if f.want != "" && (text != "" || f.def != "") {
			w, ok := f.word(text)
			if !ok {
				return errValue
			}
			text = w
		}
		fv.SetString(text)
	default:
		parse := yaml11.Uint
		if f.typ == reflect.TypeFor[Size]() {
			parse = yaml11.Size
		}
		v, err := parse(text)
		if err != nil || v < f.min || v > f.max {
			return errValue
		}
		fv.SetUint(v)
	}
	return nil
}

// word returns the allowed word that text spells.
func (f *field) word(text string) (string, bool) {
	words := strings.Split(f.want, "|")
	for _, w := range words {
		if strings.EqualFold(w, text) {
			return w, true
		}
	}
	if b, ok := yaml11.Bool(text); ok {
		yesNo := map[bool]string{true: "yes", false: "no"}[b]
		for _, w := range words {
			if w == yesNo {
				return w, true
			}
		}
	}
	return "", false
}

// relative resolves a name against the folder of the file that gave it; what
// came from the command line or the environment is relative to the working
// directory.
func relative(pos yaml11.Pos, name string) string {
	if name == "" || filepath.IsAbs(name) || pos.Line == 0 {
		return name
	}
	return filepath.Join(filepath.Dir(pos.File), name)
}
