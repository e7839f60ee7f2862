package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"weir/bpf/xdp"
)

// blockOrders are those about the block list.
func (c *control) blockOrders(m *http.ServeMux) {
	about := func(f func(http.ResponseWriter, *http.Request, *blocker)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b := c.x.a.blocker
			if b == nil {
				http.Error(w, "there is no block list: the run's configuration has set neither bpf.xdp nor bpf.block", http.StatusConflict)
				return
			}
			f(w, r, b)
		}
	}
	m.HandleFunc("GET /blocked", about(listBlocked))
	m.HandleFunc("POST /block", about(func(w http.ResponseWriter, r *http.Request, b *blocker) {
		p, ok := formPrefix(w, r)
		if !ok {
			return
		}
		ttl, err := time.ParseDuration(r.FormValue("ttl"))
		if err == nil {
			err = b.prog.Block(p, ttl)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		until := "until it is unblocked or the run ends"
		if ttl > 0 {
			until = fmt.Sprintf("for %v", ttl)
		}
		fmt.Fprintf(w, "%v is blocked %s\n", p, until)
	}))
	m.HandleFunc("GET /sample", about(func(w http.ResponseWriter, r *http.Request, b *blocker) { b.sample(w, r) }))
	m.HandleFunc("POST /unblock", about(func(w http.ResponseWriter, r *http.Request, b *blocker) {
		p, ok := formPrefix(w, r)
		if !ok {
			return
		}
		if err := b.prog.Unblock(p); err != nil {
			status := http.StatusInternalServerError
			if errors.Is(err, xdp.ErrNotBlocked) {
				status = http.StatusNotFound
			}
			http.Error(w, err.Error(), status)
			return
		}
		fmt.Fprintf(w, "%v is not blocked any more\n", p)
	}))
}

// formPrefix reads the prefix of an order.
func formPrefix(w http.ResponseWriter, r *http.Request) (netip.Prefix, bool) {
	p, err := parsePrefix(r.FormValue("prefix"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return p.Masked(), err == nil
}

// blockedLine is an entry of the block list as weir ctl shows it.
type blockedLine struct {
	Prefix  netip.Prefix `json:"prefix"`
	Seconds *int64       `json:"seconds_left,omitempty"` // nil: for ever
	Packets uint64       `json:"packets"`                // dropped
	Bytes   uint64       `json:"bytes"`
}

func listBlocked(w http.ResponseWriter, _ *http.Request, b *blocker) {
	list, err := b.prog.List()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	all := make([]blockedLine, len(list))
	for i, e := range list {
		all[i] = blockedLine{Prefix: e.Prefix, Packets: e.Hits, Bytes: e.Bytes}
		if e.Left > 0 {
			s := int64((e.Left + time.Second - 1) / time.Second)
			all[i].Seconds = &s
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(all) // the client may have gone
}
