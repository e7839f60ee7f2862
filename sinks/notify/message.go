package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"
	"time"
)

// State says why a message is sent.
type State string

// States of a group, and the summary of a budget.
const (
	Firing    State = "firing"
	Repeated  State = "repeated"
	Escalated State = "escalated"
	Resolved  State = "resolved"
	Summary   State = "summary" // of messages beyond the budget
)

// Member is a member of a group and its value.
type Member struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Message is what a receiver gets.
type Message struct {
	ID        string          `json:"id"` // the same when it is sent again
	State     State           `json:"state"`
	Rule      string          `json:"rule,omitempty"`
	Title     string          `json:"title"`
	Text      string          `json:"text"`
	Severity  int             `json:"severity,omitempty"` // the worst; 0: none of the events has one
	Count     int             `json:"count"`              // events of the group so far; of a summary: messages
	First     time.Time       `json:"first"`
	Last      time.Time       `json:"last"`
	Group     []Member        `json:"group,omitempty"`
	Signature string          `json:"signature,omitempty"`
	Event     json.RawMessage `json:"event,omitempty"` // the first of the group, without payload unless asked for
}

// Sender takes messages to one receiver.
type Sender interface {
	Send(ctx context.Context, m *Message) error
}

// Receiver is where messages go.
type Receiver struct {
	Name     string
	Sender   Sender
	Budget   int                // messages an hour; 0: no limit
	Template *template.Template // of Message.Text; nil is DefaultTemplate
}

// DefaultTemplate makes a few lines of a message.
var DefaultTemplate = template.Must(ParseTemplate(`{{.Title}}
{{range .Group}}{{.Name}}: {{.Value}}
{{end}}{{.Count}} from {{time .First}} to {{time .Last}}
`))

// ParseTemplate reads a text/template over Message. It has the functions time (UTC),
// upper and line, which makes text from strangers harmless for one line.
func ParseTemplate(text string) (*template.Template, error) {
	t, err := template.New("message").Option("missingkey=error").Funcs(template.FuncMap{
		"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"upper": strings.ToUpper,
		"line":  Line,
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	// A wrong member shows when it is asked for.
	if err := t.Execute(&strings.Builder{}, &Message{Group: []Member{{}}}); err != nil {
		return nil, err
	}
	return t, nil
}

// Line makes text fit for one line: control characters become blanks.
func Line(text string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 || c >= 0x7f && c < 0xa0 {
			return ' '
		}
		return c
	}, text)
}

// maxText bounds a message's text, bytes.
const maxText = 16 << 10

// render fills in the text.
func (r *Receiver) render(m *Message) {
	t := r.Template
	if t == nil {
		t = DefaultTemplate
	}
	var b strings.Builder
	if err := t.Execute(&b, m); err != nil {
		fmt.Fprintf(&b, "%s\n(template: %v)", m.Title, err)
	}
	m.Text = b.String()
	if len(m.Text) > maxText {
		m.Text = strings.ToValidUTF8(m.Text[:maxText], "")
	}
}

// bulky are members of events that carry what was transferred.
var bulky = []string{"payload", "payload_printable", "packet", "stream", "frame", "http_body", "http_body_printable", "http_response_body", "http_response_body_printable"}

// shorten returns an event for a message: without what was transferred unless payload
// bytes of it are asked for; nil if it is still larger than maxText.
func shorten(body []byte, payload int) json.RawMessage {
	var ev map[string]json.RawMessage
	if json.Unmarshal(body, &ev) != nil {
		return nil
	}
	trim := func(m map[string]json.RawMessage) {
		for _, name := range bulky {
			var text string
			if v, ok := m[name]; !ok {
				continue
			} else if payload == 0 || json.Unmarshal(v, &text) != nil {
				delete(m, name)
			} else if len(text) > payload {
				m[name], _ = json.Marshal(strings.ToValidUTF8(text[:payload], ""))
			}
		}
	}
	trim(ev)
	var http map[string]json.RawMessage
	if v, ok := ev["http"]; ok && json.Unmarshal(v, &http) == nil {
		trim(http)
		ev["http"], _ = json.Marshal(http)
	}
	if out, err := json.Marshal(ev); err == nil && len(out) <= maxText {
		return out
	}
	return nil
}
