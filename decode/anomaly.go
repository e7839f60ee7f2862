package decode

import (
	"strings"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// anomalyOptions say which kinds of anomaly an output takes.
type anomalyOptions struct{ decode, stream, applayer, packetHdr bool }

// AnomalyOptions reads the anomaly section of an eve-log output. Without types
// only those of the application layer are on.
func AnomalyOptions(o event.Options) (any, error) {
	t := o.Sub("types")
	return &anomalyOptions{
		decode:    t.Bool("decode", false),
		stream:    t.Bool("stream", false),
		applayer:  t.Bool("applayer", true),
		packetHdr: o.Bool("packethdr", false),
	}, nil
}

// anomaly is the body of one anomaly record.
type anomaly struct {
	kind  string // decode, stream, applayer
	name  string
	layer string // of the application layer: proto_detect, parser, proto_parser
	app   string
	txID  uint64
	hasTx bool
}

// wanted reports whether the options of an output take the kind.
func (a *anomaly) wanted(o *anomalyOptions) bool {
	switch a.kind {
	case "decode":
		return o.decode
	case "stream":
		return o.stream
	}
	return o.applayer
}

// AppendEvent implements event.Appender.
func (a *anomaly) AppendEvent(b []byte, out *event.Output) []byte {
	if o, ok := out.Opts.(*anomalyOptions); ok && !a.wanted(o) {
		return nil
	}
	if a.hasTx {
		b = event.Uint(b, "tx_id", a.txID)
	}
	b = event.Open(b, "anomaly")
	if a.app != "" {
		b = event.Str(b, "app_proto", a.app)
	}
	b = event.Str(b, "type", a.kind)
	b = event.Str(b, "event", a.name)
	if a.layer != "" {
		b = event.Str(b, "layer", a.layer)
	}
	return event.Close(b)
}

// logPacketAnomalies reports the decode and stream events of a packet.
func (w *worker) logPacketAnomalies(p *packet.Packet, f *flow.Flow) {
	for _, e := range p.Events() {
		kind := "stream"
		if e.IsDecoder() {
			kind = "decode"
		}
		w.anomaly = anomaly{kind: kind, name: e.Name()}
		w.packetHead("anomaly", p, f)
		w.ev.Body = &w.anomaly
		w.pub.Publish(&w.ev)
	}
}

// logAppAnomalies reports events of protocol detection.
func (w *worker) logAppAnomalies(p *packet.Packet, f *flow.Flow, a *app) {
	for _, e := range w.appEvents {
		w.anomaly = anomaly{kind: "applayer", name: strings.ToUpper(e.Name()), layer: "proto_detect", app: a.name()}
		w.packetHead("anomaly", p, f)
		w.ev.Body = &w.anomaly
		w.pub.Publish(&w.ev)
	}
}

// logTxAnomalies reports the events that a transaction got since the last time.
func (w *worker) logTxAnomalies(p *packet.Packet, f *flow.Flow, pr *proto.Protocol, tx *proto.Tx) {
	for ; int(tx.EventsLogged) < len(tx.Events); tx.EventsLogged++ {
		def := &pr.Events[tx.Events[tx.EventsLogged]]
		name := def.EVE
		if name == "" {
			name = def.Name
		}
		w.anomaly = anomaly{kind: "applayer", name: name, layer: "proto_parser", app: pr.EVEName(), txID: tx.ID, hasTx: true}
		w.packetHead("anomaly", p, f)
		w.ev.Body = &w.anomaly
		w.pub.Publish(&w.ev)
	}
}
