package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

const (
	// defaultControl is the socket of weir ctl.
	defaultControl = "/run/weir/weir.sock"
	// defaultFlows and maxFlows bound the flows of one answer.
	defaultFlows, maxFlows = 100, 100_000
	// stalled is after how long without an answer of the workers a run is not
	// healthy.
	stalled = 10 * time.Second
)

// control answers questions about a live run and takes orders for it: on a unix
// socket that only its user can open, and, questions alone, over HTTP.
type control struct {
	x      *session
	reload func() error
	stop   func()
	beat   atomic.Int64 // when the workers last were at rest, ns

	servers []*http.Server
	serving sync.WaitGroup
}

// start listens at the socket and at the address of HTTP; neither, if it is
// empty. A default socket that another run has is left to it.
func (c *control) start(socket, address string, warn func(string, ...any)) error {
	c.beat.Store(time.Now().UnixNano())
	if socket != "" && socket != "off" {
		l, err := listenControl(socket)
		switch {
		case err == nil:
			c.serve(l, c.orders())
		case socket == defaultControl:
			warn("no weir ctl: %v", err)
		default:
			return err
		}
	}
	if address == "" {
		return nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	c.serve(l, c.questions())
	return nil
}

// listenControl makes the socket, in place of one that nobody answers at.
func listenControl(name string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	if c, err := net.Dial("unix", name); err == nil {
		c.Close()
		return nil, fmt.Errorf("control socket %s: another run answers there", name)
	}
	if st, err := os.Lstat(name); err == nil && st.Mode()&os.ModeSocket != 0 {
		if err := os.Remove(name); err != nil {
			return nil, fmt.Errorf("control socket: %w", err)
		}
	}
	// Nobody else may connect before its mode could be changed.
	before := syscall.Umask(0o177)
	l, err := net.Listen("unix", name)
	syscall.Umask(before)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	return l, nil
}

func (c *control) serve(l net.Listener, h http.Handler) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	c.servers = append(c.servers, s)
	c.serving.Go(func() { _ = s.Serve(l) }) // ends by close
}

// close ends all servers; answers in work are finished.
func (c *control) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, s := range c.servers {
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	}
	c.serving.Wait()
}

// questions are what anybody who can connect may ask.
func (c *control) questions() *http.ServeMux {
	m := http.NewServeMux()
	health := func(w http.ResponseWriter, _ *http.Request) {
		if d := time.Since(time.Unix(0, c.beat.Load())); d > stalled {
			http.Error(w, fmt.Sprintf("workers have not answered for %v", d.Round(time.Second)), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	}
	m.HandleFunc("GET /healthz", health)
	m.HandleFunc("GET /readyz", health)
	m.HandleFunc("GET /metrics", c.metrics)
	return m
}

// orders are what the run's own user may do besides.
func (c *control) orders() *http.ServeMux {
	m := c.questions()
	m.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(c.stats(), '\n'))
	})
	m.HandleFunc("GET /flows", c.flows)
	m.HandleFunc("POST /reload", func(w http.ResponseWriter, _ *http.Request) {
		if err := c.reload(); err != nil {
			http.Error(w, err.Error()+"; the rules before stay in force", http.StatusConflict)
			return
		}
		loaded := 0
		c.x.pl.AtRest(func() { loaded = c.x.rules.loaded })
		fmt.Fprintf(w, "%d rules in force\n", loaded)
	})
	c.blockOrders(m)
	m.HandleFunc("POST /stop", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "stopping")
		c.stop()
	})
	return m
}

// stats returns the counters, the object stats of the stats record.
func (c *control) stats() (b []byte) {
	if !c.x.pl.AtRest(func() { b = c.x.appendStats(nil) }) {
		return []byte("{}")
	}
	return b
}

// metrics writes the counters as Prometheus reads them: one for each number of
// the stats record, named by its path.
func (c *control) metrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	var b []byte
	event.Flatten(c.stats(), func(name, value string) {
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return
		}
		name = "weir_" + strings.Map(metricRune, name)
		b = fmt.Appendf(b, "# TYPE %s untyped\n%s %s\n", name, name, value)
	})
	_, _ = w.Write(b)
}

// metricRune keeps what may stand in the name of a metric.
func metricRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}

// flowLine is a flow as weir ctl shows it.
type flowLine struct {
	ID       int64     `json:"flow_id"`
	Src      string    `json:"src"`
	Dst      string    `json:"dst"`
	Proto    string    `json:"proto"`
	App      string    `json:"app_proto,omitempty"`
	State    string    `json:"state"`
	Pkts     [2]uint64 `json:"pkts"`  // to server, to client
	Bytes    [2]uint64 `json:"bytes"` // likewise
	Start    time.Time `json:"start"`
	Last     time.Time `json:"last"`
	Alerted  bool      `json:"alerted"`
	Bypassed bool      `json:"bypassed"`
}

// flows answers with open flows, as many as limit says.
func (c *control) flows(w http.ResponseWriter, r *http.Request) {
	limit := defaultFlows
	if s := r.FormValue("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxFlows {
			http.Error(w, fmt.Sprintf("limit %q: want 1 to %d", s, maxFlows), http.StatusBadRequest)
			return
		}
		limit = n
	}
	all := []flowLine{}
	c.x.pl.AtRest(func() {
		for f := range c.x.pl.Flows() {
			if len(all) == limit {
				return
			}
			all = append(all, c.line(f))
		}
	})
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // the client may have gone
}

func (c *control) line(f *flow.Flow) flowLine {
	if f.Has(flow.Shunted) {
		if k, ok := c.x.a.shunts.kept(&f.Key); ok {
			now := *f // the worker adds it to the flow at the end
			now.AddKept(k)
			f = &now
		}
	}
	src, dst, sport, dport := f.Tuple(field.ToServer)
	l := flowLine{
		ID: f.ID, Src: netip.AddrPortFrom(src, sport).String(), Dst: netip.AddrPortFrom(dst, dport).String(), Proto: event.ProtoName(f.Proto), State: f.State.String(), Pkts: f.Pkts, Bytes: f.Bytes,
		Start: time.Unix(0, f.Start).UTC(), Last: time.Unix(0, f.Last).UTC(),
		Alerted: f.Has(flow.Alerted), Bypassed: f.State == flow.StateBypassed,
	}
	if f.App != 0 {
		l.App = c.x.a.set.Name(proto.ID(f.App))
	}
	return l
}
