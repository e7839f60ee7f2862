package mime

import (
	"fmt"
	"strings"
	"testing"
)

type recorder struct{ strings.Builder }

func (r *recorder) Begin(name []byte) { fmt.Fprintf(r, "[%s:", name) }
func (r *recorder) Data(b []byte)     { r.Write(b) }
func (r *recorder) End(cut bool) {
	if cut {
		r.WriteString("...")
	}
	r.WriteByte(']')
}
func (r *recorder) Problem(p Problem) { fmt.Fprintf(r, "!%d", p) }

func TestMultipart(t *testing.T) {
	const file = "Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\n"
	for _, c := range []struct{ name, in, want string }{
		{"one file", "--B\r\n" + file + "data\r\n--B--\r\n", "[a.txt:data]"},
		{"field and file", "--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nv\r\n--B\r\n" + file + "data\r\n--B--", "[:v][a.txt:data]"},
		{"preamble", "hello\r\n--B\r\n" + file + "data\r\n--B--", "[a.txt:data]"},
		{"boundary in data", "--B\r\n" + file + "da--Bta\r\n--\r\n--B--", "[a.txt:da--Bta\r\n--]"},
		{"no end", "--B\r\n" + file + "data", "[a.txt:data...]"},
		{"no data", "--B\r\n" + file + "\r\n--B--", "[a.txt:!2]"},
		{"header without colon", "--B\r\nfoo\r\n\r\nx\r\n--B--", "!1[:x]"},
		{"no boundary", strings.Repeat("x", maxHeader+1), "!0"},
		{"line feeds alone", "--B\nContent-Disposition: form-data; filename=b\n\ndata\r\n--B--", "[b:data]"},
	} {
		for _, cut := range []int{1, 3, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", c.name, cut), func(t *testing.T) {
				var m Multipart
				var r recorder
				if !m.Reset([]byte("B")) {
					t.Fatal("boundary refused")
				}
				for in := []byte(c.in); len(in) > 0; {
					n := min(cut, len(in))
					m.Write(in[:n], &r)
					in = in[n:]
				}
				m.Close(&r)
				if got := r.String(); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
			})
		}
	}
}

func TestParam(t *testing.T) {
	for _, c := range []struct{ name, in, param, want string }{
		{"quoted", `attachment; filename="a;b.txt"`, "filename", "a;b.txt"},
		{"bare", `attachment; filename=a.txt; x=y`, "filename", "a.txt"},
		{"upper case, spaces", `attachment ; FileName = "a.txt" `, "filename", "a.txt"},
		{"boundary", `multipart/form-data; boundary=----WebKit`, "boundary", "----WebKit"},
		{"second", `multipart/form-data; charset=utf-8; boundary="x y"`, "boundary", "x y"},
		{"open quote", `attachment; filename="a.txt`, "filename", "a.txt"},
		{"none", `attachment`, "filename", ""},
		{"without value", `attachment; filename`, "filename", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(Param([]byte(c.in), c.param)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzMultipart(f *testing.F) {
	f.Add([]byte("--B\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--B--"), uint8(4))
	f.Fuzz(func(t *testing.T, in []byte, cut uint8) {
		run := func(n int) string {
			var m Multipart
			var r recorder
			m.Reset([]byte("B"))
			for b := in; len(b) > 0; {
				k := min(n, len(b))
				m.Write(b[:k], &r)
				b = b[k:]
			}
			m.Close(&r)
			return r.String()
		}
		if len(in) > maxHeader {
			return // where the bound is noticed depends on the cut
		}
		if a, b := run(len(in)+1), run(int(cut)+1); a != b {
			t.Errorf("got %q, cut at %d %q", a, int(cut)+1, b)
		}
		Param(in, "filename")
	})
}
