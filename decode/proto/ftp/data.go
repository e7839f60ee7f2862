package ftp

import (
	"fmt"
	"strings"
	"sync"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/file"
	"weir/decode/flow"
	"weir/decode/proto"
)

// Data is a data connection that a transfer command has announced.
var Data = &proto.Protocol{
	Name:      "ftp-data",
	Doc:       "File transfer, data connections.",
	Transport: proto.TCP,
	GapOK:     true,
	Files:     true,
	New:       func(env *proto.Env) proto.Parser { p := &dataParser{}; p.Reset(env); return p },
	Fields:    dataFields,
	States: [2][]proto.State{
		{{Name: "request_started", Doc: "nothing yet"}, {Name: "request_complete", Doc: "nothing more comes"}},
		{{Name: "response_started", Doc: "nothing yet"}, {Name: "response_complete", Doc: "nothing more comes"}},
	},
	Done: [2]uint8{1, 1},
	Records: []proto.Record{{
		Type: "ftp_data", Under: "ftp", Doc: "A transfer.", Append: appendData,
	}},
}

// transfer is what a data connection is for: Expectation.Data.
type transfer struct {
	name    []byte
	command string
	active  bool
}

// DataTx is one transfer.
type DataTx struct {
	proto.Tx
	transfer
	dir  field.Dir // of the file
	list file.List
	file *file.File // open, or nil
}

type dataParser struct {
	env *proto.Env
	txs proto.TxList[DataTx, *DataTx]
	tx  *DataTx
}

var dataPool sync.Pool

// Reset implements proto.Resetter.
func (p *dataParser) Reset(env *proto.Env) {
	p.env, p.tx = env, nil
	p.txs.Reset()
	p.txs.Pool = &dataPool
}

// Txs implements proto.Parser.
func (p *dataParser) Txs() []proto.Transaction { return p.txs.All() }

// Free implements proto.Parser.
func (p *dataParser) Free(tx proto.Transaction) {
	if p.env.Files != nil {
		p.env.Files.Free(&tx.(*DataTx).list)
	}
	p.txs.Free(tx)
}

// open makes the transaction of the flow.
func (p *dataParser) open() *DataTx {
	if p.tx != nil {
		return p.tx
	}
	t := p.txs.Open(p.env.Now, func(t *DataTx) {
		*t = DataTx{Tx: proto.Tx{Events: t.Events[:0]}, list: file.List{Files: t.list.Files[:0]}}
	})
	if x, ok := p.env.Data.(*transfer); ok {
		t.transfer = *x
	}
	// The sender of a download is the FTP server, which opens the connection in
	// active mode.
	t.dir = field.ToClient
	if (t.command == "STOR") != t.active {
		t.dir = field.ToServer
	}
	if p.env.Files != nil {
		t.Files[t.dir.Index()] = &t.list
		t.file = p.env.Files.Open(&t.list, t.name, t.ID)
	}
	p.tx = t
	return t
}

// Parse implements proto.Parser.
func (p *dataParser) Parse(in *proto.Input) proto.Result {
	n := len(in.Data)
	if p.tx == nil && p.txs.Opened() > 0 {
		return proto.Result{Consumed: n} // the transfer is over
	}
	t := p.open()
	if in.Dir == t.dir && t.file != nil {
		if in.Gap > 0 {
			t.file.Gap(uint64(in.Gap))
		}
		t.file.Append(in.Data, p.env.Files.Window)
		t.Touch(in.Dir)
	}
	if in.End {
		if in.Dir == t.dir && t.file != nil {
			t.file.Close(false)
			t.file = nil
		}
		if in.Dir == t.dir {
			t.Advance(field.ToServer, 1)
			t.Advance(field.ToClient, 1)
		}
	}
	return proto.Result{Consumed: n}
}

func appendData(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*DataTx)
	b = append(b, '{')
	if len(t.name) > 0 {
		b = event.Bytes(b, "filename", t.name)
	}
	return event.Close(event.Str(b, "command", t.command)), true
}

var dataFields = []field.Def{
	field.Custom(field.Field{
		Name: "ftpdata_command", Aliases: []string{"ftpdata.command"}, Dir: field.Both, Log: "ftp_data.command",
		Doc: "Command that a data connection serves.", Syntax: "retr or stor", Example: "ftpdata_command:stor;",
	}, func(arg string) (func(*DataTx, field.Dir) bool, error) {
		want := strings.ToUpper(strings.TrimSpace(arg))
		if want != "RETR" && want != "STOR" {
			return nil, fmt.Errorf("value %q: want retr or stor", arg)
		}
		return func(t *DataTx, _ field.Dir) bool { return t.command == want }, nil
	}),
	field.Body(field.Field{
		Name: "file.data", Aliases: []string{"file_data"}, Dir: field.Both,
		Doc: "Bytes of the file.", Example: `file.data; content:"root";`,
	}, func(t *DataTx, d field.Dir, flush bool) field.Window {
		if d != t.dir || len(t.list.Files) == 0 {
			return field.Window{}
		}
		b, off, end := t.list.Files[0].View()
		return field.Window{Data: b, Offset: off, End: end || flush}
	}, func(t *DataTx, d field.Dir) {
		if d == t.dir && len(t.list.Files) > 0 {
			f := t.list.Files[0]
			b, off, _ := f.View()
			f.Inspected(off + uint64(max(len(b)-keptWindow, 0)))
		}
	}),
}

// keptWindow is how many inspected bytes of a file are shown again with new
// ones, so that a pattern may lie across.
const keptWindow = 4 << 10
