// Package atomicfile puts contents in the place of a file in one step: who reads it,
// or finds it after a crash of this process, has the old contents or the new. One that
// is killed may leave a file beside it, with a dot, a number and a dot before its name.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// Write makes b the contents of a file. After a power failure the file may be
// damaged: for what can be made again.
func Write(name string, b []byte, mode os.FileMode) error { return write(name, b, mode, false) }

// WriteSynced is Write that is on the disk when it returns.
func WriteSynced(name string, b []byte, mode os.FileMode) error { return write(name, b, mode, true) }

func write(name string, b []byte, mode os.FileMode, sync bool) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, ".*."+filepath.Base(name))
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(mode))
	if sync && err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	if sync {
		return SyncDir(dir)
	}
	return nil
}

// SyncDir puts on the disk which names a folder has.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
