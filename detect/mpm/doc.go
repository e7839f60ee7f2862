// Package mpm finds which of many literals occur in a buffer.
//
// A [Set] is built once from the fast patterns of the rules that share a
// buffer, a direction and a port group, is immutable, and may be scanned by any
// number of goroutines, each with its own [Scratch]. A scan reports the ids of
// the patterns found, each once.
//
// # How a set is scanned
//
// Build places, for each literal, a window where traffic is estimated to be
// rarest ([model]), and picks by estimated cost how windows are looked for:
//
//   - dfa: an Aho-Corasick automaton over byte classes whose words are the
//     windows alone, not the literals, so that its table stays small. A buffer
//     is walked by four independent chains. Short buffers, and every buffer of
//     a CPU without a kernel.
//   - strided windows: each literal of at least seven bytes puts four
//     consecutive windows in a blocked Bloom filter, so that only each fourth
//     position of the buffer is probed. Streams, bodies and large sets.
//   - buckets: up to 32 buckets of byte sets, tested for 64 positions at once
//     (after Teddy, from Hyperscan's authors' published description). Literals
//     of two to six bytes beside strided windows, and small sets.
//   - ends: literals that must end where the buffer ends are one hash probe.
//   - one to four literals, and single bytes, are searched for one by one.
//
// Every candidate is compared with the whole literal, its case rule and its
// bounds before it is reported: the choice affects speed alone.
package mpm
