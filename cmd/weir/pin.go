package main

import (
	"golang.org/x/sys/unix"
)

// pinner puts each worker's thread on a processor of its own, if there are as many
// workers as processors. With fewer the system's choice is better: something else
// may run on any of them.
type pinner struct{ cpus []int }

func newPinner(workers int) pinner {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() < 2 || set.Count() != workers {
		return pinner{}
	}
	var p pinner
	for i := 0; len(p.cpus) < workers; i++ {
		if set.IsSet(i) {
			p.cpus = append(p.cpus, i)
		}
	}
	return p
}

// begin is decode.Live.Begin.
func (p pinner) begin(worker int) {
	if worker >= len(p.cpus) {
		return
	}
	var set unix.CPUSet
	set.Set(p.cpus[worker])
	_ = unix.SchedSetaffinity(0, &set) // an optimisation only
}
