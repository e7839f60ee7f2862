// Package webhook posts messages as JSON over HTTP: as they are, or in the form that
// Slack or Teams take.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"weir/sinks/notify"
)

// Shape is the form of the body.
type Shape string

// Shapes.
const (
	Generic Shape = "webhook" // notify.Message
	Slack   Shape = "slack"   // incoming webhook of Slack
	Teams   Shape = "teams"   // workflow of Teams: an adaptive card
)

// Options of a webhook.
type Options struct {
	URL     string
	Shape   Shape
	Headers map[string]string // such as Authorization
	TLS     *tls.Config
}

// Webhook is a notify.Sender.
type Webhook struct {
	o      Options
	client *http.Client
}

// New checks the options.
func New(o Options) (*Webhook, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("webhook: URL %q: want http:// or https:// and a host", o.URL)
	}
	switch o.Shape {
	case "":
		o.Shape = Generic
	case Generic, Slack, Teams:
	default:
		return nil, fmt.Errorf("webhook: shape %q: want webhook, slack or teams", o.Shape)
	}
	return &Webhook{o, &http.Client{
		Transport: &http.Transport{TLSClientConfig: o.TLS, Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute},
		// Elsewhere is not where the events are meant to go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Send implements notify.Sender.
func (w *Webhook) Send(ctx context.Context, m *notify.Message) error {
	body, err := json.Marshal(shaped(w.o.Shape, m))
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.o.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "weir")
	req.Header.Set("Idempotency-Key", m.ID)
	for k, v := range w.o.Headers {
		req.Header.Set(k, v)
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return hideQuery(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s: %q", resp.Status, text)
	}
	return nil
}

// hideQuery takes the address out of an error: in those of Slack and Teams it is
// the secret.
func hideQuery(err error) error {
	if e, ok := err.(*url.Error); ok {
		return fmt.Errorf("post: %w", e.Err)
	}
	return err
}

// colors of Slack by state and severity.
func color(m *notify.Message) string {
	switch {
	case m.State == notify.Resolved:
		return "good"
	case m.Severity == 1:
		return "danger"
	}
	return "warning"
}

func shaped(s Shape, m *notify.Message) any {
	type object = map[string]any
	switch s {
	case Slack:
		return object{"text": escapeSlack(m.Title), "attachments": []object{{
			"color": color(m), "text": escapeSlack(m.Text), "fallback": escapeSlack(m.Title), "ts": m.Last.Unix(),
		}}}
	case Teams:
		var facts []object
		for _, g := range m.Group {
			facts = append(facts, object{"title": g.Name, "value": g.Value})
		}
		body := []object{
			{"type": "TextBlock", "size": "Medium", "weight": "Bolder", "wrap": true, "text": m.Title},
			{"type": "TextBlock", "wrap": true, "text": m.Text},
		}
		if len(facts) > 0 {
			body = append(body, object{"type": "FactSet", "facts": facts})
		}
		return object{"type": "message", "attachments": []object{{
			"contentType": "application/vnd.microsoft.card.adaptive",
			"content":     object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body},
		}}}
	}
	return m
}

// escapeSlack keeps what strangers sent from being a link or a mention.
func escapeSlack(text string) string {
	var b bytes.Buffer
	for _, c := range text {
		switch c {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
