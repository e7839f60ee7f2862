//go:build !amd64

package mpm

import "unsafe"

// Without assembly, plan chooses nothing that needs a kernel.

func strided512(unsafe.Pointer, int, int, int, unsafe.Pointer, uint64, uint64, *laneHit) int {
	panic("mpm: no kernel")
}

func strided256(unsafe.Pointer, int, int, int, unsafe.Pointer, uint64, uint64, *laneHit) (hits, done int) {
	panic("mpm: no kernel")
}

func buckets512(unsafe.Pointer, int, *[16][64]byte, int, int, *bucketHit) int {
	panic("mpm: no kernel")
}

func buckets256(unsafe.Pointer, int, *[8][16]byte, *laneHit) (hits, done int) {
	panic("mpm: no kernel")
}

func find512(unsafe.Pointer, int, *findKeys) (mask uint64, base int) {
	panic("mpm: no kernel")
}

func find256(unsafe.Pointer, int, *findKeys) (mask uint64, base int) {
	panic("mpm: no kernel")
}
