// Package dataset holds the sets in which rules look values up: plain ones,
// reputations, and values with a JSON object each.
//
// A set is filled from its file when it is made. One that no rule changes is
// only read from then on, by any goroutine. Readers and writers of a writable
// set see each other's changes; whoever needs an order among them has to provide
// it.
package dataset

import (
	"fmt"
	"net/netip"
	"sync"
)

// Type is the kind of values in a set.
type Type uint8

// Kinds of values.
const (
	String Type = iota + 1
	MD5
	SHA256
	IPv4
	IP
)

var types = map[string]Type{"string": String, "md5": MD5, "sha256": SHA256, "ipv4": IPv4, "ip": IP}

// ParseType returns the type of a name.
func ParseType(name string) (Type, error) {
	if t, ok := types[name]; ok {
		return t, nil
	}
	return 0, fmt.Errorf("type %q: want string, md5, sha256, ipv4 or ip", name)
}

// entryBytes is what an entry takes besides its value, bytes.
const entryBytes = 64

// Set is a set of values.
type Set struct {
	spec Spec

	mu      sync.RWMutex
	entries map[string]uint32 // value: 0, a reputation, or 1 + its index in objects
	objects []string          // JSON
	memuse  uint64
	refused uint64 // values for which there was no memory
	changed bool
	// writable: a rule changes the set.
	writable bool
}

// Name returns the name that rules use.
func (s *Set) Name() string { return s.spec.Name }

// Memory returns what the set takes in bytes, and how many values found no
// memory.
func (s *Set) Memory() (memuse, refused uint64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.memuse, s.refused
}

// Len returns the number of values.
func (s *Set) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.entries)
}

// SetWritable notes that values will be added and removed while others look them
// up. It is called before the first look-up.
func (s *Set) SetWritable() { s.writable = true }

// Writable reports whether values are added and removed.
func (s *Set) Writable() bool { return s.writable }

// mapped is what IPv4 addresses begin with when they stand in sixteen bytes.
var mapped = [12]byte{10: 0xff, 11: 0xff}

// key returns the bytes under which b stands in the set; ok is false if b is no
// value of the set's type. buf is scratch.
func (s *Set) key(b []byte, buf *[16]byte) (key []byte, ok bool) {
	switch s.spec.Type {
	case MD5:
		return b, len(b) == 16
	case SHA256:
		return b, len(b) == 32
	case IPv4:
		if len(b) == 16 && [12]byte(b) == mapped {
			b = b[12:]
		}
		return b, len(b) == 4
	case IP:
		if len(b) == 4 {
			copy(buf[:], mapped[:])
			copy(buf[12:], b)
			return buf[:], true
		}
		return b, len(b) == 16
	}
	return b, len(b) > 0
}

// Has reports whether b is in the set.
func (s *Set) Has(b []byte) bool {
	_, ok := s.find(b)
	return ok
}

// Reputation returns the reputation of b.
func (s *Set) Reputation(b []byte) (rep uint16, ok bool) {
	v, ok := s.find(b)
	return uint16(v), ok
}

// Object returns the JSON object that stands with b.
func (s *Set) Object(b []byte) (object string, ok bool) {
	v, ok := s.find(b)
	if !ok || v == 0 {
		return "", ok
	}
	return s.objects[v-1], true
}

func (s *Set) find(b []byte) (v uint32, ok bool) {
	if s.writable {
		s.mu.RLock()
		defer s.mu.RUnlock()
	}
	var buf [16]byte
	key, ok := s.key(b, &buf)
	if !ok {
		return 0, false
	}
	if v, ok = s.entries[string(key)]; ok || !s.spec.Subdomains {
		return v, ok
	}
	// A name also stands for those below it: each part that begins with a dot.
	for i := 1; i < len(key); i++ {
		if key[i] == '.' {
			if v, ok = s.entries[string(key[i:])]; ok {
				return v, true
			}
		}
	}
	return 0, false
}

// Add puts b into the set and reports whether it is new there.
func (s *Set) Add(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var buf [16]byte
	key, ok := s.key(b, &buf)
	if !ok {
		return false
	}
	if _, have := s.entries[string(key)]; have {
		return false
	}
	if !s.put(key, 0) {
		return false
	}
	s.changed = true
	return true
}

// Remove takes b out of the set and reports whether it was there.
func (s *Set) Remove(b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var buf [16]byte
	key, ok := s.key(b, &buf)
	if !ok {
		return false
	}
	if _, have := s.entries[string(key)]; !have {
		return false
	}
	delete(s.entries, string(key))
	s.memuse -= uint64(len(key)) + entryBytes
	s.changed = true
	return true
}

// put adds an entry that is not there, if there is memory.
func (s *Set) put(key []byte, v uint32) bool {
	size := uint64(len(key)) + entryBytes
	if s.memuse+size > s.spec.Memcap {
		s.refused++
		return false
	}
	s.memuse += size
	s.entries[string(key)] = v
	return true
}

// addressOf returns the bytes of an address as they stand in a set of type t.
func addressOf(text string, t Type) ([]byte, error) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return nil, fmt.Errorf("value %q: want an address", text)
	}
	if t == IPv4 {
		if !a.Unmap().Is4() {
			return nil, fmt.Errorf("value %q: want an IPv4 address", text)
		}
		b := a.Unmap().As4()
		return b[:], nil
	}
	b := a.As16()
	return b[:], nil
}
