package main

import (
	"context"
	"errors"
	"fmt"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1   // an error ended the run, or an output is incomplete
	exitUsage       = 2   // the command line is wrong; nothing was done
	exitInterrupted = 130 // ended by SIGINT or SIGTERM; outputs are complete up to there
)

// usageError is a wrong command line.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// exitStatus returns the status for what a verb returned.
func exitStatus(err error) int {
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}
