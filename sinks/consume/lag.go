package consume

import (
	"bytes"
	"math"
	"sync/atomic"
	"time"
)

// Lag says how old events are when they have been handled. Buckets grow by a
// quarter, from a millisecond to ten days.
type Lag struct {
	buckets [lagBuckets]atomic.Uint64
}

const (
	lagBuckets = 96
	lagGrowth  = 1.25
)

// add counts an event of an age.
func (l *Lag) add(age time.Duration) {
	i := 0
	if ms := float64(age) / float64(time.Millisecond); ms > 1 {
		i = min(int(math.Ceil(math.Log(ms)/math.Log(lagGrowth))), lagBuckets-1)
	}
	l.buckets[i].Add(1)
}

// Quantile returns the age that the share q of all events did not exceed; 0 without
// events.
func (l *Lag) Quantile(q float64) time.Duration {
	var all uint64
	var n [lagBuckets]uint64
	for i := range n {
		n[i] = l.buckets[i].Load()
		all += n[i]
	}
	if all == 0 {
		return 0
	}
	want := uint64(math.Ceil(q * float64(all)))
	for i := range n {
		if n[i] >= want {
			return time.Duration(math.Pow(lagGrowth, float64(i)) * float64(time.Millisecond))
		}
		want -= n[i]
	}
	return 0
}

// timeHead is how an event of the sensor begins.
var timeHead = []byte(`{"timestamp":"`)

const timeForm = "2006-01-02T15:04:05.999999-0700"

// timeOf returns when an event was, by its own word.
func timeOf(body []byte) (time.Time, bool) {
	rest, ok := bytes.CutPrefix(body, timeHead)
	text, _, found := bytes.Cut(rest[:min(len(rest), 40)], []byte{'"'})
	if !ok || !found {
		return time.Time{}, false
	}
	t, err := time.Parse(timeForm, string(text))
	return t, err == nil
}
