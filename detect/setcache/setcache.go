// Package setcache keeps compiled pattern sets on disk for the next start.
//
// A Cache is one file of sets, each under a key that stands for all that it was
// made of. What one load has used is what the file holds afterwards: sets that no
// rule needs any more go. Files lie in a folder that is the user's alone; a file
// or folder of somebody else's, or one that others could write to, is not used,
// nor is a file that is damaged or of another build of the program: then
// everything is compiled anew. A file is put into place in one step, so that
// processes do not disturb one another.
package setcache

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"weir/decode/atomicfile"
	"weir/detect"
)

// A file is a header, an index, and the sets, each at a multiple of eight bytes:
//
//	0   magic, 8 bytes
//	8   CRC-32C of everything from byte 16 on, 4; 4 more are 0
//	16  SHA-256 of the build, 32
//	48  number of sets, 8
//	56  for each: key, 32; offset, 8; length, 8
//
// Numbers are little-endian.
const (
	magic      = "weirset1"
	headerSize = 56
	entrySize  = sha256.Size + 16
	suffix     = ".weirset"

	maxFile   = 256 << 20 // bytes; a larger file is neither written nor read
	maxFolder = 512 << 20 // of all files; the oldest go
	maxSets   = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Cache implements detect.SetCache over one file.
type Cache struct {
	name  string
	build [sha256.Size]byte
	sets  map[detect.SetKey][]byte // as read
	used  map[detect.SetKey][]byte
	fresh bool // something of used is not in the file
}

// Open reads the cache of name, which stands for what is loaded: the sets of
// different names do not displace one another. build names the program; the sets
// of another are not used. Without an error, the cache can be used, though it may
// be empty.
func Open(dir, name, build string) (*Cache, error) {
	if err := folder(dir); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(name))
	c := &Cache{
		name: filepath.Join(dir, fmt.Sprintf("%x%s", sum[:12], suffix)), build: sha256.Sum256([]byte(build)),
		used: map[detect.SetKey][]byte{},
	}
	b, err := read(c.name)
	if err == nil {
		c.sets, err = parse(b, c.build)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errDamaged) {
		err = nil
	}
	return c, err
}

// folder makes dir, if need be, and refuses one that is not the user's alone.
func folder(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	return own(dir, st)
}

// own refuses what belongs to somebody else, and what others may touch.
func own(name string, st os.FileInfo) error {
	if sys, ok := st.Sys().(*syscall.Stat_t); !ok || int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to another user", name)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s has permissions %#o: want none for others", name, st.Mode().Perm())
	}
	return nil
}

// read returns a file of the user's own, in memory that sets can lie in.
func read(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if err := own(name, st); err != nil {
		return nil, err
	}
	n := st.Size()
	if !st.Mode().IsRegular() || n < headerSize || n > maxFile {
		return nil, errDamaged
	}
	words := make([]uint64, (n+7)/8)
	b := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), n)
	if _, err := io.ReadFull(f, b); err != nil {
		return nil, errDamaged
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now) // the oldest files go first; without it, too
	return b, nil
}

var errDamaged = errors.New("no usable file")

// parse returns the sets of a file.
func parse(b []byte, build [sha256.Size]byte) (map[detect.SetKey][]byte, error) {
	le := binary.LittleEndian
	if len(b) < headerSize || string(b[:8]) != magic || [sha256.Size]byte(b[16:48]) != build ||
		le.Uint32(b[8:]) != crc32.Checksum(b[16:], castagnoli) {
		return nil, errDamaged
	}
	n := le.Uint64(b[48:])
	if n > maxSets || n > uint64(len(b)-headerSize)/entrySize {
		return nil, errDamaged
	}
	sets := make(map[detect.SetKey][]byte, n)
	for i := range int(n) {
		e := b[headerSize+i*entrySize:]
		at, size := le.Uint64(e[sha256.Size:]), le.Uint64(e[sha256.Size+8:])
		if at%8 != 0 || at > uint64(len(b)) || size > uint64(len(b))-at {
			return nil, errDamaged
		}
		sets[detect.SetKey(e[:sha256.Size])] = b[at : at+size : at+size]
	}
	return sets, nil
}

// Get implements detect.SetCache.
func (c *Cache) Get(key detect.SetKey) []byte {
	b := c.sets[key]
	if b != nil {
		c.used[key] = b
	}
	return b
}

// Put implements detect.SetCache.
func (c *Cache) Put(key detect.SetKey, data []byte) {
	c.used[key], c.fresh = data, true
}

// Hits returns how many sets were taken, and how many had to be compiled.
func (c *Cache) Hits() (taken, compiled int) {
	for key := range c.used {
		if _, ok := c.sets[key]; ok {
			taken++
		}
	}
	return taken, len(c.used) - taken
}

// Close writes the sets used, if they are not what the file holds, and removes
// the files used least if there are too many. The cache is at its end.
func (c *Cache) Close() error {
	if !c.fresh {
		return nil
	}
	b := c.file()
	c.sets, c.used, c.fresh = nil, nil, false
	if len(b) > maxFile {
		return nil
	}
	if err := atomicfile.Write(c.name, b, 0o600); err != nil {
		return err
	}
	prune(filepath.Dir(c.name), c.name)
	return nil
}

// file returns the file of the sets used.
func (c *Cache) file() []byte {
	le := binary.LittleEndian
	keys := make([]detect.SetKey, 0, len(c.used))
	for k := range c.used {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b detect.SetKey) int { return strings.Compare(string(a[:]), string(b[:])) })
	b := make([]byte, headerSize+len(keys)*entrySize)
	for i, k := range keys {
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
		e := b[headerSize+i*entrySize:]
		copy(e, k[:])
		le.PutUint64(e[sha256.Size:], uint64(len(b)))
		le.PutUint64(e[sha256.Size+8:], uint64(len(c.used[k])))
		b = append(b, c.used[k]...)
	}
	copy(b, magic)
	copy(b[16:], c.build[:])
	le.PutUint64(b[48:], uint64(len(keys)))
	le.PutUint32(b[8:], crc32.Checksum(b[16:], castagnoli))
	return b
}

// abandoned is when a temporary file has been left behind by a process that died.
const abandoned = time.Hour

// prune removes the files used least until the rest fits, and never keep.
func prune(dir, keep string) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type entry struct {
		name string
		used time.Time
		size int64
	}
	var files []entry
	total := int64(0)
	for _, d := range list {
		st, err := d.Info()
		if err != nil || !strings.HasSuffix(d.Name(), suffix) || !st.Mode().IsRegular() {
			continue
		}
		name := filepath.Join(dir, d.Name())
		if d.Name()[0] == '.' {
			if time.Since(st.ModTime()) > abandoned {
				os.Remove(name)
			}
			continue
		}
		total += st.Size()
		if name != keep {
			files = append(files, entry{name, st.ModTime(), st.Size()})
		}
	}
	slices.SortFunc(files, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, f := range files {
		if total <= maxFolder {
			return
		}
		if os.Remove(f.name) == nil {
			total -= f.size
		}
	}
}
