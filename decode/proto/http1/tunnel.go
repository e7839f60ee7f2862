package http1

// tunnel ends HTTP on the connection after a successful CONNECT: what follows
// is another protocol's, or HTTP to another server. Only the first request of a
// connection hands it over, at the end of the bytes at hand; behind another one
// HTTP is looked for.
func (p *parser) tunnel() {
	t := p.res.tx
	p.stopped = true
	if p.req.tx == t {
		p.requestComplete()
	}
	p.responseComplete()
	if t.ID == 0 {
		p.upgrade = upgrade{wanted: true}
		return
	}
	p.stopped = false
	p.req.phase, p.res.phase = probing, idle
}

// connectRefused lets the client go on with HTTP.
func (p *parser) connectRefused() {
	if t := p.res.tx; t != nil && p.req.tx == t {
		p.req.phase = inFinal
	}
}

// requestProbe looks whether there is HTTP in a tunnel.
func (p *parser) requestProbe(b []byte, _ bool) (int, verdict) {
	if len(b) == 0 {
		return 0, more
	}
	method, rest := token(trimLeft(b))
	if rest == nil && len(b) < 32 {
		return 0, more
	}
	if !knownMethod(method) {
		p.stop()
		return len(b), more
	}
	p.req.phase = idle
	return 0, again
}

// stop makes both sides pass over everything that follows.
func (p *parser) stop() {
	p.stopped = true
	p.req.phase, p.res.phase = ignoring, ignoring
}

// switched ends HTTP on the connection: the server answered 101 Switching
// Protocols (RFC 9110 section 15.2.2).
func (p *parser) switched() {
	t := p.res.tx
	up := t.res.value("upgrade")
	if p.req.tx == t {
		p.requestComplete()
	}
	p.responseComplete()
	p.stop()
	switch {
	case equalFold(up, "h2c"):
		p.upgrade = upgrade{wanted: true, name: "http2"}
	case equalFold(up, "websocket") && !p.cfg.v7:
		p.upgrade = upgrade{wanted: true, name: "websocket"}
	}
}

// ignore passes over what is no HTTP any more.
func (p *parser) ignore(b []byte, _ bool) (int, verdict) { return len(b), more }

// requestIgnore passes over what follows a request of HTTP/0.9, which is the
// last of its connection; version 7.0 gives the connection up.
func (p *parser) requestIgnore(b []byte, _ bool) (int, verdict) {
	if len(b) > 0 && p.cfg.v7 && !p.stopped {
		return 0, broken
	}
	return len(b), more
}
