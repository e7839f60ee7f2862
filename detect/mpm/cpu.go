package mpm

import "fmt"

// CPU names the kernels a set is built for and scanned with.
type CPU uint8

// Kernels. A set built for one runs only where it is available; see Load.
const (
	Auto     CPU = iota // the best of this machine
	Portable            // no assembly
	AVX2
	AVX512 // F, BW, VL, VBMI, and BMI2
)

// String returns the name.
func (c CPU) String() string {
	switch c {
	case Portable:
		return "portable"
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	}
	return "auto"
}

// Best returns the kernels Auto stands for on this machine.
func Best() CPU { return best }

var best = detect()

// resolve replaces Auto and refuses what this machine cannot run.
func (c CPU) resolve() (CPU, error) {
	if c == Auto {
		return best, nil
	}
	if c > best {
		return 0, fmt.Errorf("mpm: kernels for %s: this machine has %s", c, best)
	}
	return c, nil
}
