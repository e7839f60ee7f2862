package decode

import (
	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/packet"
	"weir/decode/proto"
)

// fileOptions are those of the files type of an eve-log output.
type fileOptions struct {
	hashes file.Hashes // force-hash; all that are there if none is named
	magic  bool        // force-magic
}

// FileOptions reads the files section of an eve-log output.
func FileOptions(o event.Options) (any, error) {
	f := &fileOptions{magic: o.Bool("force-magic", false)}
	for _, h := range o.Strings("force-hash") {
		k, ok := file.HashByName(h)
		if !ok {
			o.Reject("force-hash", "md5, sha1, sha256")
		}
		f.hashes |= k
	}
	return f, nil
}

// Hashes returns the digests that a compiled files section forces.
func Hashes(opt any) file.Hashes {
	if f, ok := opt.(*fileOptions); ok {
		return f.hashes
	}
	return 0
}

// ForcesMagic reports whether a compiled files section forces the type.
func ForcesMagic(opt any) bool {
	f, ok := opt.(*fileOptions)
	return ok && f.magic
}

// fileRecord is the body of a fileinfo event.
type fileRecord struct {
	file  *file.File
	tx    proto.Transaction
	proto *proto.Protocol
	flow  *flow.Flow
}

// AppendEvent implements event.Appender.
func (r *fileRecord) AppendEvent(b []byte, out *event.Output) []byte {
	for i := range r.proto.Records {
		rec := &r.proto.Records[i]
		if rec.Alert != nil {
			b = rec.Alert(b, r.tx, r.flow, nil)
		}
	}
	b = event.Str(b, "app_proto", r.proto.EVEName())
	b = event.Open(b, "fileinfo")
	b = AppendFile(b, r.file)
	return event.Close(b)
}

// AppendFile appends the members that describe a file.
func AppendFile(b []byte, f *file.File) []byte {
	if len(f.Name) > 0 {
		b = event.Bytes(b, "filename", f.Name)
	}
	b = event.Bool(b, "gaps", f.Gaps)
	b = event.Str(b, "state", f.State.String())
	if f.Have&file.MD5 != 0 {
		b = event.Hex(b, "md5", f.MD5[:], "")
	}
	if f.Have&file.SHA1 != 0 {
		b = event.Hex(b, "sha1", f.SHA1[:], "")
	}
	if f.Have&file.SHA256 != 0 {
		b = event.Hex(b, "sha256", f.SHA256[:], "")
	}
	b = event.Bool(b, "stored", f.Stored)
	if f.Stored {
		b = event.Uint(b, "file_id", uint64(f.ID))
	}
	b = event.Uint(b, "size", f.Size)
	if f.HasRange {
		b = event.Uint(b, "start", f.Start)
		b = event.Uint(b, "end", f.End)
	}
	return event.Uint(b, "tx_id", f.TxID)
}

// describer is a file.Sink that keeps the record of a file beside it.
type describer interface {
	Describe(f *file.File, ev *event.Event)
}

// logFiles publishes the files of a transaction that have ended. last says that
// the flow is over: what is open is cut.
func (w *worker) logFiles(p *packet.Packet, f *flow.Flow, pr *proto.Protocol, tx proto.Transaction, last bool) {
	t := tx.Base()
	for i, l := range t.Files {
		if l == nil {
			continue
		}
		for _, x := range l.Files {
			if x.State == file.Open && last {
				x.Abandon()
			}
			if x.State == file.Open || x.Logged {
				continue
			}
			x.Logged = true
			w.counters.files++
			if (t.NoLog || f.Has(flow.NoLog) || !w.pub.Wants("fileinfo")) && (w.describer == nil || !x.Stored) {
				continue
			}
			w.fileRecord = fileRecord{x, tx, pr, f}
			w.flowHead("fileinfo", f, field.Dir(1<<i), p)
			w.ev.Body = &w.fileRecord
			if w.describer != nil && x.Stored {
				w.describer.Describe(x, &w.ev)
			}
			if !t.NoLog && !f.Has(flow.NoLog) {
				w.pub.Publish(&w.ev)
			}
		}
	}
}
