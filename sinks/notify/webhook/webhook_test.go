package webhook

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"weir/sinks/notify"
)

func TestSend(t *testing.T) {
	var got map[string]any
	status := http.StatusOK
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = nil
		if err := json.Unmarshal(b, &got); err != nil || r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("Idempotency-Key") != "id1" {
			t.Errorf("%s: %v, %v", b, err, r.Header)
		}
		w.WriteHeader(status)
	}))
	defer s.Close()
	m := &notify.Message{ID: "id1", State: notify.Firing, Title: "bad <!channel>", Text: "text", Severity: 1, Group: []notify.Member{{Name: "sid", Value: "7"}}}
	for _, c := range []struct {
		shape Shape
		want  string
	}{
		{Generic, `"title":"bad`}, {Slack, `&lt;!channel&gt;`}, {Teams, `"AdaptiveCard"`},
	} {
		t.Run(string(c.shape), func(t *testing.T) {
			w, err := New(Options{URL: s.URL, Shape: c.shape, Headers: map[string]string{"Authorization": "Bearer x"}, TLS: s.Client().Transport.(*http.Transport).TLSClientConfig})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			_ = e.Encode(got)
			if !strings.Contains(b.String(), c.want) {
				t.Errorf("got %s, want %s in it", b.String(), c.want)
			}
			status = http.StatusBadGateway
			if err := w.Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "502") {
				t.Errorf("got %v, want 502", err)
			}
			status = http.StatusOK
		})
	}
}

func TestNewErrors(t *testing.T) {
	for _, o := range []Options{{URL: "ftp://a/"}, {URL: "nowhere"}, {URL: "http://a/", Shape: "fax"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
