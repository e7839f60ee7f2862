package afpacket

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"weir/bpf/nstest"
)

// read takes all frames until the ring is closed, and calls f for each.
func read(t *testing.T, r *Ring, f func(*Frame)) (n uint64) {
	t.Helper()
	var b Block
	for {
		ok, err := r.Next(&b, 100*time.Millisecond)
		if errors.Is(err, ErrClosed) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		var fr Frame
		for b.Next(&fr) {
			n++
			f(&fr)
		}
		b.Release()
	}
}

// dial returns a connection to a socket that takes datagrams and reads none.
func dial(t *testing.T) net.Conn {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	c, err := net.Dial("udp", l.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestRing captures what goes over loopback: each datagram once, whole, in order,
// with a time; and counts what comes to the socket.
func TestRing(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	r, err := Open("lo", Options{Blocks: 4, BlockSize: 1 << 18, Timeout: 5 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	c := dial(t)
	const count = 3000
	begin := time.Now()
	go func() {
		defer r.Stop()
		for i := range count {
			fmt.Fprintf(c, "datagram %d", i)
			if i%50 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}()
	want, errs := 0, 0
	n := read(t, r, func(f *Frame) {
		if f.Time < begin.UnixNano() || f.Time > time.Now().UnixNano() || f.Outgoing || int(f.Wire) != len(f.Data) {
			errs++
		}
		if i := bytes.Index(f.Data, []byte("datagram ")); i > 0 && f.Data[23] == 17 {
			if string(f.Data[i:]) != fmt.Sprintf("datagram %d", want) {
				errs++
			}
			want++
		}
	})
	st, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	// The socket counts the frames on their way out too, which are passed over.
	if want != count || errs > 0 || st.Drops > 0 || st.Frames < n {
		t.Errorf("%d of %d datagrams, %d wrong; %d frames of %d at the socket, %d dropped", want, count, errs, n, st.Frames, st.Drops)
	}
}

// TestDrops fills a ring that nobody reads: what has no room is counted, and what
// was taken is there afterwards.
func TestDrops(t *testing.T) {
	if !nstest.Enter(t) {
		return
	}
	r, err := Open("lo", Options{Blocks: 2, BlockSize: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	c := dial(t)
	payload := make([]byte, 1000)
	for range 1000 {
		_, _ = c.Write(payload)
	}
	r.Stop()
	passed := uint64(0)
	var b Block
	for {
		ok, err := r.Next(&b, 0)
		if err != nil {
			break
		}
		if ok {
			passed += uint64(b.h.Num)
			b.Release()
		}
	}
	st, err := r.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if st.Drops == 0 || st.Freezes == 0 || st.Frames != passed+st.Drops {
		t.Errorf("%d frames at the socket, %d taken, %d dropped, full %d times: want the sum to be right, and drops", st.Frames, passed, st.Drops, st.Freezes)
	}
}

// TestOpenErrors checks what Open refuses.
func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		o    Options
		want string
	}{
		{"no-such-if0", Options{}, "interface no-such-if0: no such network interface"},
		{"lo", Options{BlockSize: 3 << 16}, "ring of 32 blocks of 196608 bytes: want at least 2 of a power of two, 65536 at least, 4294967296 in all at most"},
		{"lo", Options{Blocks: 1}, "ring of 1 blocks of 1048576 bytes: want at least 2 of a power of two, 65536 at least, 4294967296 in all at most"},
	} {
		if _, err := Open(c.name, c.o); err == nil || err.Error() != c.want {
			t.Errorf("%s, %+v: %v, want %s", c.name, c.o, err, c.want)
		}
	}
}
