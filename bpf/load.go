// Package bpf loads what the packages below it have for the kernel.
package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Load loads the programs and maps of spec into the struct that objects points to, as
// CollectionSpec.LoadAndAssign does. The error says of what, and what the process
// lacks where that is the cause.
func Load(what string, spec *ebpf.CollectionSpec, objects any) error {
	err := spec.LoadAndAssign(objects, nil)
	var rejected *ebpf.VerifierError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &rejected) && len(rejected.Log) > 0:
		return fmt.Errorf("load the %s: %w", what, err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("load the %s: %w: it needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN", what, unix.EPERM)
	}
	return fmt.Errorf("load the %s: %w", what, err)
}
