package mpm

import "unsafe"

//go:noescape
func strided512(p unsafe.Pointer, n, w, step int, filter unsafe.Pointer, shift, mask uint64, out *laneHit) int

//go:noescape
func strided256(p unsafe.Pointer, n, w, step int, filter unsafe.Pointer, shift, mask uint64, out *laneHit) (hits, done int)

//go:noescape
func buckets512(p unsafe.Pointer, n int, tabs *[16][64]byte, groups, two int, out *bucketHit) int

//go:noescape
func buckets256(p unsafe.Pointer, n int, tabs *[8][16]byte, out *laneHit) (hits, done int)

//go:noescape
func find512(p unsafe.Pointer, places int, keys *findKeys) (mask uint64, base int)

//go:noescape
func find256(p unsafe.Pointer, places int, keys *findKeys) (mask uint64, base int)
