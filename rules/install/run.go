package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"weir/decode/atomicfile"
	"weir/rules"
)

// Options are those of an update.
type Options struct {
	Dir     string // where the set stands; made if it is not there
	Name    string // of the file in it
	Sources []Source
	Filters *Filters // nil without

	Offline bool // download nothing
	DryRun  bool // install nothing
	Timeout time.Duration
	MaxSize int64 // of one download or file, bytes

	// Check loads a rule file as the engine would. The error is about the set as a
	// whole; rules that cannot be used are returned.
	Check func(ctx context.Context, name string) (loaded int, broken []*rules.Error, err error)
	// MaxBroken is the share of enabled rules, in percent, above which a set that
	// has so many broken ones is not installed.
	MaxBroken float64

	Agent    string // User-Agent of downloads
	Progress func(source string, done, total int64)
	Warn     func(format string, args ...any)
}

// Result tells what an update has done.
type Result struct {
	File      string // of the set
	Rules     int    // in it, disabled ones too
	Enabled   int
	Loaded    int // of them, as the check has found
	Broken    []*rules.Error
	Applied   Applied
	Diff      *Diff
	Installed bool // the file is another now
}

// stateDir is the folder in Options.Dir for downloads and the lock.
const stateDir = ".weir-update"

// previous is what the name of the set before ends in.
const previous = ".previous"

// Run makes the set of the sources and installs it.
func Run(ctx context.Context, o *Options) (*Result, error) {
	if len(o.Sources) == 0 {
		return nil, errors.New("no sources")
	}
	unlock, err := lock(o.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	next, err := o.collect(ctx)
	if err != nil {
		return nil, err
	}
	res := &Result{File: filepath.Join(o.Dir, o.Name)}
	if o.Filters != nil {
		var errs []error
		res.Applied, errs = o.Filters.apply(next)
		for _, err := range errs {
			o.Warn("%v", err)
		}
	}
	res.Rules, res.Enabled = len(next.order), next.enabled()
	if res.Rules == 0 {
		return nil, errors.New("the sources hold no rules")
	}
	now, err := readSet(res.File)
	if err != nil {
		return nil, err
	}
	res.Diff = diff(now, next)
	return res, o.install(ctx, next, res)
}

// collect reads all sources.
func (o *Options) collect(ctx context.Context) (*set, error) {
	f := &fetcher{
		dir: filepath.Join(o.Dir, stateDir), offline: o.Offline, timeout: o.Timeout, maxSize: o.MaxSize, agent: o.Agent,
		client: client(), progress: o.Progress, warn: o.Warn,
	}
	all := newSet()
	for i := range o.Sources {
		s := &o.Sources[i]
		if err := s.check(); err != nil {
			return nil, err
		}
		files, err := o.files(ctx, f, s)
		if err != nil {
			return nil, err
		}
		before := len(all.order)
		for _, file := range files {
			for _, e := range all.parse(file) {
				o.Warn("%v", e)
			}
		}
		if len(all.order) == before {
			o.Warn("%s: no rules that other sources have not", s)
		}
	}
	return all, nil
}

func (o *Options) files(ctx context.Context, f *fetcher, s *Source) ([]file, error) {
	if !s.remote() {
		return local(s.file(), o.MaxSize)
	}
	b, _, err := f.get(ctx, s)
	if err != nil {
		return nil, err
	}
	files, err := unpack(path.Base(s.String()), b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	return files, nil
}

// readSet reads an installed set; empty if there is none.
func readSet(name string) (*set, error) {
	s := newSet()
	b, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s.parse(file{name, b})
	return s, nil
}

// install checks the set and puts it into the place of the one before.
func (o *Options) install(ctx context.Context, next *set, res *Result) error {
	f, err := os.CreateTemp(filepath.Join(o.Dir, stateDir), "*.rules")
	if err != nil {
		return err
	}
	name := f.Name()
	defer os.Remove(name)
	_, err = f.Write(next.file())
	if err = errors.Join(err, f.Chmod(modeOf(res.File)), f.Sync(), f.Close()); err != nil {
		return err
	}
	if o.Check != nil {
		if res.Loaded, res.Broken, err = o.Check(ctx, name); err != nil {
			return fmt.Errorf("the new set cannot be used, the old one stays: %w", err)
		}
		for _, e := range res.Broken {
			if e.Pos.File == name {
				e.Pos.File = res.File
			}
		}
		if n := len(res.Broken); float64(n)*100 > o.MaxBroken*float64(res.Enabled) {
			return fmt.Errorf("%d of %d rules of the new set cannot be used, the old one stays; the first: %w", n, res.Enabled, res.Broken[0])
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if o.DryRun || res.Diff.Empty() && exists(res.File) {
		return nil
	}
	if err := keepPrevious(res.File); err != nil {
		return err
	}
	if err := os.Rename(name, res.File); err != nil {
		return err
	}
	res.Installed = true
	return atomicfile.SyncDir(o.Dir)
}

// modeOf returns the permissions of a file, or those of a new rule file.
func modeOf(name string) os.FileMode {
	if st, err := os.Stat(name); err == nil {
		return st.Mode().Perm()
	}
	return 0o644
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// keepPrevious makes the set that stands there the previous one, too.
func keepPrevious(name string) error {
	if !exists(name) {
		return nil
	}
	aside := name + previous + ".new"
	os.Remove(aside)
	if err := os.Link(name, aside); err != nil {
		// A file system without links.
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if err := atomicfile.WriteSynced(aside, b, modeOf(name)); err != nil {
			return err
		}
	}
	return os.Rename(aside, name+previous)
}

// Rollback changes the set and the one before it for one another; a second
// Rollback changes them back.
func Rollback(dir, name string) (*Result, error) {
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	file := filepath.Join(dir, name)
	if !exists(file + previous) {
		return nil, fmt.Errorf("%s: there is no set before it", file)
	}
	now, err := readSet(file)
	if err != nil {
		return nil, err
	}
	next, err := readSet(file + previous)
	if err != nil {
		return nil, err
	}
	back := filepath.Join(dir, stateDir, "rollback.rules")
	os.Remove(back)
	if err := os.Link(file+previous, back); err != nil {
		return nil, err
	}
	defer os.Remove(back)
	if err := keepPrevious(file); err != nil {
		return nil, err
	}
	if err := os.Rename(back, file); err != nil {
		return nil, err
	}
	return &Result{File: file, Rules: len(next.order), Enabled: next.enabled(), Diff: diff(now, next), Installed: true}, atomicfile.SyncDir(dir)
}

// lock makes the folders and keeps others from updating there.
func lock(dir string) (unlock func(), err error) {
	state := filepath.Join(dir, stateDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(state, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := private(state); err != nil {
		return nil, err
	}
	name := filepath.Join(state, "lock")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another update is at work in %s", dir)
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return func() { f.Close() }, nil
}

// private refuses a folder that others could write to or that belongs to them.
func private(dir string) error {
	st, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !st.IsDir() || st.Mode().Perm()&0o077 != 0 || !ok || int(sys.Uid) != os.Geteuid() {
		return fmt.Errorf("%s: want a folder of the user's own that nobody else may open (0700)", dir)
	}
	return nil
}
