// Package exec gives messages to a program, on its standard input, as JSON.
//
// Programs are not started by the process that reads events: a helper is started
// first, before that gives up its rights, and starts them when asked to over a pipe.
// Serve is the helper.
package exec

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"weir/sinks/notify"
)

// runMax is how long a program may take.
const runMax = 20 * time.Second

// request is one message for one program; the answer is one line: an error, or none.
type request struct {
	Argv []string        `json:"argv"`
	In   json.RawMessage `json:"in"`
}

type answer struct {
	Error string `json:"error,omitempty"`
}

// Helper is a helper process.
type Helper struct {
	cmd *exec.Cmd
	in  io.WriteCloser

	mu  sync.Mutex
	enc *json.Encoder
	dec *json.Decoder
}

// StartHelper starts a helper: a command that calls Serve.
func StartHelper(argv ...string) (*Helper, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start helper: %w", err)
	}
	return &Helper{cmd: cmd, in: in, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}, nil
}

// Close ends the helper.
func (h *Helper) Close() error { return errors.Join(h.in.Close(), h.cmd.Wait()) }

// Program is a notify.Sender.
type Program struct {
	h    *Helper
	argv []string
}

// Program returns a sender that runs argv for each message.
func (h *Helper) Program(argv []string) (*Program, error) {
	if len(argv) == 0 {
		return nil, errors.New("exec: no program is named")
	}
	if _, err := exec.LookPath(argv[0]); err != nil {
		return nil, fmt.Errorf("exec: %w", err)
	}
	return &Program{h, argv}, nil
}

// Send implements notify.Sender.
func (p *Program) Send(_ context.Context, m *notify.Message) error {
	in, err := json.Marshal(m)
	if err != nil {
		return err
	}
	p.h.mu.Lock()
	defer p.h.mu.Unlock()
	if err := p.h.enc.Encode(request{p.argv, in}); err != nil {
		return fmt.Errorf("ask helper: %w", err)
	}
	var a answer
	if err := p.h.dec.Decode(&a); err != nil {
		return fmt.Errorf("ask helper: %w", err)
	}
	if a.Error != "" {
		return errors.New(a.Error)
	}
	return nil
}

// Serve runs programs as it is asked to until in ends.
func Serve(in io.Reader, out io.Writer) error {
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var r request
		if err := dec.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		var a answer
		if err := run(&r); err != nil {
			a.Error = err.Error()
		}
		if err := enc.Encode(a); err != nil {
			return err
		}
	}
}

func run(r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), runMax)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.Argv[0], r.Argv[1:]...)
	cmd.Stdin = bytes.NewReader(append(r.In, '\n'))
	cmd.WaitDelay = time.Second
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.200q", r.Argv[0], err, said)
	}
	return nil
}
