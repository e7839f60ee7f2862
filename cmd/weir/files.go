package main

import (
	"fmt"
	"math"
	"path/filepath"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/event"
	"weir/decode/file"
	"weir/detect"
	"weir/sinks/certstore"
	"weir/sinks/eve"
	"weir/sinks/filestore"
)

// fileOutput returns the file-store that the configuration turns on, or nil.
func fileOutput(c *config.Config) (*config.FileStore, error) {
	var fs *config.FileStore
	for i := range c.Outputs {
		o := &c.Outputs[i]
		if !o.Enabled || o.FileStore == nil {
			continue
		}
		if fs != nil {
			return nil, fmt.Errorf("outputs.%d.file-store: there is a file-store before it already: want one at most", i)
		}
		fs = o.FileStore
	}
	return fs, nil
}

// fileDepth returns file-store.stream-depth, nil if it does not say.
func fileDepth(c *config.Config) *uint32 {
	for i := range c.Outputs {
		if o := &c.Outputs[i]; o.Enabled && o.FileStore != nil && o.Section.Has("stream-depth") {
			n := uint32(min(o.FileStore.StreamDepth, math.MaxUint32))
			return &n
		}
	}
	return nil
}

// fileTracking says how files are followed: as outputs and rules need it.
func fileTracking(c *config.Config, fs *config.FileStore, needs detect.FileNeeds) (file.Store, error) {
	s := file.Store{Hashes: needs.Hashes, Magic: needs.Magic, Window: needs.Window}
	for i := range c.Outputs {
		o := &c.Outputs[i]
		if !o.Enabled || o.Eve == nil {
			continue
		}
		for _, t := range o.Eve.Types {
			if t.Name != "files" || !t.Enabled {
				continue
			}
			if opt, err := decode.FileOptions(t.Options); err == nil {
				s.Hashes |= decode.Hashes(opt)
				s.Magic = s.Magic || decode.ForcesMagic(opt)
			}
		}
	}
	if fs == nil {
		return s, nil
	}
	s.All, s.Ask = fs.ForceFilestore, needs.Store
	s.Magic = s.Magic || fs.ForceMagic
	for _, h := range fs.ForceHash {
		k, ok := file.HashByName(h)
		if !ok {
			return s, fmt.Errorf("file-store.force-hash: value %q: want md5, sha1 or sha256", h)
		}
		s.Hashes |= k
	}
	return s, nil
}

// openFileStore makes the folder of stored files below dir; nil without one.
func openFileStore(fs *config.FileStore, dir string) (*filestore.Store, error) {
	if fs == nil {
		return nil, nil
	}
	o := filestore.Options{Dir: fs.Dir, Info: fs.WriteFileinfo, MaxOpen: int(fs.MaxOpenFiles), Encode: eve.Encode}
	if !filepath.IsAbs(o.Dir) {
		o.Dir = filepath.Join(dir, o.Dir)
	}
	return filestore.New(o)
}

// openCertStore makes the folder of stored certificates below dir; nil if none are
// stored. Of several outputs the last one holds.
func openCertStore(c *config.Config, dir string) (*certstore.Store, error) {
	var cs *config.CertStore
	for i := range c.Outputs {
		if o := &c.Outputs[i]; o.Enabled && o.CertStore != nil {
			cs = o.CertStore
		}
	}
	if cs == nil {
		return nil, nil
	}
	if filepath.IsAbs(cs.Dir) {
		return certstore.New(cs.Dir)
	}
	return certstore.New(filepath.Join(dir, cs.Dir))
}

// fileStats are the counters of the file store.
type fileStats struct{ s *filestore.Store }

// AppendEvent implements event.Appender.
func (f fileStats) AppendEvent(b []byte, _ *event.Output) []byte {
	b = event.Open(b, "file_store")
	b = event.Uint(b, "open_files", f.s.Open())
	b = event.Uint(b, "open_files_max_hit", f.s.OpenMax.Load())
	b = event.Uint(b, "fs_errors", f.s.Errors.Load())
	return event.Close(b)
}
