package detect

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/packet"
	"weir/decode/proto"
	"weir/detect/dataset"
)

// Datasets says which sets rules may use.
type Datasets struct {
	Sets        []dataset.Spec // those of the configuration
	Memcap      uint64         // of a set that does not say, bytes
	MaxHashSize uint64         // that a rule may ask for; 0: any
	Dir         string         // where rules save sets
	// AllowWrite: rules may save sets; AllowAbsolute: anywhere.
	AllowWrite, AllowAbsolute bool
}

// setCommand is what a keyword does with the value of its buffer.
type setCommand uint8

const (
	setIsSet setCommand = iota
	setIsNotSet
	setAdd
	setRemove
	setReputation
)

var setCommands = map[string]setCommand{"isset": setIsSet, "isnotset": setIsNotSet, "set": setAdd, "unset": setRemove}

// setMatch is what dataset and datarep say of a buffer.
type setMatch struct {
	set     *dataset.Set
	command setCommand
	rep     intTest // of setReputation
	context string  // the object of the value stands in alerts under this name
}

// datasetKeyword compiles command,name[,options].
func datasetKeyword(c *compiler, v string) error {
	p := split(v)
	if len(p) < 2 {
		return fmt.Errorf("value %q: want set|unset|isset|isnotset,name[,options]", v)
	}
	cmd, ok := setCommands[p[0]]
	if !ok {
		return fmt.Errorf("command %q: want set, unset, isset or isnotset", p[0])
	}
	o, err := c.setOptions(p[1], p[2:], false)
	if err != nil {
		return err
	}
	changes := cmd == setAdd || cmd == setRemove
	if changes && o.Format != dataset.CSV {
		return fmt.Errorf("command %s: a set with objects is not changed: want isset or isnotset", p[0])
	}
	set, err := c.e.dataset(o)
	if err != nil {
		return err
	}
	if changes {
		set.SetWritable()
		c.s.writesSets, c.e.shares = true, true
	}
	m := &setMatch{set: set, command: cmd}
	if cmd == setIsSet && o.context != "" {
		m.context, c.s.enriches = o.context, true
	}
	return c.inSet(m)
}

// datarep compiles name,operator,value[,options].
func datarep(c *compiler, v string) error {
	p := split(v)
	if len(p) < 3 {
		return fmt.Errorf("value %q: want name,operator,value[,options]", v)
	}
	switch p[1] {
	case "<", ">", "=", "==", "!=", "<=", ">=":
	default:
		return fmt.Errorf("operator %q: want <, >, =, ==, !=, <= or >=", p[1])
	}
	if _, err := strconv.ParseUint(p[2], 10, 16); err != nil {
		return fmt.Errorf("value %q: want 0 to 65535", p[2])
	}
	op := p[1]
	switch op {
	case "!=":
		op = "!"
	case "==":
		op = "="
	}
	test, err := parseInt(op+p[2], nil)
	if err != nil {
		return err
	}
	o, err := c.setOptions(p[0], p[3:], true)
	if err != nil {
		return err
	}
	set, err := c.e.dataset(o)
	if err != nil {
		return err
	}
	return c.inSet(&setMatch{set: set, command: setReputation, rep: test})
}

// inSet adds a look-up of the current buffer.
func (c *compiler) inSet(m *setMatch) error {
	if c.unit < 0 {
		return fmt.Errorf("no buffer before it")
	}
	c.add(matcher{kind: mDataset, byteArgs: &byteArgs{in: m}})
	return nil
}

// setOptions is what a rule says of a set.
type setOptions struct {
	dataset.Spec
	context string
	named   bool // by its name alone
}

// setOptions reads the options of a set.
func (c *compiler) setOptions(name string, words []string, rep bool) (*setOptions, error) {
	if name == "" || len(name) > 64 || strings.ContainsRune(name, ' ') {
		return nil, fmt.Errorf("name %q: want up to 64 letters without blanks", name)
	}
	o := &setOptions{Spec: dataset.Spec{Name: name, Memcap: c.e.opt.Datasets.Memcap, Reputation: rep}}
	files := map[string]string{}
	for _, w := range words {
		key, val, _ := strings.Cut(w, " ")
		val = strings.TrimSpace(val)
		if (val == "") != (key == "remove_key") {
			return nil, fmt.Errorf("option %q: want a word and its value", w)
		}
		if err := o.set(key, val, files, c.e.opt.Datasets.MaxHashSize); err != nil {
			return nil, err
		}
	}
	json := o.Format != dataset.CSV
	switch {
	case json && (rep || o.ValueKey == "" || o.context == ""):
		return nil, fmt.Errorf("format json: want value_key and context_key, and a dataset")
	case !json && (o.ValueKey != "" || o.ArrayKey != "" || o.context != "" || o.RemoveKey):
		return nil, fmt.Errorf("value_key, array_key, context_key and remove_key are of format json")
	case json && (files["save"] != "" || files["state"] != ""):
		return nil, fmt.Errorf("format json: such a set is not saved")
	case o.ArrayKey != "" && o.Format != dataset.JSON:
		return nil, fmt.Errorf("array_key is of format json, where the file is one value")
	case o.Subdomains && o.Type != dataset.String:
		return nil, fmt.Errorf("match subdomain: want type string")
	case files["state"] != "" && (files["load"] != "" || files["save"] != ""):
		return nil, fmt.Errorf("state stands for load and save: want it alone")
	}
	o.named = o.Type == 0
	if o.named && len(files) > 0 {
		return nil, fmt.Errorf("set %s: want type", name)
	}
	return o, c.setFiles(o, files)
}

// set takes one option.
func (o *setOptions) set(key, val string, files map[string]string, maxHash uint64) (err error) {
	switch key {
	case "type":
		o.Type, err = dataset.ParseType(val)
	case "format":
		o.Format, err = dataset.ParseFormat(val)
	case "load", "save", "state":
		files[key] = val
	case "value_key":
		o.ValueKey = val
	case "array_key":
		o.ArrayKey = val
	case "context_key", "enrichment_key":
		o.context = val
	case "remove_key":
		o.RemoveKey = true
	case "match":
		switch val {
		case "subdomain":
			o.Subdomains = true
		case "exact":
		default:
			return fmt.Errorf("match %q: want exact or subdomain", val)
		}
	case "memcap":
		o.Memcap, err = parseSize(val)
	case "hashsize":
		n, err := strconv.ParseUint(val, 10, 32)
		if err != nil {
			return fmt.Errorf("hashsize %q: want a number", val)
		}
		if maxHash > 0 && n > maxHash {
			return fmt.Errorf("hashsize %d: datasets.limits.single-hashsize allows %d", n, maxHash)
		}
	default:
		return fmt.Errorf("option %q: want type, load, save, state, memcap, hashsize, format, value_key, array_key, context_key, remove_key or match", key)
	}
	return err
}

// parseSize reads a number of bytes, perhaps with a unit.
func parseSize(s string) (uint64, error) {
	shift := 0
	low := strings.ToLower(s)
	for i, unit := range [...]string{"kb", "mb", "gb"} {
		if cut, ok := strings.CutSuffix(low, unit); ok {
			low, shift = strings.TrimSpace(cut), 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(low, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("size %q: want a number of bytes, or one with kb, mb or gb", s)
	}
	return n << shift, nil
}

// setFiles finds the files of a set. What is loaded stands beside the rule file,
// else where sets are saved.
func (c *compiler) setFiles(o *setOptions, files map[string]string) error {
	d := &c.e.opt.Datasets
	for _, kind := range [...]string{"save", "state"} {
		name := files[kind]
		switch {
		case name == "":
			continue
		case !d.AllowWrite:
			return conventionally("Rules containing save/state datasets have been disabled",
				fmt.Errorf("%s %q: rules may not save sets: see datasets.rules.allow-write", kind, name))
		case !d.AllowAbsolute && filepath.IsAbs(name):
			return conventionally("Absolute paths not allowed: "+name,
				fmt.Errorf("%s %q: want a file below the data folder: see datasets.rules.allow-absolute-filenames", kind, name))
		case !d.AllowAbsolute && (!filepath.IsLocal(name) || strings.Contains(name, "..")):
			return conventionally("Directory traversals not allowed: "+name, fmt.Errorf("%s %q: want a file below the data folder: see datasets.rules.allow-absolute-filenames", kind, name))
		}
		o.Save = inDir(d.Dir, name)
	}
	if name := files["state"]; name != "" {
		o.Load, o.Optional = o.Save, true
	}
	if name := files["load"]; name != "" {
		o.Load = inDir(filepath.Dir(c.r.Pos.File), name)
		if _, err := os.Stat(o.Load); err != nil && errors.Is(err, os.ErrNotExist) {
			if other := inDir(d.Dir, name); fileExists(other) {
				o.Load = other
			}
		}
	}
	return nil
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// inDir returns the path of a file that is named relative to a folder.
func inDir(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

// dataset returns the set that a rule names, made at first use.
func (b *Builder) dataset(o *setOptions) (*dataset.Set, error) {
	for _, s := range b.sets {
		if s.Name() != o.Name {
			continue
		}
		if !o.named && !s.Is(&o.Spec) {
			return nil, fmt.Errorf("set %s: is there already, and differs in type, format or files", o.Name)
		}
		return s, nil
	}
	spec := o.Spec
	for _, have := range b.opt.Datasets.Sets {
		if have.Name != o.Name {
			continue
		}
		if !o.named && have.Type != o.Type {
			return nil, fmt.Errorf("set %s: has another type in the configuration", o.Name)
		}
		have.Reputation = o.Reputation
		spec = have
	}
	if spec.Type == 0 {
		return nil, fmt.Errorf("set %s: want type: there is no set of this name", o.Name)
	}
	s, err := dataset.Open(spec)
	if err != nil {
		return nil, fmt.Errorf("set %s: %w", o.Name, err)
	}
	b.sets = append(b.sets, s)
	return s, nil
}

// StoreSets writes the sets that rules have changed to their files.
func (e *Engine) StoreSets() error {
	var errs []error
	for _, s := range e.sets {
		errs = append(errs, s.Store())
	}
	return errors.Join(errs...)
}

// ResetSets makes the sets that rules change what they were at the start, or what
// their files hold now, for a run with fresh state.
func (e *Engine) ResetSets() error {
	var errs []error
	for _, s := range e.sets {
		errs = append(errs, s.Reset())
	}
	return errors.Join(errs...)
}

// inSet looks the buffer up. Where rules change a set, that is done in the order
// of the capture.
func (st *matchState) inSet(m *setMatch) bool {
	if st.context != nil && m.context != "" {
		if object, ok := m.set.Object(st.buf); ok {
			*st.context = append(event.Key(*st.context, m.context), object...)
			return true
		}
		return false
	}
	if m.set.Writable() && st.turn != nil {
		st.turn()
	}
	switch m.command {
	case setAdd:
		return m.set.Add(st.buf)
	case setRemove:
		return m.set.Remove(st.buf)
	case setIsNotSet:
		return !m.set.Has(st.buf)
	case setReputation:
		rep, ok := m.set.Reputation(st.buf)
		return ok && m.rep.fits(uint64(rep))
	}
	return m.set.Has(st.buf)
}

// contextOf appends the objects that a rule that has fitted has found, as members
// of the context of alerts.
func (w *Worker) contextOf(s *signature, tx proto.Transaction, b []byte) []byte {
	w.match.context = &b
	defer func() { w.match.context = nil }()
	in := w.in
	for i := range s.units {
		u := &s.units[i]
		if !u.enriches() {
			continue
		}
		switch def := u.def; {
		case def == nil:
			w.payloadUnit(s, u, in.Packet, in.Flow)
		case tx != nil && in.Proto != nil && u.of(in.Proto) != nil:
			dir := in.Packet.Dir
			def = u.of(in.Proto)
			if s.wholeTx && def.Dir != field.Both {
				dir = def.Dir
			}
			w.unit(u, def, tx, dir)
		}
	}
	return b
}

// enriches reports whether a unit looks something up that alerts show.
func (u *unit) enriches() bool {
	for i := range u.match {
		if m := &u.match[i]; m.kind == mDataset && m.in.context != "" {
			return true
		}
	}
	return false
}

// addressBytes returns the bytes of an address of p as they stand in its header.
func addressBytes(p *packet.Packet, a *[16]byte) []byte {
	switch p.Version {
	case 4:
		return a[12:]
	case 6:
		return a[:]
	}
	return nil
}
