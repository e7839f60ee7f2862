package stream

// Urgent says what is done with urgent data.
type Urgent uint8

// Policies for urgent data.
const (
	UrgentInline Urgent = iota // it is part of the stream (RFC 6093 section 3)
	UrgentDrop                 // the packet is dropped
	UrgentOOB                  // its last byte is out of band
	UrgentGap                  // its last byte is missing
)
