package smtp

import "weir/decode/field"

// message takes a line of the message with its end, or a piece of one that is too
// long.
func (p *parser) message(line []byte, at int) {
	t := p.cur
	if !p.frame && t != nil {
		p.frame = true
		p.env.Host.Frame(field.ToServer, frameData, at, -1, &t.Tx)
	}
	first := !p.long[0]
	n := len(line)
	p.long[0] = line[n-1] != '\n'
	if first && line[0] == '.' && isEnd(line) {
		p.endMessage()
		return
	}
}

// isEnd reports whether a line is the dot that ends a message.
func isEnd(line []byte) bool {
	s := string(line)
	return s == ".\r\n" || s == ".\n"
}

// endMessage handles the end of a message (RFC 5321 section 4.1.1.4).
func (p *parser) endMessage() {
	t := p.cur
	if !p.agreed && !p.opt.v7 {
		p.event(t, evInvalidPipelined, field.ToServer)
	}
	p.data, p.frame = false, false
	p.push(message)
	if t == nil {
		return
	}
	if p.opt.v7 {
		t.complete()
	} else {
		t.Advance(field.ToServer, progComplete)
	}
}
