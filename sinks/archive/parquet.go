package archive

import (
	"encoding/json"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"
)

// row is an event in a Parquet file: what is asked for most in columns, and the event
// as it came.
type row struct {
	Time      time.Time `parquet:"time,timestamp(microsecond)"`
	Type      string    `parquet:"event_type,dict"`
	FlowID    int64     `parquet:"flow_id"`
	SrcIP     string    `parquet:"src_ip,dict"`
	SrcPort   int32     `parquet:"src_port"`
	DestIP    string    `parquet:"dest_ip,dict"`
	DestPort  int32     `parquet:"dest_port"`
	Proto     string    `parquet:"proto,dict"`
	AppProto  string    `parquet:"app_proto,dict"`
	SID       int64     `parquet:"signature_id"`
	Severity  int32     `parquet:"severity"`
	Signature string    `parquet:"signature,dict"`
	Sensor    string    `parquet:"sensor,dict"`
	EID       string    `parquet:"eid"`
	Raw       string    `parquet:"raw"`
}

// rowGroup is how many rows are collected in memory.
const rowGroup = 20_000

// ParquetWriter writes events as a Parquet file.
type ParquetWriter struct {
	w *parquet.GenericWriter[row]
	n int
}

// NewParquet begins a file.
func NewParquet(w io.Writer) *ParquetWriter {
	return &ParquetWriter{w: parquet.NewGenericWriter[row](w, parquet.Compression(&parquet.Zstd))}
}

// Add adds an event, an object in JSON.
func (p *ParquetWriter) Add(line []byte) error {
	var e struct {
		Timestamp string
		Type      string `json:"event_type"`
		FlowID    int64  `json:"flow_id"`
		SrcIP     string `json:"src_ip"`
		SrcPort   int32  `json:"src_port"`
		DestIP    string `json:"dest_ip"`
		DestPort  int32  `json:"dest_port"`
		Proto     string `json:"proto"`
		AppProto  string `json:"app_proto"`
		Alert     struct {
			SID       int64  `json:"signature_id"`
			Severity  int32  `json:"severity"`
			Signature string `json:"signature"`
		} `json:"alert"`
		Weir struct {
			Sensor string `json:"sensor"`
			EID    string `json:"eid"`
		} `json:"weir"`
	}
	_ = json.Unmarshal(line, &e) // members of another form stay empty; raw has them
	t, err := time.Parse("2006-01-02T15:04:05.999999-0700", e.Timestamp)
	if err != nil {
		t = time.Unix(0, 0)
	}
	if _, err := p.w.Write([]row{{
		t.UTC(), e.Type, e.FlowID, e.SrcIP, e.SrcPort, e.DestIP, e.DestPort, e.Proto, e.AppProto, e.Alert.SID, e.Alert.Severity, e.Alert.Signature,
		e.Weir.Sensor, e.Weir.EID, string(line),
	}}); err != nil {
		return err
	}
	if p.n++; p.n%rowGroup == 0 {
		return p.w.Flush()
	}
	return nil
}

// Close ends the file.
func (p *ParquetWriter) Close() error { return p.w.Close() }
