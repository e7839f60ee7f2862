package eve

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"weir/decode/event"
)

// Redact says what shall not be in events. It is taken out by the worker that has
// seen it, so that neither files nor brokers get it.
type Redact struct {
	Headers  []string // names of headers of HTTP and mail: their values
	Params   []string // names of parameters in queries and forms: their values
	Patterns []string // regular expressions (RE2): what their first group matches, or all
}

// redacted stands in the place of text. In bytes, which have positions, each byte
// becomes redactedByte instead.
const (
	redacted     = "[redacted]"
	redactedByte = 'X'
)

var redactedValue = []byte(`"` + redacted + `"`)

// maxRedactPattern bounds a regular expression, bytes.
const maxRedactPattern = 4096

// redaction is a compiled Redact.
type redaction struct {
	headers  map[string]bool // in lower case
	keys     map[string]bool // members that have the value of a header
	params   map[string]bool // in lower case
	patterns []*regexp.Regexp
}

// headerKeys are members that are named otherwise than the header that they show.
var headerKeys = map[string]string{
	"user-agent": "http_user_agent", "referer": "http_refer", "host": "hostname", "content-type": "http_content_type",
	"location": "redirect", "x-forwarded-for": "xff",
}

// binaryKeys are members in base64 that hold what was on the wire.
var binaryKeys = map[string]bool{"payload": true, "packet": true, "http_request_body": true, "http_response_body": true}

// compile returns nil for an empty list.
func (r *Redact) compile() (*redaction, error) {
	if len(r.Headers)+len(r.Params)+len(r.Patterns) == 0 {
		return nil, nil
	}
	c := &redaction{headers: map[string]bool{}, keys: map[string]bool{}, params: map[string]bool{}}
	for _, h := range r.Headers {
		name := strings.ToLower(strings.TrimSuffix(h, ":"))
		if name == "" || strings.ContainsAny(name, ": \t\r\n") {
			return nil, fmt.Errorf("redact: header %q: want its name", h)
		}
		c.headers[name] = true
		c.keys[name], c.keys[strings.ReplaceAll(name, "-", "_")] = true, true
		if k := headerKeys[name]; k != "" {
			c.keys[k] = true
		}
	}
	for _, p := range r.Params {
		name := strings.ToLower(p)
		if name == "" || strings.IndexFunc(name, func(r rune) bool { return r > 0x7f || !nameByte[byte(r)] }) >= 0 {
			return nil, fmt.Errorf("redact: parameter %q: want its name", p)
		}
		c.params[name] = true
	}
	for _, text := range r.Patterns {
		if len(text) > maxRedactPattern {
			return nil, fmt.Errorf("redact: pattern %.40q..: want at most %d bytes", text, maxRedactPattern)
		}
		re, err := regexp.Compile(text)
		if err == nil && re.MatchString("") {
			err = errors.New("it matches nothing, so everywhere")
		}
		if err != nil {
			return nil, fmt.Errorf("redact: pattern %q: %w", text, err)
		}
		c.patterns = append(c.patterns, re)
	}
	return c, nil
}

// redactor applies a redaction. It belongs to one lane.
type redactor struct {
	*redaction
	out, text, spare []byte
	name             []byte // value of the last member "name" of an object
	low              []byte // scratch
	spans            [][2]int
}

// line returns an encoded event without what is to be taken out. The result is valid
// until the next call.
func (r *redactor) line(line []byte) []byte {
	out, copied := r.out[:0], 0
	var key []byte
	r.name = r.name[:0]
	for i := 0; i < len(line); i++ {
		if c := line[i]; c != '"' {
			if c == '{' || c == '}' {
				r.name = r.name[:0]
			}
			continue
		}
		end, plain := stringEnd(line, i+1)
		if end+1 < len(line) && line[end+1] == ':' {
			key = line[i+1 : end]
			i = end + 1
			continue
		}
		if to, ok := r.value(key, line[i:end+1], plain); ok {
			out = append(append(out, line[copied:i]...), to...)
			copied = end + 1
		}
		i = end
	}
	if copied == 0 {
		return line
	}
	r.out = append(out, line[copied:]...)
	return r.out
}

// stringEnd returns where the quote of a string that begins at i is, and whether it
// has no escapes.
func stringEnd(line []byte, i int) (end int, plain bool) {
	plain = true
	for ; i < len(line) && line[i] != '"'; i++ {
		if line[i] == '\\' {
			plain = false
			i++
		}
	}
	return min(i, len(line)-1), plain
}

// value returns what stands for a string, quotes included, of a member.
func (r *redactor) value(key, quoted []byte, plain bool) (to []byte, changed bool) {
	in := quoted[1 : len(quoted)-1]
	if r.keys[string(key)] && len(in) > 0 || string(key) == "value" && r.headers[string(r.name)] {
		return redactedValue, true
	}
	if string(key) == "name" {
		r.name = append(r.name[:0], bytes.ToLower(in)...)
	}
	if binaryKeys[string(key)] {
		return r.binary(in)
	}
	if r.text = append(r.text[:0], in...); !plain {
		var s string
		if json.Unmarshal(quoted, &s) != nil {
			return nil, false
		}
		r.text = append(r.text[:0], s...)
	}
	if !r.clean(false) {
		return nil, false
	}
	r.spare = event.Quote(r.spare[:0], r.text)
	return r.spare, true
}

// binary is value for a member in base64.
func (r *redactor) binary(in []byte) (to []byte, changed bool) {
	var err error
	if r.text, err = base64.StdEncoding.AppendDecode(r.text[:0], in); err != nil || !r.clean(true) {
		return nil, false
	}
	r.spare = append(base64.StdEncoding.AppendEncode(append(r.spare[:0], '"'), r.text), '"')
	return r.spare, true
}

// clean takes out of r.text what is to be, keeping its length or not, and reports
// whether that was anything.
func (r *redactor) clean(keep bool) (changed bool) {
	if len(r.headers) > 0 {
		r.findHeaders()
		changed = r.cut(keep) || changed
	}
	if len(r.params) > 0 {
		r.findParams()
		changed = r.cut(keep) || changed
	}
	for _, re := range r.patterns {
		for _, m := range re.FindAllSubmatchIndex(r.text, -1) {
			if len(m) > 2 && m[2] >= 0 {
				m = m[2:]
			}
			r.spans = append(r.spans, [2]int{m[0], m[1]})
		}
		changed = r.cut(keep) || changed
	}
	return changed
}

// cut replaces the spans, which are ascending, and forgets them.
func (r *redactor) cut(keep bool) bool {
	if len(r.spans) == 0 {
		return false
	}
	if keep {
		for _, s := range r.spans {
			for i := s[0]; i < s[1]; i++ {
				r.text[i] = redactedByte
			}
		}
	} else {
		out, at := r.spare[:0], 0
		for _, s := range r.spans {
			out = append(append(out, r.text[at:s[0]]...), redacted...)
			at = s[1]
		}
		out = append(out, r.text[at:]...)
		r.text, r.spare = out, r.text
	}
	r.spans = r.spans[:0]
	return true
}

// findHeaders finds the values of headers: what follows a name and a colon at the
// begin of a line, with lines that continue it.
func (r *redactor) findHeaders() {
	for i := 0; i < len(r.text); {
		end := lineEnd(r.text, i)
		colon := bytes.IndexByte(r.text[i:end], ':')
		if colon < 1 {
			i = end + 1
			continue
		}
		r.low = append(r.low[:0], r.text[i:i+colon]...)
		lower(r.low)
		if !r.headers[string(bytes.TrimRight(r.low, " \t"))] {
			i = end + 1
			continue
		}
		from := i + colon + 1
		for from < end && r.text[from] == ' ' {
			from++
		}
		for end+1 < len(r.text) && (r.text[end+1] == ' ' || r.text[end+1] == '\t') {
			end = lineEnd(r.text, end+1)
		}
		to := end
		for to > from && r.text[to-1] == '\r' {
			to--
		}
		if to > from {
			r.spans = append(r.spans, [2]int{from, to})
		}
		i = end + 1
	}
}

func lineEnd(b []byte, i int) int {
	if n := bytes.IndexByte(b[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(b)
}

// lower makes ASCII letters small in place.
func lower(b []byte) {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}

// findParams finds the values of parameters: what follows a name and '=', up to what
// ends a parameter.
func (r *redactor) findParams() {
	for at := 0; ; {
		n := bytes.IndexByte(r.text[at:], '=')
		if n < 0 {
			break
		}
		eq := at + n
		from := eq
		for from > at && nameByte[r.text[from-1]] {
			from--
		}
		at = eq + 1
		r.low = append(r.low[:0], r.text[from:eq]...)
		lower(r.low)
		if !r.params[string(r.low)] {
			continue
		}
		for at < len(r.text) && !paramEnd[r.text[at]] {
			at++
		}
		if at > eq+1 {
			r.spans = append(r.spans, [2]int{eq + 1, at})
		}
	}
}

// nameByte are the bytes of the name of a parameter (RFC 3986 section 2.3, and what
// forms have besides); paramEnd those that end its value.
var nameByte, paramEnd = func() (name, end [256]bool) {
	for c := range 256 {
		name[c] = c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.~[]%$", byte(c)) >= 0
		end[c] = c <= ' ' || c == 0x7f || strings.IndexByte("&;#\"'<>", byte(c)) >= 0
	}
	return name, end
}()
