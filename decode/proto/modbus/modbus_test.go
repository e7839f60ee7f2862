package modbus

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/race"
)

const ts, tc = field.ToServer, field.ToClient

// host takes what a parser asks for.
type host struct{ proto.Host }

func (host) TriggerRaw(field.Dir) {}

func newParser() *parser {
	return Protocol.New(&proto.Env{Flow: &flow.Flow{Proto: 6}, Host: host{}}).(*parser)
}

// msg makes a message of transaction id and unit 1; pdu is hex.
func msg(id uint16, pdu string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(pdu, " ", ""))
	if err != nil {
		panic(err)
	}
	head := binary.BigEndian.AppendUint16(nil, id)
	head = binary.BigEndian.AppendUint32(head, uint32(len(b)+1))
	return string(append(append(head, 1), b...))
}

// turn is what one side sends.
type turn struct {
	dir field.Dir
	b   string
}

// say lets the parser see a conversation.
func say(p *parser, turns ...turn) {
	for _, x := range turns {
		p.Parse(&proto.Input{Dir: x.dir, Data: []byte(x.b)})
	}
}

// records returns the records with their events, without what all have in common.
func records(p *parser) string {
	var out []string
	for _, tx := range p.Txs() {
		b, _ := appendRecord(nil, tx, nil, nil)
		s := string(b)
		for _, e := range tx.Base().Events {
			s += " " + Protocol.Events[e].Name
		}
		out = append(out, s)
	}
	r := strings.NewReplacer(`"protocol_id":0,"unit_id":1,`, "", `"transaction_id"`, `"tid"`, `"function_raw"`, `"raw"`, `"function_code"`, `"code"`,
		`"access_type"`, `"access"`, `"category":"PUBLIC_ASSIGNED",`, "", `"error_flags":"NONE"`, `"ok":1`)
	return r.Replace(strings.Join(out, "\n"))
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct{ name, request, response, want string }{
		{"coils", "01 0063 0003", "01 01 05",
			`{"id":1,"request":{"tid":7,"raw":1,"code":"RdCoils","access":"READ | COILS","ok":1,"read":{"address":99,"quantity":3}},` +
				`"response":{"tid":7,"raw":1,"code":"RdCoils","access":"READ | COILS","ok":1,"read":{"data":"\u0005"}}}`},
		{"write one", "06 0005 000b", "06 0005 000c",
			`{"id":1,"request":{"tid":7,"raw":6,"code":"WrSingleReg","access":"WRITE | HOLDING | SINGLE | WRITE_SINGLE","ok":1,"write":{"address":5,"data":11}},` +
				`"response":{"tid":7,"raw":6,"code":"WrSingleReg","access":"WRITE | HOLDING | SINGLE | WRITE_SINGLE","error_flags":"DATA_VALUE","write":{"address":5,"data":12}}} value_mismatch`},
		{"write many", "0f 0000 000a 03 4d01", "0f 0000 000a",
			`{"id":1,"request":{"tid":7,"raw":15,"code":"WrMultCoils","access":"WRITE | COILS | MULTIPLE | WRITE_MULTIPLE","error_flags":"DATA_VALUE | DATA_LENGTH",` +
				`"write":{"address":0,"quantity":10,"data":"M\u0001"}},` +
				`"response":{"tid":7,"raw":15,"code":"WrMultCoils","access":"WRITE | COILS | MULTIPLE | WRITE_MULTIPLE","ok":1,"write":{"address":0,"data":10}}} invalid_value invalid_length`},
		{"masks", "16 0004 00f2 0025", "16 0004 00f2",
			`{"id":1,"request":{"tid":7,"raw":22,"code":"MaskWrReg","access":"WRITE | HOLDING","ok":1,"write":{"address":4,"and_mask":242,"or_mask":37}},` +
				`"response":{"tid":7,"raw":22,"code":"MaskWrReg","access":"WRITE | HOLDING","error_flags":"DATA_LENGTH","data":"\u0000\u0004\u0000\\xf2"}} value_mismatch`},
		{"read and write", "17 0003 0002 000e 0001 02 0041", "17 04 0041 0042",
			`{"id":1,"request":{"tid":7,"raw":23,"code":"RdWrMultRegs","access":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","ok":1,` +
				`"read":{"address":3,"quantity":2},"write":{"address":14,"quantity":1,"data":"\u0000A"}},` +
				`"response":{"tid":7,"raw":23,"code":"RdWrMultRegs","access":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","ok":1,"read":{"data":"\u0000A\u0000B"}}}`},
		{"half of read and write", "17 0003 0002 000e", "97 03",
			`{"id":1,"request":{"tid":7,"raw":23,"code":"RdWrMultRegs","access":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","error_flags":"DATA_LENGTH","read":{"address":3,"quantity":2}},` +
				`"response":{"tid":7,"raw":151,"code":"RdWrMultRegs","access":"READ | WRITE | HOLDING | MULTIPLE | WRITE_MULTIPLE","ok":1,` +
				`"exception":{"raw":3,"code":"IllegalDataValue"}}} invalid_length`},
		{"diagnostic", "08 0004 0000", "88 0c",
			`{"id":1,"request":{"tid":7,"raw":8,"code":"Diagnostic","access":"NONE","ok":1,"diagnostic":{"raw":4,"code":"ForceListenOnlyMode","data":"\u0000\u0000"}},` +
				`"response":{"tid":7,"raw":136,"code":"Diagnostic","access":"NONE","category":"NONE","error_flags":"EXC_CODE","exception":{"raw":12,"code":"Unknown"}}} invalid_exception_code`},
		{"device", "2b 0e 01 00", "2b 0e 41",
			`{"id":1,"request":{"tid":7,"raw":43,"code":"MEI","access":"NONE","ok":1,"mei":{"raw":14,"code":"RdDevId","data":"\u0001\u0000"}},` +
				`"response":{"tid":7,"raw":43,"code":"MEI","access":"NONE","ok":1,"mei":{"raw":14,"code":"RdDevId","data":"A"}}}`},
		{"without data", "07 00", "07 6d",
			`{"id":1,"request":{"tid":7,"raw":7,"code":"RdExcStatus","access":"NONE","error_flags":"DATA_LENGTH","data":"\u0000"},` +
				`"response":{"tid":7,"raw":7,"code":"RdExcStatus","access":"NONE","ok":1,"data":"m"}} invalid_length`},
		{"user defined", "41 42", "41 43",
			`{"id":1,"request":{"tid":7,"raw":65,"code":"Unknown","access":"NONE","category":"USER_DEFINED","ok":1,"data":"B"},` +
				`"response":{"tid":7,"raw":65,"code":"Unknown","access":"NONE","category":"USER_DEFINED","ok":1,"data":"C"}}`},
		{"function 0", "00 42", "00 43",
			`{"id":1,"request":{"tid":7,"raw":0,"code":"Unknown","access":"NONE","category":"NONE","error_flags":"FUNC_CODE","data":"B"},` +
				`"response":{"tid":7,"raw":0,"code":"Unknown","access":"NONE","category":"NONE","ok":1,"data":"C"}} invalid_function_code`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			say(p, turn{ts, msg(7, c.request)}, turn{tc, msg(7, c.response)})
			if got := records(p); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	read, answer := msg(1, "01 0000 0003"), msg(1, "01 01 05")
	for _, c := range []struct {
		name  string
		turns []turn
		want  string
	}{
		{"in turn", []turn{{ts, read}, {tc, answer}}, ""},
		{"out of turn", []turn{{ts, read + msg(2, "02 0000 0003")}, {tc, msg(2, "02 01 05") + answer}}, "; "},
		{"no request", []turn{{tc, answer}}, "unsolicited_response"},
		{"twice", []turn{{ts, read}, {tc, answer + answer}}, "; unsolicited_response"},
		{"other function", []turn{{ts, read}, {tc, msg(1, "02 01 05")}}, "; unsolicited_response"},
		{"other subfunction", []turn{{ts, msg(1, "08 0002 0000")}, {tc, msg(1, "08 0003 0000")}}, "; unsolicited_response"},
		{"no byte count", []turn{{ts, read}, {tc, msg(1, "01")}}, "; unsolicited_response value_mismatch"},
		{"other protocol", []turn{{ts, "\x00\x01\x00\x05" + read[4:]}}, "invalid_protocol_id"},
		{"length 0, then on", []turn{{ts, "\x00\x01\x00\x00\x00\x00" + read}}, "invalid_length; "},
		{"length 255, then on", []turn{{ts, "\x00\x01\x00\x00\x00\xff" + strings.Repeat("x", 255) + read}}, "invalid_length; "},
		{"too many coils", []turn{{ts, msg(1, "01 0000 07d1")}}, "invalid_value"},
		{"too many registers", []turn{{ts, msg(1, "03 0000 007e")}}, "invalid_value"},
		{"coil neither on nor off", []turn{{ts, msg(1, "05 0000 0001")}}, "invalid_value"},
		{"long exception", []turn{{ts, read}, {tc, msg(1, "81 02 03")}}, "value_mismatch"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newParser()
			say(p, c.turns...)
			var got []string
			for _, tx := range p.Txs() {
				var names []string
				for _, e := range tx.Base().Events {
					names = append(names, Protocol.Events[e].Name)
				}
				got = append(got, strings.Join(names, " "))
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestAnyCut(t *testing.T) {
	conversation := []turn{{ts, msg(1, "10 0001 0002 04 0041 0042")}, {tc, msg(1, "10 0001 0002")}, {ts, msg(2, "07")}, {tc, msg(2, "07 41")}}
	whole := newParser()
	say(whole, conversation...)
	for n := 1; n < 20; n++ {
		p := newParser()
		for _, x := range conversation {
			var held []byte
			for c := range slices.Chunk([]byte(x.b), n) {
				held = append(held, c...)
				r := p.Parse(&proto.Input{Dir: x.dir, Data: held})
				held = held[r.Consumed:]
			}
		}
		if got, want := records(p), records(whole); got != want {
			t.Fatalf("cut to %d:\n%s\nwant\n%s", n, got, want)
		}
	}
}

func TestFlood(t *testing.T) {
	p := newParser()
	for i := range defaultFlood + 1 {
		say(p, turn{ts, msg(uint16(i), "01 0000 0003")})
	}
	if last := p.txs.Last(); !last.HasEvent(evFlooded) || p.open != defaultFlood || p.txs.At(0).Progress[1] != done {
		t.Errorf("%d open, events %v", p.open, last.Events)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name string
		b    string
		dir  field.Dir
		want proto.Verdict
	}{
		{"request", msg(1, "01 0000 0003"), ts, proto.Yes},
		{"beginning of a request", msg(1, "01 0000 0003")[:9], ts, proto.More},
		{"response", msg(1, "01 01 05"), tc, proto.Yes},
		{"exception", msg(1, "81 02"), tc, proto.Yes},
		{"exception of no code", msg(1, "81 0c"), tc, proto.No},
		{"exception from the client, in the middle", msg(1, "81 02"), ts, proto.Reversed},
		{"no function", msg(1, "41 02"), ts, proto.No},
		{"no subfunction", msg(1, "08 00"), ts, proto.No},
		{"text", "HELO example.com", ts, proto.No},
	} {
		if got := probe([]byte(c.b), c.dir, &flow.Flow{}); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestKeyword(t *testing.T) {
	const coils, registers, one = "0f 0000 000a 02 cd01", "10 0001 0002 04 000a 0102", "05 0002 ff00"
	for _, c := range []struct {
		arg, pdu string
		want     bool
	}{
		{"function 8, subfunction 4", "08 0004 0000", true},
		{"function 8,subfunction 4", "08 0003 0000", false},
		{"function 43, subfunction 14", "2b 0e 01 00", true},
		{"function reserved", "29", true},
		{"function !reserved", "29", false},
		{"function !user", "00", false},
		{"function public", "19", true},
		{"unit 1, function 1", "01 0000 0001", true},
		{"unit >1", "01 0000 0001", false},
		{"unit 0<>2, access read", "01 0000 0001", true},
		{"access read", one, false},
		{"access read coils, address 100", "01 0062 0002", true},
		{"access read coils, address 102", "01 0062 0002", false},
		{"access read coils, address <99", "01 0062 0002", false},
		{"access read discretes", "01 0062 0002", false},
		{"access read, address 5", "04 0004 0001", true},
		{"access write coils, address 3, value 1", one, true},
		{"access write coils, address 3, value 0", one, false},
		{"access write coils, address 2, value 0", coils, true},
		{"access write coils, address 9, value 1", coils, true},
		{"access write coils, address 10, value 1", coils, false},
		{"access write coils, address >10", coils, false},
		{"access write holding, address 3, value >257", registers, true},
		{"access write holding, address 1<>3, value >10", registers, false},
		{"access write holding, address 5", "16 0004 00f2 0025", true},
	} {
		match, err := compile(c.arg)
		if err != nil {
			t.Errorf("%s: %v", c.arg, err)
			continue
		}
		p := newParser()
		say(p, turn{ts, msg(1, c.pdu)})
		if got := match(p.txs.At(0), ts); got != c.want {
			t.Errorf("%s on %s: got %v, want %v", c.arg, c.pdu, got, c.want)
		}
	}
	for _, arg := range []string{"", "unit", "unit 256", "unit !1", "function 256", "function 1, access read", "subfunction 1", "access", "access take",
		"access write input", "access read coils, value 1", "access read coils, address 9<>1", "address 1", "access write, value 1", "Function 1"} {
		if _, err := compile(arg); err == nil {
			t.Errorf("%q: no error", arg)
		}
	}
}

func TestNoAlloc(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates")
	}
	p := newParser()
	request, response := []byte(msg(1, "03 0000 0002")), []byte(msg(1, "03 04 0001 0002"))
	var in proto.Input
	once := func() {
		in = proto.Input{Dir: ts, Data: request}
		p.Parse(&in)
		in = proto.Input{Dir: tc, Data: response}
		p.Parse(&in)
		p.Free(p.Txs()[0])
	}
	once()
	if n := testing.AllocsPerRun(100, once); n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkRead(b *testing.B) {
	p := newParser()
	request, response := []byte(msg(1, "03 0000 0002")), []byte(msg(1, "03 04 0001 0002"))
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(&proto.Input{Dir: ts, Data: request})
		p.Parse(&proto.Input{Dir: tc, Data: response})
		if len(p.Txs()) != 1 {
			b.Fatal("no transaction")
		}
		p.Free(p.Txs()[0])
	}
}

func FuzzParse(f *testing.F) {
	for _, pdu := range []string{"01 0000 0003", "0f 0000 000a 02 cd01", "17 0003 0002 000e 0001 02 0041", "08 0004 0000", "2b 0e 01 00", "81 02"} {
		f.Add([]byte(msg(1, pdu)), []byte(msg(1, pdu)))
	}
	match, err := compile("access write coils, address 3, value 1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, request, response []byte) {
		p := newParser()
		for i, b := range [][]byte{request, response} {
			dir := [...]field.Dir{ts, tc}[i]
			if r := p.Parse(&proto.Input{Dir: dir, Data: b}); r.Consumed > len(b) {
				t.Fatal("took more than there is")
			}
			probe(append(slices.Clone(b), 0, 0, 0, 0, 0, 0, 0, 0), dir, &flow.Flow{})
		}
		for _, tx := range p.Txs() {
			appendRecord(nil, tx, nil, nil)
			match(tx.(*Tx), ts)
		}
	})
}
