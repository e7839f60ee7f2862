package detect

// conventional is an error for which engine logs have a wording of their own that
// programs look for.
type conventional struct {
	error
	log string
}

// conventionally returns err with what logs say of it.
func conventionally(log string, err error) error { return &conventional{err, log} }

// Unwrap returns the error that people read.
func (e *conventional) Unwrap() error { return e.error }
