package mime

import (
	"bytes"
	"strings"
	"testing"
)

// read takes a message apart; "\n" in it stands for CR LF.
func read(m *Mail, in string, h Handler) {
	for _, line := range strings.Split(strings.TrimSuffix(in, "\n"), "\n") {
		m.Line([]byte(line), []byte("\r\n"), true, true, h)
	}
	m.Close(h)
}

var usual = MailOptions{HeaderDepth: 2000, Base64: true, QuotedPrintable: true, Links: true, Schemes: []string{"http", "https"}, Digest: true}

const (
	mixed = "From: a@b\nContent-Type: multipart/mixed;\n\tboundary=\"B\"\n\npreamble\n"
	text  = "Content-Disposition: attachment; filename=\"a.txt\"\n"
)

func TestMail(t *testing.T) {
	long := strings.Repeat("x", MaxBoundary+1)
	for _, c := range []struct{ name, in, want string }{
		{"no file", "Subject: x\n\nbody\n", ""},
		{"whole message", text + "\nbody\nmore\n", "[a.txt:body\r\nmore]"},
		{"attachment", mixed + "--B\n" + text + "\nbody\n--B--\nepilogue\n", "[a.txt:body]"},
		{"two attachments", mixed + "--B\n" + text + "\none\n--B\n" + text + "\ntwo\n\n--B--\n", "[a.txt:one][a.txt:two\r\n]"},
		{"base64 across lines", mixed + "--B\n" + text + "Content-Transfer-Encoding: base64\n\naGVs\nbG8gd29\nybGQ=\n--B--\n", "[a.txt:hello world]"},
		{"base64 without padding", mixed + "--B\n" + text + "Content-Transfer-Encoding: base64\n\naGVsbG8\n--B--\n", "[a.txt:hello]"},
		{"base64 with other characters", mixed + "--B\n" + text + "Content-Transfer-Encoding: base64\n\naGV!sbG8=\n--B--\n", "[a.txt:!9hello]"},
		{"quoted-printable", mixed + "--B\n" + text + "Content-Transfer-Encoding: quoted-printable\n\na=3Db=\nc \n\nd\n--B--\n", "[a.txt:a=bc\r\n\r\nd]"},
		{"wrong quoted-printable", mixed + "--B\n" + text + "Content-Transfer-Encoding: quoted-printable\n\na=ZZ\n--B--\n", "[a.txt:!10aZZ]"},
		{"nested", mixed + "--B\nContent-Type: multipart/related; boundary=C\n\n--C\n" + text + "\nin\n--C--\n--B\n" + text + "\nout\n--B--\n", "[a.txt:in][a.txt:out]"},
		{"message in a message", mixed + "--B\nContent-Type: message/rfc822\n\nFrom: x\n" + text + "\nin\n--B--\n", "[a.txt:in]"},
		{"encoding ends with its part", "Content-Transfer-Encoding: base64\n" + mixed + "--B\n" + text + "\nplain\n--B--\n", "[a.txt:plain]"},
		{"no end", mixed + "--B\n" + text + "\nbody\n", "[a.txt:!11body]"},
		{"outer boundary ends inner parts", mixed + "--B\nContent-Type: multipart/related; boundary=C\n\n--C\n" + text + "\nin\n--B--\n", "[a.txt:in]"},
		{"boundary is longer than another", mixed + "--B\nContent-Type: multipart/related; boundary=B2\n\n--B2\n" + text + "\nin\n--B2--\n--B--\n", "[a.txt:in]"},
		{"boundary given twice", "Content-Type: multipart/mixed; boundary=A\nContent-Type: multipart/mixed; boundary=B\n\n--A\n" + text + "\nno\n--B\n" + text + "\nyes\n--B--\n", "[a.txt:yes]"},
		{"part without a body", mixed + "--B\n" + text + "--B--\n", "[a.txt:]"},
		{"long line", "a: b\n\n" + strings.Repeat("x", MaxLine+1) + "\n", "!3"},
		{"long boundary", "Content-Type: multipart/mixed; boundary=" + long + "\n\n--" + long + "\n" + text + "\nbody\n--" + long + "--\n", "!7[a.txt:body]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Mail
			var r recorder
			m.Reset(&usual)
			read(&m, c.in, &r)
			if got := r.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMailHeaders(t *testing.T) {
	var m Mail
	m.Reset(&usual)
	read(&m, "From: a\nReceived: one\nReceived:  two\n three\nSubject : x\nnot a header\nTo:\n\nfrom: body\n", &recorder{})
	for _, c := range []struct {
		name string
		i    int
		want string
	}{
		{"from", 0, "a"}, {"from", 1, ""}, {"received", 0, "one"}, {"received", 1, "two three"}, {"subject", 0, "x"}, {"to", 0, ""},
	} {
		if got := string(m.Header(c.name, c.i)); got != c.want {
			t.Errorf("%s %d: got %q, want %q", c.name, c.i, got, c.want)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "\nsee http://A.example/x, or https://b.example/\"y\n", "b.example/ a.example/x,"},
		{"other scheme", "\nftp://a.example/\n", ""},
		{"in base64", "Content-Type: text/html\nContent-Transfer-Encoding: base64\n\nPGEgaHJlZj0iaHR0cDovL2EuZXhh\nbXBsZS8iPg==\n", "a.example/"},
		{"across a soft break", "Content-Transfer-Encoding: quoted-printable\n\nhttp://a.exam=\nple/ x\n", "a.example/"},
		{"not in a picture", "Content-Type: image/png\n\nhttp://a.example/\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Mail
			m.Reset(&usual)
			read(&m, c.in, &recorder{})
			var got []string
			for i := range m.Links() {
				got = append(got, string(m.Link(i)))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
		})
	}
}

func TestAppendParam(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", `attachment; filename="a.txt"`, "a.txt"},
		{"extended", `attachment; filename*=UTF-8''na%20me.txt`, "na me.txt"},
		{"sections", `attachment; filename*0="ab"; filename*1="cd.txt"`, "abcd.txt"},
		{"sections, some extended", `attachment; filename*0*=us-ascii'en'a%2e; filename*1="b"`, "a.b"},
		{"none", `attachment`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, _ := AppendParam(nil, []byte(c.in), "filename"); string(got) != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMailNoAlloc(t *testing.T) {
	var m Mail
	var h quiet
	lines := bytes.Split([]byte(mixed+"--B\n"+text+"Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n--B--"), []byte{'\n'})
	eol := []byte("\r\n")
	run := func() {
		m.Reset(&usual)
		for _, l := range lines {
			m.Line(l, eol, true, true, &h)
		}
		m.Close(&h)
	}
	run()
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("a message allocates %v times, want 0", n)
	}
}

// quiet is a Handler that does nothing.
type quiet struct{}

func (*quiet) Begin([]byte)    {}
func (*quiet) Data([]byte)     {}
func (*quiet) End(bool)        {}
func (*quiet) Problem(Problem) {}

func FuzzMail(f *testing.F) {
	f.Add([]byte(mixed + "--B\n" + text + "Content-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n--B--\n"))
	f.Add([]byte("Content-Type: message/rfc822\n\nContent-Type: multipart/x; boundary=C\n\n--C\n" + text + "\nhttp://x/\n--C--\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var m Mail
		var h balance
		m.Reset(&usual)
		for _, line := range bytes.Split(in, []byte{'\n'}) {
			m.Line(line, []byte("\n"), true, true, &h)
		}
		m.Close(&h)
		if h.open {
			t.Error("a file was not ended")
		}
		if h.n > len(in)+2*bytes.Count(in, []byte{'\n'}) {
			t.Errorf("%d bytes of files from %d", h.n, len(in))
		}
		for i := range m.Links() {
			m.Link(i)
		}
	})
}

// balance checks that files are begun and ended in turn.
type balance struct {
	open bool
	n    int
}

func (b *balance) Begin([]byte) {
	if b.open {
		panic("a file in a file")
	}
	b.open = true
}
func (b *balance) Data(d []byte) {
	if !b.open {
		panic("bytes of no file")
	}
	b.n += len(d)
}
func (b *balance) End(bool)        { b.open = false }
func (b *balance) Problem(Problem) {}

func BenchmarkMail(b *testing.B) {
	line := []byte(strings.Repeat("QUJD", 19))
	eol := []byte("\r\n")
	head := bytes.Split([]byte(mixed+"--B\n"+text+"Content-Transfer-Encoding: base64\n"), []byte{'\n'})
	var m Mail
	var h quiet
	const n = 1000
	b.SetBytes(n * int64(len(line)+2))
	b.ReportAllocs()
	for b.Loop() {
		m.Reset(&usual)
		for _, l := range head {
			m.Line(l, eol, true, true, &h)
		}
		for range n {
			m.Line(line, eol, true, true, &h)
		}
		m.Close(&h)
	}
}
