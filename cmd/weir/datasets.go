package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"weir/cmd/weir/config"
	"weir/detect"
	"weir/detect/dataset"
)

// datasets returns what rules may do with sets, and the sets of the
// configuration.
func datasets(c *config.Config) (detect.Datasets, error) {
	s := &c.Datasets
	d := detect.Datasets{
		Memcap: uint64(s.Defaults.Memcap), MaxHashSize: s.Limits.SingleHashSizes,
		Dir:        cmp.Or(c.DataDir, string(s.SaveDirectory), c.DefaultLogDir),
		AllowWrite: s.Rules.AllowWrite, AllowAbsolute: s.Rules.AllowAbsoluteFilenames,
	}
	if !s.Enabled {
		return d, nil
	}
	for _, set := range s.Sets {
		spec, err := setSpec(set, &d)
		if err != nil {
			return d, fmt.Errorf("%v: %s: %w", set.Pos(), set.Path(), err)
		}
		d.Sets = append(d.Sets, spec)
	}
	return d, nil
}

// setSpec reads a set of the configuration. Its files may stand anywhere; a
// relative name is looked up in the working folder, then in that of the data.
func setSpec(s config.Section, d *detect.Datasets) (spec dataset.Spec, err error) {
	spec = dataset.Spec{Name: filepath.Ext("." + s.Path())[1:], Memcap: s.Size("memcap", d.Memcap)}
	s.Uint("hashsize", 0)
	if spec.Type, err = dataset.ParseType(s.String("type", "")); err != nil {
		return spec, err
	}
	path := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(d.Dir, name)
	}
	load, state := s.String("load", ""), path(s.String("state", ""))
	spec.Save = path(s.String("save", ""))
	switch {
	case state != "" && (load != "" || spec.Save != ""):
		return spec, fmt.Errorf("state stands for load and save: want it alone")
	case state != "":
		spec.Load, spec.Save, spec.Optional = state, state, true
	case load != "":
		spec.Load = load
		if _, err := os.Stat(load); err != nil {
			spec.Load = path(load)
		}
	}
	return spec, nil
}
