// Package decode is the packet path: a source of frames, a dispatcher, and
// workers that each own their flows, streams, parsers and detection state from
// frame to event.
package decode
