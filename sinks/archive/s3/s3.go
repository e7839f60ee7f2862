// Package s3 takes the finished files of an archive to an object store with S3's
// interface.
//
// Files larger than Options.Part go in parts; which parts have arrived is kept beside
// the files, so that an upload goes on where it was after a restart. What has been
// uploaded is listed in uploaded.jsonl. Tries are repeated until they work.
package s3

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"weir/decode/atomicfile"
)

// Options of an object store.
type Options struct {
	Endpoint             string // URL; the bucket goes into the path
	Region               string // empty is us-east-1
	Bucket, Prefix       string
	AccessKey, SecretKey string
	Part                 int64 // bytes; 0 is 16 MB. Stores want at least 5 MB
}

// Store is an object store.
type Store struct {
	o      Options
	client *http.Client
	now    func() time.Time
}

const (
	defaultPart = 16 << 20
	requestMax  = 10 * time.Minute
)

// New checks the options.
func New(o Options) (*Store, error) {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("s3: endpoint %q: want http:// or https:// and a host", o.Endpoint)
	}
	if o.Bucket == "" || o.AccessKey == "" || o.SecretKey == "" {
		return nil, errors.New("s3: want bucket, access key and secret key")
	}
	o.Endpoint = strings.TrimRight(o.Endpoint, "/")
	o.Region, o.Part = cmp.Or(o.Region, "us-east-1"), cmp.Or(o.Part, defaultPart)
	return &Store{o, &http.Client{Timeout: requestMax}, time.Now}, nil
}

// do sends one request and returns the answer's body and ETag.
func (s *Store) do(ctx context.Context, method, key string, q url.Values, body []byte) (answer []byte, etag string, err error) {
	u, err := url.Parse(s.o.Endpoint)
	if err != nil {
		return nil, "", err
	}
	u.Path += "/" + s.o.Bucket + "/" + key
	u.RawPath = escape(u.Path, true)
	u.RawQuery = query(q)
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	s.o.sign(req, digest(body), s.now())
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode/100 != 2 {
		return nil, "", &statusError{resp.StatusCode, fmt.Sprintf("%s %s: %s: %.300q", method, key, resp.Status, answer)}
	}
	return answer, resp.Header.Get("ETag"), err
}

type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return e.text }

// progress is an upload in parts, as it is kept on disk.
type progress struct {
	Key   string   `json:"key"`
	ID    string   `json:"id"`
	Part  int64    `json:"part"`  // bytes of each but the last
	ETags []string `json:"etags"` // of those that have arrived
}

// Upload takes a file to a key below the prefix. State of an upload in parts is
// kept in the file state; it goes on from there.
func (s *Store) Upload(ctx context.Context, file, name, state string) error {
	key := strings.TrimPrefix(s.o.Prefix+"/"+name, "/")
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	if st.Size() <= s.o.Part {
		b, err := io.ReadAll(f)
		if err == nil {
			_, _, err = s.do(ctx, http.MethodPut, key, nil, b)
		}
		return err
	}
	err = s.parts(ctx, f, st.Size(), key, state)
	if e := (*statusError)(nil); errors.As(err, &e) && e.code == http.StatusNotFound {
		os.Remove(state) // the store knows nothing of it any more
	}
	return err
}

func (s *Store) parts(ctx context.Context, f *os.File, size int64, key, state string) error {
	var p progress
	if b, err := os.ReadFile(state); err != nil || json.Unmarshal(b, &p) != nil || p.Key != key || p.Part <= 0 {
		answer, _, err := s.do(ctx, http.MethodPost, key, url.Values{"uploads": {""}}, nil)
		if err != nil {
			return err
		}
		var begun struct{ UploadId string }
		if err := xml.Unmarshal(answer, &begun); err != nil || begun.UploadId == "" {
			return fmt.Errorf("begin upload of %s: answer without an id: %.200q", key, answer)
		}
		p = progress{Key: key, ID: begun.UploadId, Part: s.o.Part}
		if err := p.save(state); err != nil {
			return err
		}
	}
	buf := make([]byte, p.Part)
	for at := int64(len(p.ETags)) * p.Part; at < size; at += p.Part {
		b := buf[:min(p.Part, size-at)]
		if _, err := f.ReadAt(b, at); err != nil {
			return err
		}
		q := url.Values{"partNumber": {strconv.Itoa(len(p.ETags) + 1)}, "uploadId": {p.ID}}
		_, etag, err := s.do(ctx, http.MethodPut, key, q, b)
		if err != nil {
			return err
		}
		p.ETags = append(p.ETags, etag)
		if err := p.save(state); err != nil {
			return err
		}
	}
	type part struct {
		PartNumber int
		ETag       string
	}
	done := struct {
		XMLName xml.Name `xml:"CompleteMultipartUpload"`
		Part    []part
	}{}
	for i, e := range p.ETags {
		done.Part = append(done.Part, part{i + 1, e})
	}
	body, err := xml.Marshal(&done)
	if err != nil {
		return err
	}
	answer, _, err := s.do(ctx, http.MethodPost, key, url.Values{"uploadId": {p.ID}}, body)
	if err != nil {
		return err
	}
	if bytes.Contains(answer, []byte("<Error>")) { // with status 200, as S3 documents
		return fmt.Errorf("complete upload of %s: %.300q", key, answer)
	}
	return os.Remove(state)
}

func (p *progress) save(name string) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return atomicfile.WriteSynced(name, b, 0o600)
}
