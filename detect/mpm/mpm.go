package mpm

import (
	"errors"
	"fmt"
)

// MaxPattern is the longest literal in bytes; contents of rules are shorter.
const MaxPattern = 1<<16 - 1

// maxPatterns bounds a set so that every index fits in 24 bits.
const maxPatterns = 1 << 22

// A Pattern is one literal to look for.
type Pattern struct {
	ID     uint32 // reported when the pattern is found; several patterns may share it
	Bytes  []byte // 1 to MaxPattern bytes; not kept by Build
	Nocase bool   // ASCII letters match in either case

	// A match must start at Offset or later and end at Depth or earlier, in
	// bytes from the beginning of the buffer or stream. Depth 0 is no limit.
	Offset, Depth int

	// End asks that the match ends exactly where the buffer or stream ends.
	End bool
}

// Kind says what a set will mostly be scanned against. It affects speed alone.
type Kind uint8

// Kinds of buffers.
const (
	Short  Kind = iota // names, methods, header values, URIs: some tens of bytes
	Stream             // payloads, reassembled streams, bodies: hundreds of bytes and more
)

// String returns the kind's name.
func (k Kind) String() string {
	if k == Stream {
		return "stream"
	}
	return "short"
}

// Options tune Build.
type Options struct {
	Kind Kind
	CPU  CPU // kernels to build for; Auto is this machine's best
}

var errEmpty = errors.New("empty pattern")

// check refuses what could never match or does not fit.
func (p *Pattern) check() error {
	switch n := len(p.Bytes); {
	case n == 0:
		return errEmpty
	case n > MaxPattern:
		return fmt.Errorf("%d bytes: want at most %d", n, MaxPattern)
	case p.Offset < 0 || p.Depth < 0 || p.Offset > maxBound || p.Depth > maxBound:
		return fmt.Errorf("offset %d, depth %d: want 0 to %d", p.Offset, p.Depth, maxBound)
	case p.Depth > 0 && p.Depth-p.Offset < n:
		return fmt.Errorf("offset %d, depth %d leave no room for %d bytes", p.Offset, p.Depth, n)
	}
	return nil
}

// Build compiles the patterns. The result depends on its arguments alone.
func Build(ps []Pattern, opt Options) (*Set, error) {
	if len(ps) > maxPatterns {
		return nil, fmt.Errorf("mpm: %d patterns: want at most %d", len(ps), maxPatterns)
	}
	cpu, err := opt.CPU.resolve()
	if err != nil {
		return nil, err
	}
	s := &Set{kind: opt.Kind, cpu: cpu, npats: len(ps)}
	if err := s.addLiterals(ps); err != nil {
		return nil, err
	}
	s.plan()
	return s, nil
}

// A Set is a compiled set of patterns.
type Set struct {
	kind   Kind
	cpu    CPU
	npats  int
	maxLen int  // longest literal
	anyEnd bool // some constraint has End

	ids   []uint32     // slot -> caller's id
	lits  []literal    // distinct literals
	cons  []constraint // where literals must lie
	arena []byte       // bytes of the literals

	singles []int32 // literals of one byte
	parts   []part
}

// Len returns the number of patterns the set was built from.
func (s *Set) Len() int { return s.npats }

// MaxLen returns the length of the longest pattern.
func (s *Set) MaxLen() int { return s.maxLen }

// Memory returns the size of the set in bytes.
func (s *Set) Memory() int {
	n := len(s.ids)*4 + len(s.lits)*literalSize + len(s.cons)*constraintSize + len(s.arena)
	for i := range s.parts {
		n += s.parts[i].memory()
	}
	return n
}
