package event

import (
	"encoding/json"
	"net/netip"
	"testing"
	"unicode/utf8"
)

func TestQuote(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "GET /", `"GET /"`},
		{"escapes", "a\"b\\c\r\n\t\x01", `"a\"b\\c\r\n\t\u0001"`},
		{"utf-8", "grün", `"grün"`},
		{"not utf-8", "a\xffb\n", `"a\\xffb\n"`},
		{"utf-8 then not", "ü\n\xff", `"\\xc3\\xbc\n\\xff"`},
		{"escape before", "\nü\xff", `"\n\\xc3\\xbc\\xff"`},
		{"empty", "", `""`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Quote(nil, c.in)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMembers(t *testing.T) {
	b := []byte{'{'}
	b = Str(b, "a", "x")
	b = Open(b, "o")
	b = Uint(b, "n", 1)
	b = Bool(b, "t", true)
	b = Close(b)
	b = OpenArray(b, "l")
	b = ElemStr(b, "y")
	b = ElemUint(b, 2)
	b = CloseArray(b)
	b = Time(b, "when", 1539360930123456789)
	b = Addr(b, "ip", netip.MustParseAddr("2001:db8::1"))
	b = Hex(b, "h", []byte{1, 0xab}, ":")
	b = Close(b)
	want := `{"a":"x","o":{"n":1,"t":true},"l":["y",2],"when":"2018-10-12T16:15:30.123456+0000",` +
		`"ip":"2001:0db8:0000:0000:0000:0000:0000:0001","h":"01:ab"}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
}

func FuzzQuote(f *testing.F) {
	f.Add([]byte("a\xff\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := Quote(nil, in)
		var s string
		if err := json.Unmarshal(out, &s); err != nil {
			t.Fatalf("%q gives %q: %v", in, out, err)
		}
		if utf8.Valid(in) && s != string(in) {
			t.Errorf("got %q, want %q", s, in)
		}
	})
}

func BenchmarkAppendTime(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = AppendTime(buf[:0], 1539360930123456789)
	}
}
