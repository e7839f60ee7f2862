package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"weir/decode/event"
	"weir/sinks/nsq"
)

// chaosSensor is a sensor without traffic: it records alerts until it is killed,
// and writes down the numbers of those that its spool has taken. Arguments: folder
// of its state, file of numbers, first number, brokers.
func chaosSensor() {
	if err := runChaosSensor(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "chaossensor:", err)
		os.Exit(1)
	}
}

const (
	chaosBatch = 25
	chaosPause = 20 * time.Millisecond // 1,250 events/s
	chaosQuiet = "quiet"               // a file of this name in the state folder ends the recording
)

func runChaosSensor(args []string) error {
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	journal, err := os.OpenFile(args[1], os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	d, err := nsq.Start(nsq.Options{
		Mode: nsq.External, StateDir: args[0], Brokers: strings.Split(args[3], ","), Sensor: "chaos",
		Confirm: nsq.ByStore, Resend: 2 * time.Second, Log: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	})
	if err != nil {
		return err
	}
	r := d.Recorder()
	w := bufio.NewWriter(journal)
	clock := time.Now().UTC()
	if rand.N(3) == 0 {
		clock = clock.Add(-time.Hour) // the clock was stepped back
	}
	for {
		if _, err := os.Stat(filepath.Join(args[0], chaosQuiet)); err == nil {
			fmt.Fprintf(os.Stderr, "%+v\n", d.Stats())
			time.Sleep(time.Second)
			continue
		}
		for range chaosBatch {
			n++
			clock = clock.Add(chaosPause / chaosBatch)
			r.Record(&event.Event{Type: "alert", Time: clock.UnixNano(), Num: uint64(n)}, fmt.Appendf(nil,
				`{"timestamp":%q,"event_type":"alert","alert":{"signature_id":%d,"severity":%d,"signature":"chaos"},"n":%d,"payload":%q}`,
				clock.Format("2006-01-02T15:04:05.000000-0700"), n, n%2+1, n, strings.Repeat("x", 400)))
		}
		r.Flush()
		d.Sync()
		st := d.Stats().Spool.Classes[0]
		if st.Shed+st.Dropped == 0 {
			for i := n - chaosBatch + 1; i <= n; i++ {
				fmt.Fprintln(w, i)
			}
			if err := w.Flush(); err != nil {
				return err
			}
		} else {
			// Which ones were shed is not known here: this start vouches for no more.
			fmt.Fprintf(w, "shed %d\n", st.Shed+st.Dropped)
			w.Flush()
			time.Sleep(time.Second)
			return fmt.Errorf("the disk is full")
		}
		time.Sleep(chaosPause)
	}
}
