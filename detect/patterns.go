package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"

	"weir/decode/field"
	"weir/detect/mpm"
)

// patternSet is a set of fast patterns. The set knows them by their place in it,
// not by rule: so it stays the same when other rules come or go.
type patternSet struct {
	pats []mpm.Pattern // until the set is built
	set  *mpm.Set
	sigs []uint32 // rule of each pattern, in the order of inspection
}

func (p *patternSet) add(s *signature) {
	f := s.fast
	if f.depth > 0 && f.depth-f.offset < len(f.pattern) {
		f.depth = f.offset + len(f.pattern)
	}
	p.pats = append(p.pats, mpm.Pattern{
		ID: uint32(len(p.pats)), Bytes: f.pattern, Nocase: f.nocase, Offset: f.offset, Depth: f.depth, End: f.end,
	})
	p.sigs = append(p.sigs, uint32(s.order))
}

// SetKey stands for what a compiled set of patterns is made of.
type SetKey [sha256.Size]byte

// SetCache keeps compiled sets from one load to the next.
type SetCache interface {
	// Get returns what was kept under a key, or nil. It must not change any more.
	Get(key SetKey) []byte
	Put(key SetKey, data []byte)
}

// minKept is the least number of patterns of a set that is worth keeping:
// compiling fewer takes no time.
const minKept = 64

// setBuilder compiles pattern sets. Equal ones are shared: protocols of one family
// (http) have buffers with the same rules.
type setBuilder struct {
	cache SetCache // may be nil
	built map[SetKey]*mpm.Set
}

// build compiles one set; kind is that of its buffers.
func (b *setBuilder) build(p *patternSet, kind mpm.Kind) (err error) {
	if p == nil || len(p.pats) == 0 {
		return nil
	}
	key := p.key(kind)
	if p.set = b.built[key]; p.set == nil {
		if p.set, err = b.compile(key, p.pats, kind); err != nil {
			return err
		}
		b.built[key] = p.set
	}
	p.pats, p.sigs = nil, exact(p.sigs)
	return nil
}

// compile takes a set from the cache, or compiles it and puts it there.
func (b *setBuilder) compile(key SetKey, pats []mpm.Pattern, kind mpm.Kind) (*mpm.Set, error) {
	cached := b.cache != nil && len(pats) >= minKept
	if cached {
		if data := b.cache.Get(key); data != nil {
			if set, err := mpm.Load(data); err == nil {
				return set, nil // else it is damaged, and replaced
			}
		}
	}
	set, err := mpm.Build(pats, mpm.Options{Kind: kind})
	if err != nil || !cached {
		return set, err
	}
	if data, err := set.MarshalBinary(); err == nil {
		b.cache.Put(key, data)
	}
	return set, nil
}

// key returns what equal sets have in common.
func (p *patternSet) key(kind mpm.Kind) SetKey {
	b := append(make([]byte, 0, 32*len(p.pats)), mpm.Version, byte(mpm.Best()), byte(kind))
	for i := range p.pats {
		x := &p.pats[i]
		b = binary.AppendUvarint(b, uint64(len(x.Bytes)))
		b = append(b, x.Bytes...)
		b = binary.AppendUvarint(b, uint64(x.Offset))
		b = binary.AppendUvarint(b, uint64(x.Depth))
		b = strconv.AppendBool(strconv.AppendBool(b, x.Nocase), x.End)
	}
	return sha256.Sum256(b)
}

// buildSets compiles all pattern sets.
func (e *Engine) buildSets() error {
	b := setBuilder{e.opt.Sets, map[SetKey]*mpm.Set{}}
	var all []*patternSet
	group := func(g *ruleGroup) {
		all = append(all, &g.any)
		for s := range g.byPort.all {
			all = append(all, s)
		}
		all = append(all, g.byApp...)
	}
	for t := range e.payload {
		for d := range e.payload[t] {
			group(&e.payload[t][d])
		}
	}
	for d := range e.stream {
		group(&e.stream[d])
	}
	for _, s := range all {
		if err := b.build(s, mpm.Stream); err != nil {
			return err
		}
	}
	for i := range e.app {
		for d := range e.app[i] {
			for _, buf := range e.app[i][d].buffers {
				kind := mpm.Short
				if buf.def.Kind == field.KindBody {
					kind = mpm.Stream
				}
				if err := b.build(&buf.patternSet, kind); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
