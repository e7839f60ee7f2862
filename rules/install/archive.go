package install

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of what a source holds.
const (
	maxUnpacked = 1 << 30 // bytes of one archive
	maxFiles    = 10000   // in one archive or folder
)

// file is a file of rules.
type file struct {
	name string // as the source calls it; no path of this machine's
	text []byte
}

// unpack returns the rule files of a source: it is a gzip or zip archive by its
// first bytes, else rules.
func unpack(name string, b []byte) ([]file, error) {
	switch {
	case bytes.HasPrefix(b, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil, err
		}
		plain, err := readAll(z, maxUnpacked)
		if err != nil {
			return nil, err
		}
		if isTar(plain) {
			return untar(plain)
		}
		return []file{{strings.TrimSuffix(name, ".gz"), plain}}, nil
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		return unzip(b)
	case isTar(b):
		return untar(b)
	}
	return []file{{name, b}}, nil
}

// isTar reports whether b has the magic of POSIX.1-1988 and of GNU archives.
func isTar(b []byte) bool { return len(b) > 262 && string(b[257:262]) == "ustar" }

func readAll(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("unpacks to more than %d bytes", limit)
	}
	return b, err
}

func isRules(name string) bool {
	return strings.HasSuffix(name, ".rules") && !strings.HasPrefix(path.Base(name), ".")
}

func untar(b []byte) (files []file, err error) {
	r := tar.NewReader(bytes.NewReader(b))
	for n := 0; ; n++ {
		h, err := r.Next()
		if err == io.EOF {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if n >= maxFiles {
			return nil, fmt.Errorf("more than %d files in the archive", maxFiles)
		}
		if h.Typeflag != tar.TypeReg || !isRules(h.Name) {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		files = append(files, file{h.Name, text})
	}
}

func unzip(b []byte) (files []file, err error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxFiles {
		return nil, fmt.Errorf("more than %d files in the archive", maxFiles)
	}
	left := int64(maxUnpacked)
	for _, e := range z.File {
		if !e.Mode().IsRegular() || !isRules(e.Name) {
			continue
		}
		r, err := e.Open()
		if err != nil {
			return nil, err
		}
		text, err := readAll(r, left)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		left -= int64(len(text))
		files = append(files, file{e.Name, text})
	}
	return files, nil
}

// local returns the rule files of a file, a folder or a pattern.
func local(name string, maxSize int64) ([]file, error) {
	names := []string{name}
	st, err := os.Stat(name)
	switch {
	case err == nil && st.IsDir():
		names, err = filepath.Glob(filepath.Join(name, "*.rules"))
	case err != nil:
		var found []string
		if found, _ = filepath.Glob(name); len(found) > 0 {
			names, err = found, nil
		}
	}
	if err != nil {
		return nil, err
	}
	if len(names) > maxFiles {
		return nil, fmt.Errorf("%s: more than %d files", name, maxFiles)
	}
	slices.Sort(names)
	var all []file
	for _, n := range names {
		b, err := readFile(n, maxSize)
		if err != nil {
			return nil, err
		}
		files, err := unpack(n, b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, err)
		}
		all = append(all, files...)
	}
	return all, nil
}

// readFile reads a regular file within a bound.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("is no regular file")}
	}
	if st.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("%d bytes: want at most %d", st.Size(), limit)}
	}
	return io.ReadAll(f)
}
