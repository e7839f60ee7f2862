package main

import (
	"encoding/binary"
	"flag"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"weir/cmd/weir/config"
	"weir/decode"
	"weir/decode/capture/pcapfile"
	"weir/decode/event"
	"weir/decode/packet"
	"weir/detect"
	"weir/sinks/eve"
)

var (
	mutations    = flag.Int("mutations", 2000, "captures that TestMutated makes")
	mutationSeed = flag.Uint64("mutation-seed", 0, "seed of the first of them; 0 is one of the day")
	mutationDir  = flag.String("mutation-dir", "../../testdata/captures", "folder of the captures to start from")
	mutationConf = flag.String("mutation-config", "", "configuration; empty is that of no file")
	mutationIPS  = flag.Bool("mutation-ips", false, "as with --simulate-ips")
	mutationRule = flag.String("mutation-rules", "", "rules besides the bundled ones")
)

const (
	mutatedFrames = 50 // of one capture
	// mutatedAlloc bounds what one capture of so many frames may allocate, over
	// what an empty one does, bytes.
	mutatedAlloc = 192 << 20
)

// TestMutated takes captures that were changed at random, in bytes, lengths,
// order and by loss, through the whole path. Nothing may panic, and memory has
// to stay within bounds. Captures whose seed is a multiple of eight are divided
// among workers; a panic there ends the test without naming the seed.
//
//	go test ./cmd/weir -run TestMutated -mutations 100000 -mutation-seed 7
func TestMutated(t *testing.T) {
	seed := *mutationSeed
	if seed == 0 {
		seed = uint64(time.Now().Unix() / 86400)
	}
	t.Logf("captures %d, seeds from %d on", *mutations, seed)
	caps := loadFrames(t, *mutationDir)
	p := newMutated(t)
	empty := p.run(nil, 1)
	n := *mutations
	if testing.Short() {
		n = min(n, 200)
	}
	for i := range n {
		s := seed + uint64(i)
		rng := rand.New(rand.NewPCG(s, 0))
		frames := mutate(rng, caps[rng.IntN(len(caps))])
		if got := p.seed(s, frames); got > empty+mutatedAlloc {
			t.Errorf("seed %d: %d bytes allocated for %d frames", s, got, len(frames))
		}
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 256<<20 {
		t.Errorf("%d bytes of heap left", m.HeapAlloc)
	}
}

// mutated is the path that changed captures take.
type mutated struct {
	t     testing.TB
	a     *analysis
	types map[string]eve.Type
}

func newMutated(t testing.TB) *mutated {
	t.Helper()
	c, _, err := config.Load(config.Options{File: *mutationConf, SimulateIPS: *mutationIPS})
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Outputs {
		if e := c.Outputs[i].Eve; e != nil {
			e.Filename, e.Ethernet, e.CommunityID = os.DevNull, true, true
		} else {
			c.Outputs[i].Enabled = false
		}
	}
	a, err := newAnalysis(c)
	if err != nil {
		t.Fatal(err)
	}
	o := &engineOptions{}
	if *mutationRule != "" {
		o.AddRules = []string{*mutationRule}
	}
	if a.rules, err = loadRules(o, c, a.set); err != nil {
		t.Fatal(err)
	}
	return &mutated{t, a, eveTypes(a.set, eve.Type{Events: []string{"alert", "packet"}, Options: detect.AlertOptions})}
}

// seed runs frames and says of which seed they were when that panics.
func (p *mutated) seed(s uint64, frames []packet.Frame) uint64 {
	defer func() {
		if v := recover(); v != nil {
			p.t.Fatalf("seed %d: panic: %v\n%s", s, v, debug.Stack())
		}
	}()
	if s%8 == 0 {
		return p.run(frames, 3)
	}
	return p.run(frames, 1)
}

// run takes frames through the path and returns how many bytes that allocated.
func (p *mutated) run(frames []packet.Frame, workers int) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pl, sink := p.pipeline(workers)
	if err := pl.Run(p.t.Context(), &frameSource{frames: frames}); err != nil {
		p.t.Fatal(err)
	}
	pl.Finish(func(pub event.Publisher) { pl.PublishStats(pub, p.a.set) })
	if err := sink.Close(); err != nil {
		p.t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// pipeline makes the whole path, with nothing in it yet.
func (p *mutated) pipeline(workers int) (*decode.Pipeline, *eve.Sink) {
	eo := eveOptions(p.a.cfg, p.types)
	sink, err := eve.New(&eo)
	if err != nil {
		p.t.Fatal(err)
	}
	lanes := sink.Lanes(workers)
	o := pipelineOptions(p.a.cfg, p.a.set)
	o.Workers = workers
	o.Lane = func(i int) decode.Lane { return lanes[i] }
	shared := detect.NewShared(16 << 20)
	o.Inspector = func(_ int, pub event.Publisher) decode.Inspector { return p.a.rules.engine.NewWorker(pub, shared) }
	pl, err := decode.New(&o)
	if err != nil {
		p.t.Fatal(err)
	}
	return pl, sink
}

// frameSource is a decode.Source of one batch.
type frameSource struct {
	frames []packet.Frame
	done   bool
}

// Next implements decode.Source.
func (s *frameSource) Next() (decode.Batch, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	return s, nil
}

// Frames implements decode.Batch.
func (s *frameSource) Frames() []packet.Frame { return s.frames }

// Release implements decode.Batch.
func (s *frameSource) Release() {}

// loadFrames returns the frames of each capture below dir, at most some
// hundred of one.
func loadFrames(t testing.TB, dir string) [][]packet.Frame {
	t.Helper()
	var all [][]packet.Frame
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(filepath.Base(path), ".pcap") {
			return err
		}
		f, err := pcapfile.Open(path)
		if err != nil {
			return nil // broken on purpose
		}
		defer f.Close()
		var frames []packet.Frame
		for len(frames) < 500 {
			var b pcapfile.Batch
			err := f.Next(&b)
			for _, x := range b.Frames {
				x.Data = append([]byte(nil), x.Data...)
				frames = append(frames, x)
			}
			b.Release()
			if err != nil {
				break
			}
		}
		if len(frames) > 0 {
			all = append(all, frames)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("no captures below %s", dir)
	}
	return all
}

// mutate returns changed copies of some consecutive frames.
func mutate(rng *rand.Rand, from []packet.Frame) []packet.Frame {
	start := 0
	if rng.IntN(3) == 0 {
		start = rng.IntN(len(from))
	}
	n := min(1+rng.IntN(mutatedFrames), len(from)-start)
	frames := make([]packet.Frame, n)
	for i := range frames {
		frames[i] = from[start+i]
		frames[i].Data = append([]byte(nil), frames[i].Data...)
	}
	for range 1 + rng.IntN(6) {
		frames = changes[rng.IntN(len(changes))](rng, frames)
	}
	for i := range frames {
		frames[i].Num = uint64(i + 1)
		frames[i].Wire = max(frames[i].Wire, uint32(len(frames[i].Data)))
	}
	return frames
}

// changes are single changes; none leaves no frame or more than
// mutatedFrames.
var changes = []func(rng *rand.Rand, f []packet.Frame) []packet.Frame{
	mutateBytes, mutateBytes, mutateWord, mutateWord, mutateHeader, mutateHeader, cutFrame, growFrame, swapFrames, copyFrame, dropFrame,
	shuffleFrames, moveTime, splice, mutateLink,
}

// pick returns a random frame with some bytes; nil if it has none.
func pick(rng *rand.Rand, f []packet.Frame) *packet.Frame {
	x := &f[rng.IntN(len(f))]
	if len(x.Data) == 0 {
		return nil
	}
	return x
}

func mutateBytes(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	if x := pick(rng, f); x != nil {
		for range 1 + rng.IntN(8) {
			x.Data[rng.IntN(len(x.Data))] = byte(rng.Uint32())
		}
	}
	return f
}

// mutateWord puts an odd number where a length, an offset or a number may be.
func mutateWord(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	x := pick(rng, f)
	if x == nil || len(x.Data) < 4 {
		return f
	}
	at := rng.IntN(len(x.Data) - 3)
	odd := [...]uint32{0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff}
	v := odd[rng.IntN(len(odd))]
	switch rng.IntN(4) {
	case 0:
		x.Data[at] = byte(v)
	case 1:
		binary.BigEndian.PutUint16(x.Data[at:], uint16(v))
	case 2:
		binary.BigEndian.PutUint32(x.Data[at:], v)
	default:
		old := binary.BigEndian.Uint16(x.Data[at:])
		binary.BigEndian.PutUint16(x.Data[at:], old+uint16(rng.IntN(9))-4)
	}
	return f
}

// mutateHeader changes one of the first bytes, where the headers are.
func mutateHeader(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	if x := pick(rng, f); x != nil {
		x.Data[rng.IntN(min(len(x.Data), 80))] ^= 1 << rng.IntN(8)
	}
	return f
}

func cutFrame(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	if x := pick(rng, f); x != nil {
		x.Data = x.Data[:rng.IntN(len(x.Data))]
	}
	return f
}

func growFrame(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	x := &f[rng.IntN(len(f))]
	for range rng.IntN(200) {
		x.Data = append(x.Data, byte(rng.Uint32()))
	}
	return f
}

func swapFrames(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	i, j := rng.IntN(len(f)), rng.IntN(len(f))
	f[i], f[j] = f[j], f[i]
	return f
}

func copyFrame(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	x := f[rng.IntN(len(f))]
	x.Data = append([]byte(nil), x.Data...)
	if len(f) < mutatedFrames {
		return append(f, x)
	}
	f[rng.IntN(len(f))] = x
	return f
}

func dropFrame(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	if len(f) == 1 {
		return f
	}
	i := rng.IntN(len(f))
	return append(f[:i], f[i+1:]...)
}

func shuffleFrames(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	from := rng.IntN(len(f))
	part := f[from:min(from+8, len(f))]
	rng.Shuffle(len(part), func(i, j int) { part[i], part[j] = part[j], part[i] })
	return f
}

// moveTime lets the clock jump, forth or back.
func moveTime(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	steps := [...]int64{1, 1e6, 1e9, 61e9, 3600e9, 365 * 86400e9, -1e9, -3600e9, 1 << 61, -1 << 62}
	step := steps[rng.IntN(len(steps))]
	for i := rng.IntN(len(f)); i < len(f); i++ {
		f[i].Time += step
	}
	return f
}

// splice ends a frame as another one ends.
func splice(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	x, y := pick(rng, f), pick(rng, f)
	if x != nil && y != nil {
		x.Data = append(x.Data[:rng.IntN(len(x.Data))], y.Data[rng.IntN(len(y.Data)):]...)
	}
	return f
}

// mutateLink takes a frame for one of another link.
func mutateLink(rng *rand.Rand, f []packet.Frame) []packet.Frame {
	links := [...]packet.LinkType{
		packet.LinkNull, packet.LinkEthernet, packet.LinkPPP, packet.LinkRaw, packet.LinkCHDLC, packet.LinkWifi,
		packet.LinkLoop, packet.LinkSLL, packet.LinkRadiotap, packet.LinkIPv4, packet.LinkIPv6, packet.LinkNFLOG, packet.LinkSLL2, 999,
	}
	if rng.IntN(4) == 0 {
		f[rng.IntN(len(f))].Link = links[rng.IntN(len(links))]
	}
	return f
}
