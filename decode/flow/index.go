package flow

import "unsafe"

// index finds flows by the hash of their key: open addressing with linear
// probing. An entry is the hash in its upper half and the flow's place in the
// slab, plus one, in its lower; 0 is empty. It keeps hashes so that probing, and
// growing, look at no flow but the right one.
type index struct {
	entries []uint64
	mem     memory
	mask    uint32
	n       int
}

// minEntries is the size of a new index, a power of two.
const minEntries = 1 << 10

// resize makes room for size entries, a power of two.
func (x *index) resize(size int) {
	old, mem := x.entries, x.mem
	x.mem = mapMemory(size*8, size >= 1<<18)
	x.entries = unsafe.Slice((*uint64)(x.mem.base), size)
	x.mask = uint32(size - 1)
	for _, e := range old {
		if e != 0 {
			x.place(e)
		}
	}
	if old != nil {
		mem.unmap()
	}
}

// place puts an entry into the first empty slot from its home on.
func (x *index) place(e uint64) {
	i := uint32(e>>32) & x.mask
	for x.entries[i] != 0 {
		i = (i + 1) & x.mask
	}
	x.entries[i] = e
}

// add adds the flow of place self.
func (x *index) add(hash, self uint32) {
	if x.n+x.n/3 >= len(x.entries) { // three quarters full
		x.resize(max(2*len(x.entries), minEntries))
	}
	x.place(uint64(hash)<<32 | uint64(self+1))
	x.n++
}

// remove takes the flow of place self out. The entries behind it move up, so
// that no marks of removed ones are left to be probed.
func (x *index) remove(hash, self uint32) {
	e := uint64(hash)<<32 | uint64(self+1)
	i := hash & x.mask
	for x.entries[i] != e {
		if x.entries[i] == 0 {
			return
		}
		i = (i + 1) & x.mask
	}
	x.n--
	for j := (i + 1) & x.mask; x.entries[j] != 0; j = (j + 1) & x.mask {
		home := uint32(x.entries[j]>>32) & x.mask
		if (j-home)&x.mask >= (j-i)&x.mask {
			x.entries[i] = x.entries[j]
			i = j
		}
	}
	x.entries[i] = 0
}

// close unmaps the memory.
func (x *index) close() {
	if x.entries != nil {
		x.mem.unmap()
	}
	*x = index{}
}
