package smtp

import (
	"bytes"
	"strings"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/internal/mime"
)

// Progress of a direction.
const (
	progStarted  = 0
	progData     = 1
	progComplete = 2
)

// Protocol is SMTP.
var Protocol = &proto.Protocol{
	Name:      "smtp",
	Doc:       "Simple mail transfer (RFC 5321).",
	Transport: proto.TCP,
	FirstDir:  field.ToServer | field.ToClient,
	Patterns:  patterns(),
	Setup:     setup,
	New:       func(env *proto.Env) proto.Parser { p := &parser{}; p.Reset(env); return p },
	Files:     true,
	Fields:    fields,
	Events:    events,
	Frames:    []string{frameCommand: "command_line", frameData: "data", frameResponse: "response_line"},
	FrameTx:   true,
	States: [2][]proto.State{
		{
			progStarted:  {Name: "request_started", Doc: "the envelope"},
			progData:     {Name: "request_data", Doc: "the client sends the message"},
			progComplete: {Name: "request_complete", Doc: "the mail is whole, or taken back"},
		},
		{
			progStarted:  {Name: "response_started", Doc: "replies to the envelope"},
			progData:     {Name: "response_data", Doc: "the server waits for the message"},
			progComplete: {Name: "response_complete", Doc: "the mail is taken or refused"},
		},
	},
	Done: [2]uint8{progComplete, progComplete},
	Records: []proto.Record{{
		Type: "smtp", Doc: "A mail.", Options: logOptions, Append: appendRecord, Extra: appendExtra, Alert: appendAlert,
	}},
}

// maxGreeting bounds the search for the protocol's name in a greeting, bytes.
const maxGreeting = 512

// Indices into Protocol.Frames.
const (
	frameCommand = iota
	frameData
	frameResponse
)

// patterns recognise the first command of a client, and since version 8 the
// greeting of a server.
func patterns() []proto.Pattern {
	ps := []proto.Pattern{{Transport: proto.TCP, Dir: field.ToClient, Bytes: "220", Depth: 3, Since: 8, Confirm: greeting}}
	for _, s := range [...]string{"EHLO", "HELO", "QUIT"} {
		ps = append(ps, proto.Pattern{Transport: proto.TCP, Dir: field.ToServer, Bytes: s, Nocase: true, Depth: len(s)})
	}
	return ps
}

// greeting wants a line that names the protocol: FTP greets with the same code.
func greeting(b []byte, dir field.Dir) proto.Verdict {
	if len(b) < 4 {
		return proto.More
	}
	if b[3] != ' ' && b[3] != '-' {
		return proto.No
	}
	line, _, ended := bytes.Cut(b[:min(len(b), maxGreeting)], []byte{'\n'})
	for i := range line {
		if is(line[i:], "smtp") {
			return proto.Yes
		}
	}
	if ended || len(b) >= maxGreeting {
		return proto.No
	}
	return proto.More
}

// settings are those of the protocol's section.
type settings struct {
	v7    bool // mails end as in version 7.0
	maxTx int
	// raw: a whole message is one file; decode: it is taken apart.
	raw, decode bool
	mime        mime.MailOptions
	// inline: files are inspected as they come, without waiting for a window.
	inline bool
	// Bytes of a file that rules see at most, 0 is all; that inspection waits for;
	// that it looks at again.
	maxInspect, minInspect, window uint64
}

// defaults are the settings without a configuration.
var defaults = settings{
	maxTx: 256, decode: true, maxInspect: 100_000, minInspect: 32 << 10, window: 4 << 10,
	mime: mime.MailOptions{HeaderDepth: 2000, Base64: true, QuotedPrintable: true, Links: true, Schemes: []string{"http"}},
}

func setup(o event.Options) (any, error) {
	s := defaults
	s.v7 = strings.HasPrefix(o.String("suricata-version", ""), "7")
	s.inline = o.Bool("inline", false)
	s.maxTx = int(min(max(o.Uint("max-tx", uint64(s.maxTx)), 1), 1<<16))
	s.raw = o.Bool("raw-extraction", false)
	t := o.Sub("inspected-tracker")
	s.maxInspect = t.Size("content-limit", s.maxInspect)
	s.minInspect = t.Size("content-inspect-min-size", s.minInspect)
	s.window = t.Size("content-inspect-window", s.window)
	m, c := &s.mime, o.Sub("mime")
	s.decode = c.Bool("decode-mime", true)
	m.V7 = s.v7
	m.Base64 = c.Bool("decode-base64", true)
	m.QuotedPrintable = c.Bool("decode-quoted-printable", true)
	m.HeaderDepth = int(min(c.Uint("header-value-depth", uint64(m.HeaderDepth)), maxHeaderDepth))
	m.Links = c.Bool("extract-urls", true)
	m.ShowScheme = c.Bool("log-url-scheme", false)
	m.Digest = c.Bool("body-md5", false)
	if c.Has("extract-urls-schemes") {
		m.Schemes = nil
		for _, scheme := range c.Strings("extract-urls-schemes") {
			m.Schemes = append(m.Schemes, strings.ToLower(strings.TrimSuffix(scheme, "://")))
		}
	}
	return &s, nil
}

// maxHeaderDepth bounds header-value-depth, bytes.
const maxHeaderDepth = 16 << 10
