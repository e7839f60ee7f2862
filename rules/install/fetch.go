package install

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"weir/decode/atomicfile"
)

// Bounds of downloads.
const (
	dialTimeout   = 20 * time.Second
	headerTimeout = 30 * time.Second
	maxRedirects  = 5
	maxChecksum   = 4096 // bytes of an .md5 file
)

// fetched is what is kept of a download beside its bytes.
type fetched struct {
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"last_modified,omitempty"`
	MD5      string    `json:"md5"`
	Time     time.Time `json:"time"`
}

// fetcher downloads sources and keeps them in a folder that only the user may
// read.
type fetcher struct {
	dir      string
	offline  bool
	timeout  time.Duration // of one source
	maxSize  int64         // of one source, bytes
	agent    string
	client   *http.Client
	progress func(source string, done, total int64) // total -1: not known; may be nil
	warn     func(format string, args ...any)
}

// client returns an HTTP client with proxies from the environment. It follows no
// redirect from https to http.
func client() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: dialTimeout}).DialContext,
			TLSHandshakeTimeout:   dialTimeout,
			ResponseHeaderTimeout: headerTimeout,
			ForceAttemptHTTP2:     true,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return errors.New("redirected from https to " + r.URL.Scheme)
			}
			return nil
		},
	}
}

// get returns the bytes of a source; fresh tells whether they were downloaded
// now. Where that fails, those kept serve once more.
func (f *fetcher) get(ctx context.Context, s *Source) (b []byte, fresh bool, err error) {
	kept, meta := f.kept(s)
	if f.offline {
		if kept == nil {
			return nil, false, fmt.Errorf("%s: not downloaded yet: leave --offline out once", s)
		}
		return kept, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	b, err = f.download(ctx, s, kept, meta)
	switch {
	case err == nil && b == nil:
		return kept, false, nil
	case err == nil:
		return b, true, nil
	case kept != nil && !errors.Is(context.Cause(ctx), context.Canceled):
		f.warn("%s: %v: using what was downloaded on %s", s, shown(err), meta.Time.Format(time.DateTime))
		return kept, false, nil
	}
	return nil, false, fmt.Errorf("%s: %w", s, shown(err))
}

// shown returns an error without the URL that net/http puts into it.
func shown(err error) error {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	return err
}

// kept returns what was downloaded before, or nil.
func (f *fetcher) kept(s *Source) ([]byte, fetched) {
	name := filepath.Join(f.dir, s.key())
	var meta fetched
	text, err := os.ReadFile(name + ".json")
	if err != nil || json.Unmarshal(text, &meta) != nil {
		return nil, fetched{}
	}
	b, err := os.ReadFile(name)
	if err != nil || hash(b) != meta.MD5 {
		return nil, fetched{} // damaged
	}
	return b, meta
}

// download returns new bytes, or nil if those kept are still right.
func (f *fetcher) download(ctx context.Context, s *Source, kept []byte, meta fetched) ([]byte, error) {
	if kept != nil && meta.ETag == "" && meta.Modified == "" {
		if sum, err := f.checksum(ctx, s); err == nil && sum == meta.MD5 {
			return nil, nil
		}
	}
	res, err := f.request(ctx, s.Location, kept != nil, meta)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusNotModified && kept != nil {
		return nil, nil
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server says %s", res.Status)
	}
	b, err := f.body(s, res)
	if err != nil {
		return nil, err
	}
	now := fetched{ETag: res.Header.Get("ETag"), Modified: res.Header.Get("Last-Modified"), MD5: hash(b), Time: time.Now().UTC().Truncate(time.Second)}
	if s.Checksum {
		sum, err := f.checksum(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("checksum: %w", err)
		}
		if sum != now.MD5 {
			return nil, fmt.Errorf("checksum: MD5 is %s, want %s", now.MD5, sum)
		}
	}
	if kept != nil && now.MD5 == meta.MD5 {
		b = nil
	}
	return b, f.keep(s, b, now)
}

func (f *fetcher) request(ctx context.Context, location string, known bool, meta fetched) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", f.agent)
	if known && meta.ETag != "" {
		req.Header.Set("If-None-Match", meta.ETag)
	}
	if known && meta.Modified != "" {
		req.Header.Set("If-Modified-Since", meta.Modified)
	}
	return f.client.Do(req)
}

// body reads a response within the bound.
func (f *fetcher) body(s *Source, res *http.Response) ([]byte, error) {
	if res.ContentLength > f.maxSize {
		return nil, fmt.Errorf("%d bytes: want at most %d", res.ContentLength, f.maxSize)
	}
	var b []byte
	part := make([]byte, 64<<10)
	for {
		n, err := res.Body.Read(part)
		b = append(b, part[:n]...)
		if int64(len(b)) > f.maxSize {
			return nil, fmt.Errorf("more than %d bytes", f.maxSize)
		}
		if f.progress != nil {
			f.progress(s.String(), int64(len(b)), res.ContentLength)
		}
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// checksum returns the MD5 that the server gives for a source.
func (f *fetcher) checksum(ctx context.Context, s *Source) (string, error) {
	u, err := url.Parse(s.Location)
	if err != nil {
		return "", err
	}
	u.Path += ".md5"
	res, err := f.request(ctx, u.String(), false, fetched{})
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server says %s", res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxChecksum))
	if err != nil {
		return "", err
	}
	for _, w := range strings.Fields(string(b)) {
		if raw, err := hex.DecodeString(w); err == nil && len(raw) == md5.Size {
			return strings.ToLower(w), nil
		}
	}
	return "", errors.New("no MD5 in the answer")
}

// keep stores a download; nil bytes are those stored before.
func (f *fetcher) keep(s *Source, b []byte, meta fetched) error {
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return err
	}
	name := filepath.Join(f.dir, s.key())
	if b != nil {
		if err := atomicfile.WriteSynced(name, b, 0o600); err != nil {
			return err
		}
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	return atomicfile.WriteSynced(name+".json", append(text, '\n'), 0o600)
}

func hash(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}
