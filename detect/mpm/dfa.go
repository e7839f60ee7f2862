package mpm

import (
	"unsafe"
)

// A dfa is an Aho-Corasick automaton over classes of folded bytes. Its words
// are windows of at most win bytes, one of each literal.
//
// tab holds a row for each state: the next state for each class, as the index
// of its row, with dfaOut set when it or a suffix of it ends a window; then the
// first entry of the state plus one, then the row of its longest suffix that
// ends a window. Row 0 is the root.
type dfa struct {
	classes [256]uint8
	row     uint32 // length of a row
	win     int    // longest window in bytes
	tab     []uint32
	entries []entry
}

const dfaOut = 1 << 31

// maxDFA bounds the table to 32 MiB.
const maxDFA = 1 << 23

// A trieNode is a state while the words are collected.
type trieNode struct {
	child, sibling int32
	state          uint32 // row index
	fail           uint32 // row index of the longest proper suffix, dfaOut with it
	out            int32  // first word that ends here, -1 for none
	class          uint8
}

// A word is the window of a literal.
type word struct {
	lit  int32
	off  uint16
	n    uint16
	next int32 // next word that ends in the same node
}

// draftDFA collects the windows of the literals, of at most win bytes, where
// the model finds them rarest. Windows are shorter if the table would be too
// large.
func (s *Set) draftDFA(lits []int32, win int) *draftDFA {
	for {
		d := s.collect(lits, win)
		if len(d.nodes)*int(d.dfa.row) <= maxDFA || win == 1 {
			return d
		}
		win = (win + 1) / 2
	}
}

func (s *Set) collect(lits []int32, win int) *draftDFA {
	d := &dfa{}
	dr := &draftDFA{dfa: d, words: make([]word, len(lits))}
	m := traffic()
	var used [256]bool
	for i, li := range lits {
		t := s.text(&s.lits[li])
		n := min(win, len(t))
		off, p := m.rarest(t, n)
		dr.rate += float64(p)
		dr.words[i] = word{lit: li, off: uint16(off), n: uint16(n), next: -1}
		d.win = max(d.win, n)
		for _, c := range t[off : off+n] {
			used[lower(c)] = true
		}
	}
	classes := uint8(1) // class 0: in no window
	for c := range used {
		if used[c] {
			d.classes[c] = classes
			classes++
		}
	}
	for c := 'A'; c <= 'Z'; c++ {
		d.classes[c] = d.classes[c|0x20]
	}
	d.row = uint32(classes) + 2
	dr.nodes = s.trie(d, dr.words)
	return dr
}

// newDFA builds the automaton of a draft.
func (s *Set) newDFA(dr *draftDFA) *dfa {
	dr.dfa.fill(s, traffic(), dr.nodes, dr.words)
	return dr.dfa
}

// trie collects the words.
func (s *Set) trie(d *dfa, words []word) []trieNode {
	nodes := make([]trieNode, 1, 1+len(words)*3)
	nodes[0] = trieNode{out: -1}
	var root [256]int32
	for i := range words {
		w := &words[i]
		at := int32(0)
		t := s.text(&s.lits[w.lit])[w.off : w.off+w.n]
		for k, b := range t {
			c := d.classes[b]
			next := int32(0)
			if k == 0 {
				next = root[c]
			} else {
				for next = nodes[at].child; next != 0 && nodes[next].class != c; {
					next = nodes[next].sibling
				}
			}
			if next == 0 {
				next = int32(len(nodes))
				nodes = append(nodes, trieNode{sibling: nodes[at].child, class: c, out: -1})
				nodes[at].child = next
				if k == 0 {
					root[c] = next
				}
			}
			at = next
		}
		w.next = nodes[at].out
		nodes[at].out = int32(i)
	}
	return nodes
}

// fill makes the rows, breadth first: a row is that of the longest proper
// suffix with the node's own children put in.
func (d *dfa) fill(s *Set, m *model, nodes []trieNode, words []word) {
	row := d.row
	classes := row - 2
	d.tab = make([]uint32, uint32(len(nodes))*row)
	d.entries = make([]entry, 0, len(words))
	queue := make([]int32, 1, len(nodes))
	for q := 0; q < len(queue); q++ {
		nd := &nodes[queue[q]]
		nd.state = uint32(q) * row
		r := d.tab[nd.state : nd.state+row]
		if q > 0 {
			f := nd.fail &^ dfaOut
			copy(r[:classes], d.tab[f:f+classes])
			if nd.fail&dfaOut != 0 {
				r[classes+1] = f
			}
		}
		for k := nd.child; k != 0; k = nodes[k].sibling {
			ch := &nodes[k]
			if q > 0 {
				ch.fail = r[ch.class]
			}
			x := uint32(len(queue)) * row
			if ch.out >= 0 || ch.fail&dfaOut != 0 {
				x |= dfaOut
			}
			r[ch.class] = x
			queue = append(queue, k)
		}
		if nd.out >= 0 {
			r[classes] = uint32(len(d.entries)) + 1
			for w := nd.out; w >= 0; w = words[w].next {
				e := s.entry(m, words[w].lit, int(words[w].off), int(words[w].n))
				e.off = words[w].off + words[w].n
				d.entries = append(d.entries, e)
			}
			d.entries[len(d.entries)-1].how |= entryLast
		}
	}
}

func (d *dfa) memory() int {
	return int(unsafe.Sizeof(*d)) + len(d.tab)*4 + len(d.entries)*entrySize
}

// dfaChains is the shortest buffer worth walking by four chains.
const dfaChains = 24

// scanDFA walks v. The steps of one chain wait for each other's loads, so that
// four chains, each over a quarter, take little longer than one quarter.
func (s *Set) scanDFA(d *dfa, v []byte, sc *Scratch) {
	if len(v) < dfaChains {
		s.walk(d, v, 0, sc)
		return
	}
	over := d.win - 1
	q := (len(v) - over + 3) / 4
	if q <= over {
		s.walk(d, v, 0, sc)
		return
	}
	n := q + over // each chain also takes the windows that begin in its quarter's last bytes
	b0, b1, b2, b3 := v[:n], v[q:][:n], v[2*q:][:n], v[3*q:]
	last := len(b3)
	tab := d.tab
	cls := &d.classes
	var s0, s1, s2, s3 uint32
	i := 0
	for ; i < last; i++ {
		s0 = tab[s0+uint32(cls[b0[i]])]
		s1 = tab[s1+uint32(cls[b1[i]])]
		s2 = tab[s2+uint32(cls[b2[i]])]
		s3 = tab[s3+uint32(cls[b3[i]])]
		if (s0|s1|s2|s3)&dfaOut != 0 {
			s0 = s.emit(d, s0, i+1, sc)
			s1 = s.emit(d, s1, i+1+q, sc)
			s2 = s.emit(d, s2, i+1+2*q, sc)
			s3 = s.emit(d, s3, i+1+3*q, sc)
		}
	}
	for ; i < n; i++ {
		s0 = s.emit(d, tab[s0+uint32(cls[b0[i]])], i+1, sc)
		s1 = s.emit(d, tab[s1+uint32(cls[b1[i]])], i+1+q, sc)
		s2 = s.emit(d, tab[s2+uint32(cls[b2[i]])], i+1+2*q, sc)
	}
}

// walk walks v, which lies at index base of the buffer, by one chain.
func (s *Set) walk(d *dfa, v []byte, base int, sc *Scratch) {
	tab := d.tab
	cls := &d.classes
	st := uint32(0)
	for i, b := range v {
		st = tab[st+uint32(cls[b])]
		if st&dfaOut != 0 {
			st = s.emit(d, st, base+i+1, sc)
		}
	}
}

// emit tries the windows that end before index end if st says there are any,
// and returns st without the mark.
func (s *Set) emit(d *dfa, st uint32, end int, sc *Scratch) uint32 {
	if st&dfaOut == 0 {
		return st
	}
	st &^= dfaOut
	for t := st; t != 0; t = d.tab[t+d.row-1] {
		if ref := d.tab[t+d.row-2]; ref != 0 {
			s.try(sc, d.entries, ref-1, end)
		}
	}
	return st
}
