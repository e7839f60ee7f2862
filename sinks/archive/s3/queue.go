package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Pauses between tries.
const (
	retryMin = time.Second
	retryMax = 5 * time.Minute
)

const uploadedName = "uploaded.jsonl"

// Queue uploads the files of an archive one after the other.
type Queue struct {
	s    *Store
	dir  string
	log  func(format string, args ...any)
	more chan struct{}
	end  context.CancelFunc
	done sync.WaitGroup

	mu       sync.Mutex
	files    []string
	uploaded map[string]bool
}

// listed is a line of uploaded.jsonl.
type listed struct {
	File string `json:"file"`
}

// Start begins to upload what Add names, from the archive in a folder. What has been
// uploaded before is left out.
func (s *Store) Start(dir string, log func(format string, args ...any)) (*Queue, error) {
	q := &Queue{s: s, dir: dir, log: log, more: make(chan struct{}, 1), uploaded: map[string]bool{}}
	b, err := os.ReadFile(filepath.Join(dir, uploadedName))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for line := range bytes.Lines(b) {
		var l listed
		if json.Unmarshal(line, &l) == nil {
			q.uploaded[l.File] = true
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	q.end = cancel
	q.done.Go(func() { q.run(ctx) })
	return q, nil
}

// Add names a file below the archive's folder.
func (q *Queue) Add(file string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.uploaded[file] {
		return
	}
	q.files = append(q.files, file)
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// Close ends uploading. What is not uploaded is in the manifest, and so comes next
// time.
func (q *Queue) Close() {
	q.end()
	q.done.Wait()
}

func (q *Queue) run(ctx context.Context) {
	pause := retryMin
	for ctx.Err() == nil {
		q.mu.Lock()
		file := ""
		if len(q.files) > 0 {
			file = q.files[0]
		}
		q.mu.Unlock()
		wait := time.Hour
		if file != "" {
			err := q.upload(ctx, file)
			if err == nil {
				pause = retryMin
				continue
			}
			if ctx.Err() != nil {
				return
			}
			q.log("upload %s: %v", file, err)
			wait = pause/2 + rand.N(pause)
			pause = min(2*pause, retryMax)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-q.more:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// upload takes the first file of the queue.
func (q *Queue) upload(ctx context.Context, file string) error {
	state := filepath.Join(q.dir, ".uploads", strings.ReplaceAll(file, "/", "-")+".json")
	if err := q.s.Upload(ctx, filepath.Join(q.dir, filepath.FromSlash(file)), file, state); err != nil {
		return err
	}
	line, err := json.Marshal(listed{file})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(q.dir, uploadedName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.uploaded[file] = true
	q.files = q.files[1:]
	return nil
}
