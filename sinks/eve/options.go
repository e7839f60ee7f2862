package eve

import (
	"fmt"
	"slices"

	"weir/decode/event"
)

// Options describe the outputs.
type Options struct {
	Dir     string // relative names are below it
	Outputs []Output
	// Owners, if not nil, appends to the end of an event who owns the sockets of its
	// flow: whole members of its object. It is called from all lanes.
	Owners func(b []byte, ev *event.Event) []byte
	// Compile reads the options of each record type, by the name under which
	// outputs list it.
	Compile map[string]Type
	Redact  Redact // what is taken out of JSON
}

// Type is a kind of record that an output can list under types.
type Type struct {
	Events []string // event types it yields
	// Options reads the section once per output; nil takes none.
	Options func(o event.Options) (any, error)
}

// Format of an output.
type Format uint8

// Formats.
const (
	JSON  Format = iota
	Fast         // one line an alert, as fast.log
	Stats        // tables of counters, as stats.log
)

// Output is one destination.
type Output struct {
	Format      Format
	FileType    string // regular, unix_stream, unix_dgram, syslog, stdout
	Filename    string
	Append      bool
	Types       []TypeOptions
	CommunityID bool
	Seed        uint16
	SwappedID   bool // community ids order ports as Suricata 7.0 did
	Ethernet    bool
	Metadata    bool
	PcapFile    bool   // write pcap_filename
	Prefix      string // in front of each record of JSON
	Counters    any    // of Stats: options of the stats event
	Level       string
	// Record, if not nil, takes the records of each lane instead of a file: they
	// are not merged, as those who take them do not promise an order.
	Record func(lane int) Recorder
}

// Recorder takes encoded events of one worker. It keeps neither.
type Recorder interface {
	Record(ev *event.Event, line []byte)
	Flush() // a batch of packets is done
	Close()
}

// TypeOptions is one entry under types.
type TypeOptions struct {
	Name string
	Opts event.Options
}

// head are the options that change the common part of an event. Outputs that
// share them, and the compiled options of a type, share one encoding.
type head struct {
	communityID, swapped, ethernet, metadata, pcapFile bool
	seed                                               uint16
	prefix                                             string
}

// route is what one output does with one event type.
type route struct {
	out  int // index of the output
	head head
	opts event.Output
}

// routes compiles the outputs' types to a table from event type to routes.
func routes(o *Options) (map[string][]route, error) {
	t := map[string][]route{}
	for i, out := range o.Outputs {
		h := head{out.CommunityID, out.SwappedID, out.Ethernet, out.Metadata, out.PcapFile, out.Seed, out.Prefix}
		if out.Format == Fast {
			t["alert"] = append(t["alert"], route{out: i, head: h})
			continue
		}
		if out.Format == Stats {
			t["stats"] = append(t["stats"], route{out: i, opts: event.Output{Index: i, Opts: out.Counters}})
			continue
		}
		for _, ty := range out.Types {
			def, ok := o.Compile[ty.Name]
			if !ok {
				names := make([]string, 0, len(o.Compile))
				for n := range o.Compile {
					names = append(names, n)
				}
				slices.Sort(names)
				ty.Opts.Reject("", fmt.Sprintf("eve-log: no record type %q; there are %v", ty.Name, names))
				continue
			}
			var opts any
			if def.Options != nil {
				var err error
				if opts, err = def.Options(ty.Opts); err != nil {
					return nil, fmt.Errorf("eve-log: type %s: %w", ty.Name, err)
				}
			}
			for _, e := range def.Events {
				t[e] = append(t[e], route{out: i, head: h, opts: event.Output{Index: i, Opts: opts}})
			}
		}
	}
	return t, nil
}
