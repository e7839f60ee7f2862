package mpm

import "golang.org/x/sys/cpu"

func detect() CPU {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX512VBMI && x.HasBMI2 && x.HasAVX2:
		return AVX512
	case x.HasAVX2 && x.HasBMI2:
		return AVX2
	}
	return Portable
}
