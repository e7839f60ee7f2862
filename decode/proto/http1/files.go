package http1

import "weir/decode/field"

type fileState struct{}
type multipartState struct{}

func (m *multipartState) reset() {}

func (p *parser) fileData(t *Tx, dir field.Dir, b []byte) {}
func (p *parser) fileGap(t *Tx, dir field.Dir, n int)     {}
func (p *parser) endFile(t *Tx, dir field.Dir)            {}
