package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/gopacket"
	pktlayers "github.com/google/gopacket/layers"
	"github.com/spf13/cobra"

	"weir/decode/capture/pcapfile"
	"weir/decode/packet"
)

// inspectOptions are the flags of weir inspect.
type inspectOptions struct {
	First, Count uint64
	JSON         bool
}

func inspectCommand() *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:   "inspect [flags] CAPTURE",
		Short: "Show packets of a capture layer by layer",
		Long: `Show packets of a capture layer by layer. This is for people; it does not use
the decoder of the packet path.

Exit status: 0 the capture was read to its end; 1 it is broken; 2 the command
line is wrong.`,
		Example: `  weir inspect capture.pcap
  weir inspect --first 120 --count 1 capture.pcap
  weir inspect --json capture.pcap`,
		Args: args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			return inspect(words[0], &o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.First, "first", 1, "begin at packet `N`")
	f.Uint64Var(&o.Count, "count", 0, "show `N` packets; 0 is all")
	f.BoolVar(&o.JSON, "json", false, "one JSON object a packet")
	return cmd
}

// dissected is a packet as --json shows it.
type dissected struct {
	Num    uint64           `json:"packet"`
	Time   string           `json:"timestamp"`
	Length uint32           `json:"length"`
	Layers []dissectedLayer `json:"layers"`
	Error  string           `json:"error,omitempty"`
}

// inspect prints the packets of one capture.
func inspect(name string, o *inspectOptions, w io.Writer) error {
	if _, err := os.Stat(name); err != nil && name != "-" {
		return usagef("%s: no such file", name)
	}
	f, err := pcapfile.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	enc := json.NewEncoder(w)
	for {
		var batch pcapfile.Batch
		err := f.Next(&batch)
		for i := range batch.Frames {
			fr := &batch.Frames[i]
			if fr.Num < o.First {
				continue
			}
			if o.Count > 0 && fr.Num >= o.First+o.Count {
				batch.Release()
				return nil
			}
			d := dissect(fr)
			if o.JSON {
				if err := enc.Encode(d); err != nil {
					return err
				}
			} else if err := d.print(w); err != nil {
				return err
			}
		}
		batch.Release()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// dissectedLayer is one layer of a packet.
type dissectedLayer struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func dissect(fr *packet.Frame) dissected {
	p := gopacket.NewPacket(fr.Data, pktlayers.LinkType(fr.Link), gopacket.DecodeOptions{NoCopy: true})
	d := dissected{Num: fr.Num, Time: time.Unix(0, fr.Time).UTC().Format("2006-01-02T15:04:05.000000Z"), Length: fr.Wire}
	for _, l := range p.Layers() {
		d.Layers = append(d.Layers, dissectedLayer{l.LayerType().String(), gopacket.LayerString(l)})
	}
	if e := p.ErrorLayer(); e != nil {
		d.Error = e.Error().Error()
	}
	return d
}

func (d *dissected) print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "packet %d  %s  %d bytes\n", d.Num, d.Time, d.Length); err != nil {
		return err
	}
	for _, l := range d.Layers {
		if _, err := fmt.Fprintf(w, "  %s\n", l.Text); err != nil {
			return err
		}
	}
	if d.Error != "" {
		if _, err := fmt.Fprintf(w, "  not decoded: %s\n", d.Error); err != nil {
			return err
		}
	}
	return nil
}
