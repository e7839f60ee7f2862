package file

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"hash"
)

// Hashes say which digests are wanted.
type Hashes uint8

// Digests.
const (
	MD5 Hashes = 1 << iota
	SHA1
	SHA256
	hashKinds = iota
)

var newHash = [hashKinds]func() hash.Hash{md5.New, sha1.New, sha256.New}

// HashByName returns the digest that the configuration calls md5, sha1 or sha256.
func HashByName(name string) (Hashes, bool) {
	h, ok := map[string]Hashes{"md5": MD5, "sha1": SHA1, "sha256": SHA256}[name]
	return h, ok
}

// Want asks for digests. It reports false if bytes that they need are gone.
func (f *File) Want(h Hashes) bool {
	h &^= f.want
	if h == 0 {
		return true
	}
	held := f.hold || f.Size == 0
	if !held {
		return false
	}
	f.want |= h
	for i, x := range f.hashes {
		if x != nil && h&(1<<i) != 0 {
			x.Reset()
		}
	}
	f.hash(h, f.window)
	return true
}

// digest returns the running digest i, which it makes on first use.
func (f *File) digest(i int) hash.Hash {
	if f.hashes[i] == nil {
		f.hashes[i] = newHash[i]()
	}
	return f.hashes[i]
}

// hash adds bytes to these digests.
func (f *File) hash(which Hashes, b []byte) {
	if which == 0 || len(b) == 0 {
		return
	}
	for i := range f.hashes {
		if which&(1<<i) != 0 {
			f.digest(i).Write(b)
		}
	}
}

// sum ends those of these digests that are wanted and not ready.
func (f *File) sum(which Hashes) {
	out := [hashKinds][]byte{f.MD5[:0], f.SHA1[:0], f.SHA256[:0]}
	for i := range f.hashes {
		if bit := Hashes(1 << i); which&f.want&^f.Have&bit != 0 {
			f.digest(i).Sum(out[i])
			f.Have |= bit
		}
	}
}
