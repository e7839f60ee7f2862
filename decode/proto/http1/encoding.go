package http1

import "weir/decode/field"

// codings are the content codings of a message that are undone.
type codings struct{}

func (c *codings) reset()       {}
func (c *codings) active() bool { return false }

func (t *Tx) startCodings(field.Dir)                         {}
func (p *parser) uncode(t *Tx, dir field.Dir, b []byte) bool { return true }
func (p *parser) finishCodings(t *Tx, dir field.Dir)         {}
