package mpm

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// benchPatterns makes patterns as rules have them: words and made-up names,
// mostly long, some short, some binary.
func benchPatterns(n int, kind Kind) []Pattern {
	g := sampler{r: rand.New(rand.NewPCG(7, 7)), items: sampleItems()}
	ps := make([]Pattern, n)
	for i := range ps {
		p := &ps[i]
		p.ID, p.Nocase = uint32(i), g.r.IntN(2) == 0
		s := g.of(lowers, 2+g.r.IntN(6))
		switch {
		case kind == Short && i%3 == 0:
			s += "." + g.of(lowers, 3+g.r.IntN(8)) + ".com"
			p.End = i%2 == 0
		case i%3 == 1:
			s = "/" + g.one("path") + "/" + s + g.one("ext")
		case kind == Stream && i%8 == 0:
			s = string(randomBytes(g.r, 2+g.r.IntN(10), ""))
			p.Depth = i % 16 * 4
			if p.Depth < len(s) {
				p.Depth = 0
			}
		case i%10 == 5:
			s = s[:min(len(s), 4)]
		default:
			s += g.one("param") + "=" + g.of(lowers, 3)
		}
		p.Bytes = []byte(s)
	}
	return ps
}

// benchBuffers cuts the sample in buffers: lines, or blocks of n bytes.
func benchBuffers(n int) (bufs [][]byte, size int) {
	for _, t := range sample() {
		if n == 0 && t.kind == nameText {
			bufs = append(bufs, bytes.Split(t.b, []byte("\n"))...)
		}
		for b := t.b; n > 0 && len(b) >= n; b = b[n:] {
			bufs = append(bufs, b[:n])
		}
	}
	for _, b := range bufs {
		size += len(b)
	}
	return bufs, size
}

func BenchmarkScan(b *testing.B) {
	for _, row := range []struct {
		name     string
		patterns int
		kind     Kind
		bytes    int
	}{
		{"names/300", 300, Short, 0},
		{"names/2000", 2000, Short, 0},
		{"names/5000", 5000, Short, 0},
		{"packets/1000", 1000, Stream, 256},
		{"stream/2", 2, Stream, 1400},
		{"stream/50", 50, Stream, 1400},
		{"stream/500", 500, Stream, 1400},
		{"stream/2000", 2000, Stream, 1400},
	} {
		ps := benchPatterns(row.patterns, row.kind)
		bufs, size := benchBuffers(row.bytes)
		want := -1
		for _, k := range kernels() {
			s, err := Build(ps, Options{Kind: row.kind, CPU: k})
			if err != nil {
				b.Fatal(err)
			}
			sc := s.NewScratch()
			b.Run(fmt.Sprintf("%s/%s", row.name, k), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(size / len(bufs)))
				i, found := 0, 0
				for b.Loop() {
					found += len(s.Scan(bufs[i], sc))
					if i++; i == len(bufs) {
						if want < 0 {
							want = found
						}
						if found != want {
							b.Fatalf("%s: %d found, want %d", s.Describe(), found, want)
						}
						i, found = 0, 0
					}
				}
			})
		}
	}
}

func BenchmarkScanStream(b *testing.B) {
	s, err := Build(benchPatterns(500, Stream), Options{Kind: Stream})
	if err != nil {
		b.Fatal(err)
	}
	bufs, _ := benchBuffers(1400)
	sc := s.NewScratch()
	var st StreamState
	b.ReportAllocs()
	b.SetBytes(1400)
	i, at := 0, uint64(0)
	for b.Loop() {
		s.ScanStream(bufs[i], at, false, &st, sc)
		at += 1400
		i = (i + 1) % len(bufs)
	}
}

// BenchmarkWorst scans buffers made of the patterns less their last byte: as
// many candidates as there can be.
func BenchmarkWorst(b *testing.B) {
	for _, kind := range []Kind{Short, Stream} {
		ps := benchPatterns(1000, kind)
		var buf []byte
		for i := 0; len(buf) < 1400; i += 7 {
			p := ps[i%len(ps)].Bytes
			buf = append(buf, p[:len(p)-1]...)
		}
		for _, k := range kernels() {
			s, err := Build(ps, Options{Kind: kind, CPU: k})
			if err != nil {
				b.Fatal(err)
			}
			sc := s.NewScratch()
			b.Run(fmt.Sprintf("%s/%s", kind, k), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(buf)))
				for b.Loop() {
					s.Scan(buf, sc)
				}
			})
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, kind := range []Kind{Short, Stream} {
		for _, n := range []int{10, 100, 1000, 5000} {
			ps := benchPatterns(n, kind)
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := Build(ps, Options{Kind: kind}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/pattern")
			})
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, kind := range []Kind{Short, Stream} {
		s, err := Build(benchPatterns(1000, kind), Options{Kind: kind})
		if err != nil {
			b.Fatal(err)
		}
		data, _ := s.MarshalBinary()
		b.Run(kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := Load(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkIndex(b *testing.B) {
	text := strings.Repeat("GET /images/logo.png?size=100 HTTP/1.1 ", 40)
	for _, n := range []int{20, 60, 1400} {
		buf := []byte(text[:n])
		for _, nocase := range []bool{false, true} {
			pat := []byte("/admin/login.php")
			f := NewFinder(pat, nocase)
			for _, x := range []struct {
				name  string
				index func() int
			}{
				{"Index", func() int { return Index(buf, pat, nocase) }},
				{"Finder", func() int { return f.Index(buf) }},
				{"bytes", func() int { return bytes.Index(buf, pat) }},
			} {
				b.Run(fmt.Sprintf("%d/nocase=%v/%s", n, nocase, x.name), func(b *testing.B) {
					b.SetBytes(int64(n))
					for b.Loop() {
						if x.index() >= 0 {
							b.Fatal("found")
						}
					}
				})
			}
		}
	}
}

func TestScanAllocatesNothing(t *testing.T) {
	bufs, _ := benchBuffers(500)
	for _, kind := range []Kind{Short, Stream} {
		variants(t, benchPatterns(500, kind), func(name string, s *Set) {
			sc := s.NewScratch()
			var st StreamState
			i := 0
			step := func() {
				s.Scan(bufs[i], sc)
				s.ScanStream(bufs[i], uint64(i*500), false, &st, sc)
				i = (i + 1) % len(bufs)
			}
			step()
			if n := testing.AllocsPerRun(len(bufs), step); n != 0 {
				t.Errorf("%s: %v allocations a scan, want 0", name, n)
			}
		})
	}
}

func TestScanConcurrently(t *testing.T) {
	bufs, _ := benchBuffers(700)
	s, err := Build(benchPatterns(800, Stream), Options{Kind: Stream})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	counts := make([]int, 4)
	for w := range counts {
		wg.Go(func() {
			sc := s.NewScratch()
			for _, b := range bufs {
				counts[w] += len(s.Scan(b, sc))
			}
		})
	}
	wg.Wait()
	for w, n := range counts {
		if n != counts[0] || n == 0 {
			t.Errorf("worker %d: got %d, want %d and not 0", w, n, counts[0])
		}
	}
}
