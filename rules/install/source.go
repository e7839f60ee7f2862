package install

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"weir/decode/atomicfile"
)

// Source is where rules come from.
type Source struct {
	Location string `yaml:"source"`             // URL (http, https, file), or the name of a file, folder or pattern
	Checksum bool   `yaml:"checksum,omitempty"` // what is downloaded must have the MD5 that stands at the URL with .md5
}

// sourcesFile is the YAML file of sources.
type sourcesFile struct {
	Sources []Source `yaml:"sources"`
}

// ReadSources reads a file of sources. Names of files are relative to it.
func ReadSources(name string) ([]Source, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var f sourcesFile
	if err := yaml.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for i := range f.Sources {
		s := &f.Sources[i]
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("%s: source %d: %w", name, i+1, err)
		}
		if !s.remote() && !strings.HasPrefix(s.Location, "file:") && !filepath.IsAbs(s.Location) {
			s.Location = filepath.Join(filepath.Dir(name), s.Location)
		}
	}
	return f.Sources, nil
}

// SaveSources adds sources to those of a file, which only the user may read.
func SaveSources(name string, more []Source) error {
	old, err := ReadSources(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, s := range more {
		if err := s.check(); err != nil {
			return err
		}
		if !s.remote() && !strings.HasPrefix(s.Location, "file:") {
			if s.Location, err = filepath.Abs(s.Location); err != nil {
				return err
			}
		}
		if i := slices.IndexFunc(old, func(o Source) bool { return o.Location == s.Location }); i >= 0 {
			old[i] = s
		} else {
			old = append(old, s)
		}
	}
	b, err := yaml.Marshal(sourcesFile{old})
	if err != nil {
		return err
	}
	return atomicfile.WriteSynced(name, b, 0o600)
}

func (s *Source) check() error {
	if s.Location == "" {
		return errors.New("no location")
	}
	u, err := url.Parse(s.Location)
	if err != nil || !strings.Contains(s.Location, "://") {
		return nil // a file
	}
	switch u.Scheme {
	case "http", "https":
		if u.Host == "" {
			return fmt.Errorf("%s: no host", s)
		}
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return fmt.Errorf("%s: a file of another host", s)
		}
	default:
		return fmt.Errorf("scheme %q: want http, https or file", u.Scheme)
	}
	return nil
}

// remote reports whether the source is downloaded.
func (s *Source) remote() bool {
	return strings.HasPrefix(s.Location, "http://") || strings.HasPrefix(s.Location, "https://")
}

// file returns the name of a source that is not downloaded.
func (s *Source) file() string {
	if u, err := url.Parse(s.Location); err == nil && u.Scheme == "file" {
		return u.Path
	}
	return s.Location
}

// String shows the source: of a URL only host and last name, as keys may stand
// anywhere else.
func (s *Source) String() string {
	if !s.remote() {
		return s.Location
	}
	u, err := url.Parse(s.Location)
	if err != nil {
		return "a URL that is not well formed"
	}
	dir, name := path.Split(u.Path)
	if strings.Trim(dir, "/") != "" {
		dir = "/.../"
	}
	return u.Scheme + "://" + u.Host + dir + name
}

// key names what is kept of the source.
func (s *Source) key() string {
	sum := sha256.Sum256([]byte(s.Location))
	return hex.EncodeToString(sum[:16])
}
