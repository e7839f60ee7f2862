package s3

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestSign compares with the examples of AWS's documentation of Signature Version 4.
func TestSign(t *testing.T) {
	o := Options{Region: "us-east-1", AccessKey: "AKIAIOSFODNN7EXAMPLE", SecretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	for _, c := range []struct{ name, url, want string }{
		{"lifecycle", "https://examplebucket.s3.amazonaws.com/?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"list", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			req, err := http.NewRequest(http.MethodGet, c.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			o.sign(req, digest(nil), time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC))
			if got := req.Header.Get("Authorization"); !strings.HasSuffix(got, "Signature="+c.want) {
				t.Errorf("got %s, want signature %s", got, c.want)
			}
		})
	}
}

// bucket is an object store in memory that fails when told to.
type bucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	parts   map[string][]byte
	begun   int
	fail    int // the n-th part from now on
}

func (b *bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	q := r.URL.Query()
	switch {
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") || r.Header.Get("X-Amz-Content-Sha256") != digest(body):
		w.WriteHeader(http.StatusForbidden)
	case r.Method == http.MethodPost && q.Has("uploads"):
		b.begun++
		fmt.Fprint(w, "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>")
	case r.Method == http.MethodPut && q.Has("partNumber"):
		if b.fail--; b.fail == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		b.parts[q.Get("partNumber")] = body
		w.Header().Set("ETag", `"`+q.Get("partNumber")+`"`)
	case r.Method == http.MethodPost:
		var all []byte
		for i := 1; i <= bytes.Count(body, []byte("<Part>")); i++ {
			all = append(all, b.parts[fmt.Sprint(i)]...)
		}
		b.objects[r.URL.Path] = all
	case r.Method == http.MethodPut:
		b.objects[r.URL.Path] = body
	}
}

// TestUpload: a file in parts goes on where it was, and each file is uploaded once.
func TestUpload(t *testing.T) {
	b := &bucket{objects: map[string][]byte{}, parts: map[string][]byte{}, fail: 3}
	server := httptest.NewServer(b)
	defer server.Close()
	s, err := New(Options{Endpoint: server.URL, Bucket: "b", Prefix: "weir", AccessKey: "a", SecretKey: "s", Part: 1000})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	large := bytes.Repeat([]byte("0123456789"), 450)
	for name, text := range map[string][]byte{"large": large, "small file": []byte("x")} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	state := filepath.Join(dir, "state")
	if err := s.Upload(t.Context(), filepath.Join(dir, "large"), "large", state); err == nil {
		t.Fatal("no error of a part that failed")
	}
	if err := s.Upload(t.Context(), filepath.Join(dir, "large"), "large", state); err != nil {
		t.Fatal(err)
	}
	if b.begun != 1 || !bytes.Equal(b.objects["/b/weir/large"], large) {
		t.Errorf("%d uploads begun, %d bytes, want 1 and %d", b.begun, len(b.objects["/b/weir/large"]), len(large))
	}
	for range 2 {
		q, err := s.Start(dir, t.Logf)
		if err != nil {
			t.Fatal(err)
		}
		q.Add("small file")
		for end := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			q.mu.Lock()
			left := len(q.files)
			q.mu.Unlock()
			if left == 0 {
				break
			}
			if time.Now().After(end) {
				t.Fatal("nothing is uploaded")
			}
		}
		q.Close()
	}
	if string(b.objects["/b/weir/small file"]) != "x" {
		t.Errorf("got %q", b.objects)
	}
	if text, _ := os.ReadFile(filepath.Join(dir, uploadedName)); strings.Count(string(text), "\n") != 1 {
		t.Errorf("listed: %s", text)
	}
}

func TestNewErrors(t *testing.T) {
	for _, o := range []Options{{Endpoint: "nowhere"}, {Endpoint: "https://a", Bucket: "b"}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
