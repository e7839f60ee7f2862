package http1

import (
	"weir/decode/field"
	"weir/decode/proto"
)

// Progress values, the same for both directions. A value is reached when the
// part is complete; the body's when its first byte is there.
const (
	progStarted = iota
	progLine
	progHeaders
	progBody
	progTrailer
	progComplete
)

// Frames that rules can match.
const (
	frameRequest = iota
	frameResponse
)

// Protocol is HTTP/1.
var Protocol = &proto.Protocol{
	Name:      "http1",
	EVE:       "http",
	Families:  []string{"http"},
	Config:    "http",
	Doc:       "Hypertext transfer protocol, versions 0.9 to 1.1.",
	Transport: proto.TCP,
	Patterns:  patterns(),
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Setup:     setup,
	GapOK:     true,
	Files:     true,
	Header:    func(tx proto.Transaction, name string) []byte { return tx.(*Tx).req.value(name) },
	FirstDir:  field.ToServer | field.ToClient,
	Fields:    fields,
	Events:    events,
	Frames:    []string{frameRequest: "request", frameResponse: "response"},
	FrameTx:   true,
	States:    [2][]proto.State{states("request"), states("response")},
	Done:      [2]uint8{progComplete, progComplete},
	Records: []proto.Record{{
		Type:    "http",
		Doc:     "A request and its response.",
		Options: logOptions,
		Append:  appendRecord,
		Alert:   appendAlert,
	}},
}

func states(side string) []proto.State {
	return []proto.State{
		progStarted:  {Name: side + "_started", Doc: "nothing yet"},
		progLine:     {Name: side + "_line", Doc: "the first line is complete"},
		progHeaders:  {Name: side + "_headers", Doc: "the headers are complete"},
		progBody:     {Name: side + "_body", Doc: "the body has begun"},
		progTrailer:  {Name: side + "_trailer", Doc: "the last chunk of a chunked body has been seen"},
		progComplete: {Name: side + "_complete", Doc: "the " + side + " is complete"},
	}
}

// methods are those that requests are recognised by. The lists of RFC 9110, of
// WebDAV (RFC 4918) and of DeltaV (RFC 3253); INVALID is what some scanners send.
var methods = [...]string{
	"GET", "PUT", "POST", "HEAD", "TRACE", "OPTIONS", "CONNECT", "DELETE", "PATCH", "PROPFIND", "PROPPATCH",
	"MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "CHECKOUT", "UNCHECKOUT", "CHECKIN", "UPDATE", "LABEL", "REPORT",
	"MKWORKSPACE", "MKACTIVITY", "MERGE", "INVALID", "VERSION-CONTROL", "BASELINE-CONTROL",
}

// knownMethod reports whether m is a method, as written.
func knownMethod(m []byte) bool {
	for _, k := range methods {
		if string(m) == k {
			return true
		}
	}
	return false
}

// patterns recognise a request by its method and a response by its version.
func patterns() []proto.Pattern {
	var ps []proto.Pattern
	for _, m := range methods {
		for _, sp := range [...]string{" ", "\t"} {
			ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToServer, Bytes: m + sp, Nocase: true, Depth: len(m) + 1})
		}
	}
	for _, v := range [...]string{"HTTP/0.9", "HTTP/1.0", "HTTP/1.1"} {
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToClient, Bytes: v, Nocase: true, Depth: len(v)})
	}
	return ps
}
