package ring

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

func TestOrder(t *testing.T) {
	tests := []struct {
		name          string
		size, values  int
		slowPut, slow int // yields once in so many values
	}{
		{"one slot", 1, 20000, 0, 0},
		{"small", 4, 50000, 0, 0},
		{"large", 1024, 200000, 0, 0},
		{"consumer waits", 8, 20000, 3, 0},
		{"producer waits", 8, 20000, 0, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := New[*int](tt.size)
			go func() {
				for i := range tt.values {
					if tt.slowPut > 0 && i%tt.slowPut == 0 {
						runtime.Gosched()
					}
					v := i
					if !r.Put(&v) {
						t.Error("put was refused")
					}
				}
				r.Close()
			}()
			for want := range tt.values {
				if tt.slow > 0 && want%tt.slow == 0 {
					runtime.Gosched()
				}
				v, ok := r.Get()
				if !ok || *v != want {
					t.Fatalf("got %v, %v; want %d", v, ok, want)
				}
			}
			if v, ok := r.Get(); ok {
				t.Errorf("got %d behind the end", *v)
			}
		})
	}
}

func TestFull(t *testing.T) {
	r := New[int](3)
	for i := range r.Cap() {
		if !r.TryPut(i) {
			t.Fatalf("value %d of %d was refused", i, r.Cap())
		}
	}
	if r.TryPut(9) || r.Len() != 4 || r.Cap() != 4 {
		t.Errorf("full ring: len %d, cap %d", r.Len(), r.Cap())
	}
	if v, ok := r.TryGet(); !ok || v != 0 || !r.TryPut(4) {
		t.Errorf("got %d, %v", v, ok)
	}
}

func TestEmpty(t *testing.T) {
	r := New[int](2)
	if _, ok := r.TryGet(); ok {
		t.Error("a value out of nothing")
	}
	r.TryPut(1)
	r.Close()
	if v, ok := r.Get(); !ok || v != 1 {
		t.Errorf("got %d, %v; want the value put before the end", v, ok)
	}
	if _, ok := r.Get(); ok {
		t.Error("a value behind the end")
	}
}

// waitParked waits until a side sleeps.
func waitParked(t *testing.T, p *parking) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !p.parked.Load(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("nobody parked")
		}
	}
}

func TestParked(t *testing.T) {
	t.Run("consumer is woken by a value", func(t *testing.T) {
		r := New[int](2)
		got := make(chan int)
		go func() {
			v, _ := r.Get()
			got <- v
		}()
		waitParked(t, &r.consumer)
		r.Put(7)
		if v := <-got; v != 7 {
			t.Errorf("got %d, want 7", v)
		}
	})
	t.Run("consumer is woken by the end", func(t *testing.T) {
		r := New[int](2)
		got := make(chan bool)
		go func() {
			_, ok := r.Get()
			got <- ok
		}()
		waitParked(t, &r.consumer)
		r.Close()
		if <-got {
			t.Error("a value behind the end")
		}
	})
	t.Run("producer is woken by room", func(t *testing.T) {
		r := New[int](1)
		r.Put(1)
		got := make(chan bool)
		go func() { got <- r.Put(2) }()
		waitParked(t, &r.producer)
		r.Get()
		if !<-got {
			t.Error("put was refused")
		}
	})
	t.Run("producer is woken by Stop", func(t *testing.T) {
		r := New[int](1)
		r.Put(1)
		got := make(chan bool)
		go func() { got <- r.Put(2) }()
		waitParked(t, &r.producer)
		r.Stop()
		if <-got || r.Put(3) || r.TryPut(3) {
			t.Error("put was taken after Stop")
		}
	})
}

func TestNoAllocation(t *testing.T) {
	r := New[int](8)
	if n := testing.AllocsPerRun(100, func() {
		r.Put(1)
		r.Get()
	}); n != 0 {
		t.Errorf("handing over allocates %v times, want 0", n)
	}
}

// TestKeepsNothing: a value taken is not held by the ring.
func TestKeepsNothing(t *testing.T) {
	r := New[*int](2)
	r.Put(new(int))
	r.Get()
	for i, s := range r.slots {
		if s != nil {
			t.Errorf("slot %d holds a value", i)
		}
	}
}

type batch struct{ items [64]uint64 }

// BenchmarkHandOver compares the ring with a channel: batches of 64 items, 15 ns
// of work each, recycled the other way.
func BenchmarkHandOver(b *testing.B) {
	work := func(x *batch) (h uint64) {
		for _, v := range x.items {
			for range 8 {
				v = v*0x9E3779B97F4A7C15 ^ v>>29
			}
			h += v
		}
		return h
	}
	b.Run("ring", func(b *testing.B) {
		b.ReportAllocs()
		full, free := New[*batch](64), New[*batch](64)
		for range 64 {
			free.Put(&batch{})
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for x, ok := full.Get(); ok; x, ok = full.Get() {
				work(x)
				free.Put(x)
			}
		})
		for b.Loop() {
			x, _ := free.Get()
			full.Put(x)
		}
		full.Close()
		wg.Wait()
	})
	b.Run("channel", func(b *testing.B) {
		b.ReportAllocs()
		full, free := make(chan *batch, 64), make(chan *batch, 64)
		for range 64 {
			free <- &batch{}
		}
		var wg sync.WaitGroup
		wg.Go(func() {
			for x := range full {
				work(x)
				free <- x
			}
		})
		for b.Loop() {
			full <- <-free
		}
		close(full)
		wg.Wait()
	})
}
