package http1

import (
	"testing"

	"weir/decode/field"
)

func TestNormalPath(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"/a/..", ""}, {"/a/.", "/a"}, {"/.", ""}, {"/..", ""}, {"/a/b/..", "/a"}, {"/a/b/../", "/a"}, {"/a/./b", "/a/b"},
		{"/../a", "/a"}, {"/a/../../b", "/b"}, {"a/../b", "/b"}, {"./a", "a"}, {"../a", "a"}, {".", ""}, {"..", ""},
		{"/...", "/..."}, {"/a...", "/a..."}, {"//a//b", "/a/b"}, {"/a//../b", "/b"}, {"/a/%2e%2e/b", "/b"},
		{"/a\\b", "/a/b"}, {"/a%5cb", "/a/b"}, {"/a%2fb", "/a/b"}, {"/A%41B", "/AAB"}, {"/%u0041", "/A"}, {"/%U0041", "/A"},
		{"/%u0141x", "/Lx"}, {"/%uff0f..%uff0f", ""}, {"/%u0g41", "/%u0g41"}, {"/%zz", "/%zz"}, {"/%4", "/%4"}, {"/%", "/%"},
		{"/a%00b", "/a\x00b"}, {"/\xc3\xbc", "/\xfc"}, {"/%c3%bc", "/\xfc"}, {"/\xfcx", "/?x"}, {"/%e2%82%ac", "/?"},
		{"/%c0%af", "//"}, {"/%c0%ae%c0%ae/", ""}, {"/\xe2\x82", "/"}, {"/\xe2\x82x", "/?x"}, {"/\xc4\x80\xc4\x81", "/Aa"},
		{"/a+b", "/a+b"}, {"/%u2215x", "/x"}, {"/%u0000z", "/\x00z"}, {"/%25%34%31", "/%41"}, {"/%2541", "/%41"},
		{"/\xff\xfe", "/??"}, {"/%u20ac%u2044", "/?/"}, {"/x/\\/y", "/x/y"}, {"/a/..;x", "/a/..;x"},
	} {
		t.Run(c.path, func(t *testing.T) {
			tx := &Tx{cfg: defaultConfig()}
			if got := string(tx.req.at(tx.normalPath([]byte(c.path)))); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestURISettings(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings settings
		uri      string
		want     string
	}{
		{"as it comes", settings{}, "/a?x=%41+y#%42", "/a?x=A+y#B"},
		{"plus is a space", settings{"query-plusspace-decode": true}, "/a?x+y", "/a?x y"},
		{"double path", settings{"double-decode-path": true}, "/%2541", "/A"},
		{"double query", settings{"double-decode-query": true}, "/?%2541", "/?A"},
		{"whole", settings{"uri-include-all": true}, "http://U:p@H.com:81/x?y", "http://U:p@h.com:81/x?y"},
		{"lower case", settings{"path-convert-lowercase": true}, "/ABC?D", "/abc?D"},
		{"backslash stays", settings{"path-convert-backslash-separators": false}, "/a\\b", "/a\\b"},
		{"separators stay", settings{"path-separators-compress": false}, "/a//b", "/a//b"},
		{"encoded separator stays", settings{"path-separators-decode": false}, "/a%2fb", "/a%2fb"},
		{"encoded NUL ends", settings{"path-nul-encoded-terminates": true}, "/a%00b", "/a"},
		{"percent dropped", settings{"path-url-encoding-invalid-handling": "remove_percent"}, "/%zz", "/zz"},
		{"minimal", settings{"personality": "Minimal"}, "/a//b\\c%u0041", "/a//b\\c%u0041"},
		{"Apache", settings{"personality": "Apache_2_2"}, "/a//b\\c%2f", "/a/b\\c%2f"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := dial(t, server(c.settings))
			w.send(field.ToServer, []byte(get("GET "+c.uri+" HTTP/1.0")), false)
			tx := w.tx(0)
			if got := string(tx.req.at(tx.normalized)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestURIParts(t *testing.T) {
	for _, c := range []struct{ uri, host, port, path, query, fragment string }{
		{"/a?b#c", "", "", "/a", "b", "c"},
		{"http://h:80/p", "h", "80", "/p", "", ""},
		{"http://u:p@h/p?q", "h", "", "/p", "q", ""},
		{"http://[::1]:80/", "[::1]", "80", "/", "", ""},
		{"http:///p", "", "", "///p", "", ""},
		{"//h/p", "", "", "//h/p", "", ""},
		{"foo", "", "", "foo", "", ""},
		{"foo:bar", "", "", "bar", "", ""},
		{"/x?a#b?c#d", "", "", "/x", "a", "b?c#d"},
		{"*", "", "", "*", "", ""},
	} {
		t.Run(c.uri, func(t *testing.T) {
			u := splitURIParts([]byte(c.uri))
			got := [...]string{string(u.host), string(u.port), string(u.path), string(u.query), string(u.fragment)}
			if want := [...]string{c.host, c.port, c.path, c.query, c.fragment}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestValidHost(t *testing.T) {
	for _, c := range []struct {
		host string
		want bool
	}{
		{"example.com", true}, {"a_b-c.d", true}, {"", false}, {"a..b", false}, {".a", false}, {"a b", false}, {"1.2.3.4", true},
		{"[::1]", true}, {"[::g]", false}, {"[::1", false}, {"a/b", false},
	} {
		if got := validHost([]byte(c.host)); got != c.want {
			t.Errorf("%q: got %v, want %v", c.host, got, c.want)
		}
	}
}

func TestParseRange(t *testing.T) {
	for _, c := range []struct {
		in   string
		want contentRange
		ok   bool
	}{
		{"bytes 0-9/20", contentRange{start: 0, end: 9, size: 20, hasStart: true, hasSize: true}, true},
		{"bytes 0-9/*", contentRange{end: 9, hasStart: true}, true},
		{"bytes */20", contentRange{size: 20, hasSize: true}, true},
		{"bytes foo-bar/baz", contentRange{}, false},
		{"bytes 1-", contentRange{}, false},
		{"bytes */*", contentRange{}, false},
	} {
		t.Run(c.in, func(t *testing.T) {
			got, ok := parseRange([]byte(c.in))
			if ok != c.ok || ok && got != c.want {
				t.Errorf("got %+v, %v, want %+v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

func TestURILen(t *testing.T) {
	w := dial(t, settings{})
	w.send(field.ToServer, []byte(get("GET /%41%41 HTTP/1.0")), false)
	for _, c := range []struct {
		arg  string
		want bool
	}{
		{"7", true}, {"3", false}, {"3,norm", true}, {"7,raw", true}, {"<8", true}, {"<7", false}, {">6", true}, {">7", false},
		{"6<>8", true}, {"7<>9", false},
	} {
		m, err := compileURILen(c.arg)
		if err != nil {
			t.Fatal(err)
		}
		if got := m(w.tx(0), field.ToServer); got != c.want {
			t.Errorf("%s: got %v, want %v", c.arg, got, c.want)
		}
	}
	for _, arg := range []string{"", "x", "5<>5", "5,foo", "70000"} {
		if _, err := compileURILen(arg); err == nil {
			t.Errorf("%q: no error", arg)
		}
	}
}
