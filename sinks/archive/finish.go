package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"weir/decode/atomicfile"
)

// Entry is a line of the manifest.
type Entry struct {
	File   string    `json:"file"` // below the archive's folder
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	Events int       `json:"events"`
	Hour   string    `json:"hour"` // 2006-01-02-15, UTC
	Made   time.Time `json:"made"`
}

const manifestName = "manifest.jsonl"

// maxLine bounds an event, bytes; NSQ's limit is far below.
const maxLine = 16 << 20

// readManifest returns the finished files of an archive. A line that is torn is the
// last of a process that was killed.
func readManifest(dir string) (all []Entry, err error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	for line := range bytes.Lines(b) {
		var e Entry
		if json.Unmarshal(line, &e) == nil && e.File != "" {
			all = append(all, e)
		}
	}
	return all, nil
}

// lineWriter is a format of finished files.
type lineWriter interface {
	Add(line []byte) error
	Close() error
}

// finish makes a part a finished file, lists it and removes the part.
func (a *Archive) finish(p *part) (err error) {
	defer p.f.Close()
	stem := strings.TrimSuffix(filepath.Base(p.f.Name()), partSuffix)
	day, err := time.Parse(hourForm, p.hour)
	if err != nil {
		return fmt.Errorf("%s: not a part of an archive", p.f.Name())
	}
	_, id, _ := strings.Cut(stem, "_")
	suffix := ".jsonl.zst"
	if a.o.Format == Parquet {
		suffix = ".parquet"
	}
	e := Entry{File: day.Format("2006/01/02/15") + "-" + id + suffix, Hour: p.hour, Made: time.Now().UTC().Truncate(time.Second)}
	final := filepath.Join(a.o.Dir, filepath.FromSlash(e.File))
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return err
	}
	tmp := final + ".new"
	out, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	counted := &counter{w: io.MultiWriter(out, sum)}
	e.Events, err = a.convert(p.f, counted)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		os.Remove(tmp)
		return err
	}
	if e.Events == 0 {
		return errors.Join(os.Remove(tmp), os.Remove(p.f.Name()))
	}
	e.Bytes, e.SHA256 = counted.n, hex.EncodeToString(sum.Sum(nil))
	if err := errors.Join(os.Rename(tmp, final), atomicfile.SyncDir(filepath.Dir(final)), a.list(e)); err != nil {
		return err
	}
	a.o.Finished(e)
	return os.Remove(p.f.Name())
}

// convert writes the whole lines of a part as a finished file. What does not decode
// at its end was torn by a kill.
func (a *Archive) convert(part *os.File, w io.Writer) (n int, err error) {
	dec, err := zstd.NewReader(io.NewSectionReader(part, 0, 1<<62), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	defer dec.Close()
	var to lineWriter
	if a.o.Format == Parquet {
		to = NewParquet(w)
	} else if to, err = newLines(w); err != nil {
		return 0, err
	}
	in := bufio.NewScanner(dec)
	in.Buffer(make([]byte, 64<<10), maxLine)
	in.Split(wholeLines)
	for in.Scan() {
		if err := to.Add(in.Bytes()); err != nil {
			return n, err
		}
		n++
	}
	if err := in.Err(); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, errors.Join(fmt.Errorf("read %s: %w", part.Name(), err), to.Close())
	}
	return n, to.Close()
}

// wholeLines is bufio.ScanLines without what has no line feed behind it.
func wholeLines(b []byte, _ bool) (int, []byte, error) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return 0, nil, nil
	}
	return i + 1, b[:i], nil
}

// list adds a line to the manifest.
func (a *Archive) list(e Entry) error {
	line, err := json.Marshal(&e)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(a.o.Dir, manifestName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// One write: several archives may share a folder.
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}

// lines are JSON lines in one zstd frame.
type lines struct{ enc *zstd.Encoder }

func newLines(w io.Writer) (*lines, error) {
	enc, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1))
	return &lines{enc}, err
}

// Add implements lineWriter.
func (l *lines) Add(line []byte) error {
	if _, err := l.enc.Write(line); err != nil {
		return err
	}
	_, err := l.enc.Write([]byte{'\n'})
	return err
}

// Close implements lineWriter.
func (l *lines) Close() error { return l.enc.Close() }
