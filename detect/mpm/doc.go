// Package mpm finds which of many literals occur in a buffer.
//
// A [Set] is built once from the fast patterns of the rules that share a
// buffer, a direction and a port group, is immutable, and may be scanned by any
// number of goroutines, each with its own [Scratch]. A scan reports the ids of
// the patterns found, each once. A [Finder] looks for a single literal.
//
// # How a set is scanned
//
// Build places, for each literal, a window where traffic is estimated to be
// rarest (see model.go), and picks by estimated price, without a clock, how
// windows are looked for:
//
//   - dfa: an Aho-Corasick automaton over byte classes whose words are the
//     windows, not the literals, so that its table stays small. A buffer is
//     walked by four independent chains. Short buffers, and every buffer of a
//     CPU without kernels.
//   - strided: each literal of at least seven bytes puts four consecutive
//     windows in a blocked Bloom filter, so that only each fourth position of
//     the buffer is probed (two windows and each second position where many
//     literals are shorter). Streams, bodies and large sets.
//   - buckets: the windows are spread over at most 24 buckets of byte sets,
//     and 8 for literals of two and three bytes; 64 positions are tested at
//     once (the scheme that Hyperscan's authors published as Teddy, with
//     tables of six bits). Literals too short for strides, and small sets.
//   - anchored: literals of streams that are wanted at one place alone are found
//     by one hash probe there, for all that share the place.
//   - one or two literals, and single bytes, are searched for one by one.
//
// For streams, literals with a depth are looked for in the first 64, 256 or
// 1,024 bytes alone. Every candidate is compared with the whole literal, its
// case rule and its bounds before it is reported: the choice affects speed
// alone.
//
// # What traffic can do
//
// The price of a byte is bounded: a window leads to at most maxBehind literals,
// of which each is first compared by four bytes, and literals whose windows are
// all crowded go to an automaton. A scan allocates nothing once its Scratch has
// grown to the set.
package mpm
