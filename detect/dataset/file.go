package dataset

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"weir/decode/atomicfile"
)

// Format is how a set's file is written.
type Format uint8

// Formats of files: one value a line, perhaps with a reputation behind a comma;
// one JSON value that has an array of objects; an object a line.
const (
	CSV Format = iota
	JSON
	JSONLines
)

// ParseFormat returns the format of a name.
func ParseFormat(name string) (Format, error) {
	switch name {
	case "csv":
		return CSV, nil
	case "json":
		return JSON, nil
	case "jsonline", "ndjson":
		return JSONLines, nil
	}
	return 0, fmt.Errorf("format %q: want csv, json, jsonline or ndjson", name)
}

// Spec says what a set is.
type Spec struct {
	Name   string
	Type   Type
	Load   string // file that it begins with
	Save   string // file that it is written to at the end
	Memcap uint64 // bytes
	// Optional: the file that it begins with need not exist.
	Optional bool
	// Reputation: each value has one.
	Reputation bool
	// Subdomains: a value also stands for what ends in it, at a dot.
	Subdomains bool

	Format    Format
	ValueKey  string // path of the value in an object, parts joined by dots
	ArrayKey  string // path of the array in a JSON value; empty: it is the array
	RemoveKey bool   // the value is left out of its object
}

// Is reports whether a set is the one that a spec describes, but for its memory.
func (s *Set) Is(o *Spec) bool {
	a, b := s.spec, *o
	a.Memcap, b.Memcap = 0, 0
	return a == b
}

// maxLine bounds a line of a file, bytes.
const maxLine = 1 << 20

// Open makes the set of a spec from its file.
func Open(spec Spec) (*Set, error) {
	s := &Set{spec: spec}
	if err := s.fill(); err != nil {
		return nil, err
	}
	return s, nil
}

// Reset makes a writable set what it was when it was opened, or what its file
// holds now.
func (s *Set) Reset() error {
	if !s.writable {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fill()
}

// fill reads the set's file.
func (s *Set) fill() error {
	s.entries, s.objects, s.memuse, s.refused, s.changed = map[string]uint32{}, nil, 0, 0, false
	if s.spec.Load == "" {
		return nil
	}
	text, err := os.ReadFile(s.spec.Load)
	if err != nil {
		if s.spec.Optional && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if s.spec.Format == CSV {
		err = s.readLines(text)
	} else {
		err = s.readObjects(text)
	}
	if err != nil {
		return err
	}
	if s.refused > 0 {
		return fmt.Errorf("%s: %d values do not fit the memcap of %d bytes", s.spec.Load, s.refused, s.spec.Memcap)
	}
	return nil
}

// readLines takes the values of a file of lines.
func (s *Set) readLines(text []byte) error {
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, maxLine)
	n := 1
	for ; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		value, rest, has := strings.Cut(line, ",")
		var rep uint64
		var err error
		if s.spec.Reputation {
			if !has {
				err = fmt.Errorf("value %q: want a reputation behind a comma", line)
			} else if rep, err = strconv.ParseUint(strings.TrimSpace(rest), 10, 16); err != nil {
				err = fmt.Errorf("reputation %q: want 0 to 65535", rest)
			}
		}
		var key []byte
		if err == nil {
			key, err = s.decode(strings.TrimSpace(value))
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %w", s.spec.Load, n, err)
		}
		if _, have := s.entries[string(key)]; !have {
			s.put(key, uint32(rep))
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("%s:%d: %w", s.spec.Load, n, err)
	}
	return nil
}

// decode turns the text of a value in a file of lines into its bytes.
func (s *Set) decode(text string) ([]byte, error) {
	if s.spec.Type != String {
		return plainValue(text, s.spec.Type)
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) == 0 {
		return nil, fmt.Errorf("value %q: want base64", text)
	}
	return b, nil
}

// plainValue turns the text of a digest or an address into its bytes.
func plainValue(text string, t Type) ([]byte, error) {
	size := 16
	switch t {
	case IPv4, IP:
		return addressOf(text, t)
	case SHA256:
		size = 32
	}
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != size {
		return nil, fmt.Errorf("value %q: want %d hexadecimal digits", text, 2*size)
	}
	return b, nil
}

// encode is the inverse of decode.
func (s *Set) encode(key string) string {
	switch s.spec.Type {
	case MD5, SHA256:
		return hex.EncodeToString([]byte(key))
	case IPv4, IP:
		a, _ := netip.AddrFromSlice([]byte(key))
		return a.Unmap().String()
	}
	return base64.StdEncoding.EncodeToString([]byte(key))
}

// Store writes the set to its file, if it has one and has changed or the file is
// not there: to another file first, which then takes its name. Values are in
// order, so that the same set gives the same bytes.
func (s *Set) Store() error {
	if s.spec.Save == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changed && s.spec.Save == s.spec.Load {
		if _, err := os.Stat(s.spec.Save); err == nil {
			return nil
		}
	}
	keys := make([]string, 0, len(s.entries))
	for k := range s.entries {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b bytes.Buffer
	for _, k := range keys {
		b.WriteString(s.encode(k))
		if s.spec.Reputation {
			fmt.Fprintf(&b, ",%d", s.entries[k])
		}
		b.WriteByte('\n')
	}
	if err := replaceFile(s.spec.Save, b.Bytes()); err != nil {
		return fmt.Errorf("save set %s: %w", s.spec.Name, err)
	}
	s.changed = false
	return nil
}

// replaceFile gives a file new contents, all or nothing.
func replaceFile(name string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteSynced(name, b, 0o644)
}
