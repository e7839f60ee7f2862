package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"weir/bpf/xdp"
	"weir/decode/packet"
)

// Bounds of one order of samples.
const (
	maxSamples   = 10_000
	maxSampleFor = 10 * time.Minute
)

// sampledPacket is a sample as weir ctl shows it: the beginning of a packet at the
// driver, before anything else has it.
type sampledPacket struct {
	dissected
	Interface string `json:"interface"`
	Queue     int    `json:"queue"`
	Blocked   bool   `json:"blocked"`
}

// sample answers with one of every so many packets that come in, as they come, until
// there are count of them or the time is over.
func (b *blocker) sample(w http.ResponseWriter, r *http.Request) {
	every, err1 := strconv.ParseUint(r.FormValue("every"), 10, 32)
	count, err2 := strconv.ParseUint(r.FormValue("count"), 10, 32)
	wait, err3 := time.ParseDuration(r.FormValue("for"))
	if err := errors.Join(err1, err2, err3); err != nil || every == 0 || count == 0 || count > maxSamples || wait <= 0 || wait > maxSampleFor {
		http.Error(w, fmt.Sprintf("one of every 1 or more, 1 to %d packets, for at most %v", maxSamples, maxSampleFor), http.StatusBadRequest)
		return
	}
	if !b.sampling.TryLock() {
		http.Error(w, "somebody else takes samples", http.StatusConflict)
		return
	}
	defer b.sampling.Unlock()
	s, err := b.prog.Sampler()
	if err == nil {
		defer s.Close()
		err = b.prog.Sample(uint32(every))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	flush := http.NewResponseController(w).Flush
	_ = flush() // the client knows by it that packets are taken now
	enc := json.NewEncoder(w)
	ctx, end := r.Context(), time.Now().Add(wait)
	var got xdp.Sample
	for n := uint64(0); n < count && time.Now().Before(end) && ctx.Err() == nil; {
		err := s.Read(&got, min(time.Until(end), 100*time.Millisecond))
		if errors.Is(err, xdp.ErrNone) {
			continue
		}
		if err != nil {
			break
		}
		n++
		fr := packet.Frame{Data: got.Data, Num: n, Wire: uint32(got.Len), Time: time.Now().Add(-got.Age).UnixNano(), Link: packet.LinkEthernet}
		line := sampledPacket{dissected: dissect(&fr), Queue: got.Queue, Blocked: got.Blocked}
		if ifc, err := net.InterfaceByIndex(got.Index); err == nil {
			line.Interface = ifc.Name
		}
		if enc.Encode(&line) != nil {
			break // the client has gone
		}
		_ = flush()
	}
	_ = b.prog.Sample(0) // it has taken a number before
	for s.Read(&got, 0) == nil {
		continue // nobody shall see them later
	}
}
