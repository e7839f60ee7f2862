package tls

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"weir/decode/proto/internal/tlshello"

	"weir/decode/field"
)

var (
	atHello = [2]uint8{clientHelloDone, serverHello}
	atCert  = [2]uint8{clientCertDone, serverCertDone}
)

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "tls.sni", Aliases: []string{"tls_sni"}, Dir: field.ToServer, State: atHello, Log: "tls.sni",
		Doc: "Server name that the client asks for.", Example: `tls.sni; content:"example.com"; nocase;`,
	}, func(t *Tx, _ field.Dir) []byte { return t.sides[0].hello.SNI }),
	certField("tls.cert_subject", "tls_cert_subject", "tls.subject", "Subject of the certificate.", `"CN=example"`,
		func(t *Tx, i int) []byte { return t.sides[i].chain().cert.subject }),
	certField("tls.cert_issuer", "tls_cert_issuer", "tls.issuerdn", "Issuer of the certificate.", `"O=Example"`,
		func(t *Tx, i int) []byte { return t.sides[i].chain().cert.issuer }),
	certField("tls.cert_serial", "tls_cert_serial", "tls.serial", "Serial number of the certificate: digits with colons.", `"5C:19:B7"`,
		(*Tx).serial),
	certField("tls.cert_fingerprint", "tls_cert_fingerprint", "tls.fingerprint", "SHA-1 of the certificate: lower-case digits with colons.", `"4a:a3:66"`,
		(*Tx).fingerprint),
	field.Multi(field.Field{
		Name: "tls.certs", Dir: field.Both, State: atCert, Log: "tls.chain",
		Doc: "Each certificate of the chain, as DER.", Example: `tls.certs; content:"|06 03 55 04 03|";`,
	}, func(t *Tx, d field.Dir, i int) ([]byte, bool) {
		if certs := t.sides[d.Index()].chain().certs; i < len(certs) {
			return certs[i], true
		}
		return nil, false
	}),
	field.Multi(field.Field{
		Name: "tls.subjectaltname", Dir: field.ToClient, State: atCert, Log: "tls.subjectaltname",
		Doc: "Each alternative name of the server's certificate.", Example: `tls.subjectaltname; content:"example.com";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		if names := t.sides[1].chain().cert.names; i < len(names) {
			return names[i], true
		}
		return nil, false
	}),
	field.Multi(field.Field{
		Name: "tls.alpn", Dir: field.Both, State: atHello, Log: "tls.client_alpns",
		Doc: "Each application protocol offered or chosen.", Example: `tls.alpn; content:"h2";`,
	}, func(t *Tx, d field.Dir, i int) ([]byte, bool) {
		if names := t.sides[d.Index()].hello.ALPN; i < len(names) {
			return names[i], true
		}
		return nil, false
	}),
	field.Bytes(field.Field{
		Name: "tls.random", Dir: field.Both, State: atHello,
		Doc: "The 32 random bytes of a hello.", Example: `tls.random; content:"|5a 5a|"; startswith;`,
	}, func(t *Tx, d field.Dir) []byte { return t.sides[d.Index()].hello.Random }),
	field.Bytes(field.Field{
		Name: "tls.random_time", Dir: field.Both, State: atHello,
		Doc: "The first 4 random bytes, once a time stamp.", Example: `tls.random_time; content:"|9b ce 7a 5e|";`,
	}, func(t *Tx, d field.Dir) []byte { return cut(t.sides[d.Index()].hello.Random, 0, 4) }),
	field.Bytes(field.Field{
		Name: "tls.random_bytes", Dir: field.Both, State: atHello,
		Doc: "The last 28 random bytes.", Example: `tls.random_bytes; content:"|57 5d|";`,
	}, func(t *Tx, d field.Dir) []byte { return cut(t.sides[d.Index()].hello.Random, 4, 32) }),
	field.Uint(field.Field{
		Name: "tls.cert_chain_len", Dir: field.Both, State: atCert, Bits: 32,
		Doc: "Number of certificates in the chain.", Syntax: "integer", Example: "tls.cert_chain_len:>2;",
	}, func(t *Tx, d field.Dir) (uint64, bool) {
		n := len(t.sides[d.Index()].chain().certs)
		return uint64(n), n > 0
	}),

	printField("ja3.hash", "ja3_hash", field.ToServer, "MD5 of the ClientHello's JA3 string.", (*Tx).ja3Digest),
	printField("ja3.string", "ja3_string", field.ToServer, "JA3 string of the ClientHello.", (*Tx).ja3Text),
	printField("ja3s.hash", "ja3s_hash", field.ToClient, "MD5 of the ServerHello's JA3S string.", (*Tx).ja3sDigest),
	printField("ja3s.string", "ja3s_string", field.ToClient, "JA3S string of the ServerHello.", (*Tx).ja3sText),
	printField("ja4.hash", "", field.ToServer, "JA4 fingerprint of the ClientHello.", (*Tx).ja4Text),

	field.Custom(field.Field{
		Name: "tls.version", Dir: field.Both, State: atHello, Log: "tls.version",
		Doc: "Version that a side speaks.", Syntax: "1.0 | 1.1 | 1.2 | 1.3 | 0x number", Example: "tls.version:1.2;",
	}, compileVersion),
	field.Custom(field.Field{
		Name: "ssl_version", Dir: field.Both, State: atHello, Log: "tls.version",
		Doc: "Versions of which a side speaks one, or none.", Syntax: "[!]sslv2|sslv3|tls1.0|tls1.1|tls1.2|tls1.3, ...", Example: "ssl_version:tls1.0,tls1.1;",
	}, compileVersions),
	field.Custom(field.Field{
		Name: "ssl_state", Dir: field.Both,
		Doc: "How far the handshake is.", Syntax: "[!]client_hello|server_hello|client_keyx|server_keyx|unknown, ...", Example: "ssl_state:client_hello;",
	}, compileState),
	containsField("tls.subject", "Text in the subject of the server's certificate.", func(t *Tx) []byte { return t.sides[1].chain().cert.subject }),
	containsField("tls.issuerdn", "Text in the issuer of the server's certificate.", func(t *Tx) []byte { return t.sides[1].chain().cert.issuer }),
	containsField("tls.fingerprint", "SHA-1 of the server's certificate.", func(t *Tx) []byte { return t.fingerprint(1) }),
	dateField("tls_cert_notbefore", "Start of the certificate's validity.", func(c *certificate) int64 { return c.notBefore }),
	dateField("tls_cert_notafter", "End of the certificate's validity.", func(c *certificate) int64 { return c.notAfter }),
	validityField("tls_cert_expired", "The certificate's validity is over.", func(c *certificate, now int64) bool { return now > c.notAfter }),
	validityField("tls_cert_valid", "The certificate is valid at the time of the packet.", func(c *certificate, now int64) bool {
		return now >= c.notBefore && now <= c.notAfter
	}),
}

// cut returns b[lo:hi], or nil if b is shorter.
func cut(b []byte, lo, hi int) []byte {
	if len(b) < hi {
		return nil
	}
	return b[lo:hi]
}

func certField(name, alias, log, doc, example string, get func(*Tx, int) []byte) field.Def {
	return field.Bytes(field.Field{
		Name: name, Aliases: []string{alias}, Dir: field.Both, State: atCert, Log: log, Doc: doc,
		Example: name + "; content:" + example + ";",
	}, func(t *Tx, d field.Dir) []byte {
		if !t.sides[d.Index()].chain().cert.ok {
			return nil
		}
		return get(t, d.Index())
	})
}

func printField(name, alias string, dir field.Dir, doc string, get func(*Tx) []byte) field.Def {
	f := field.Field{Name: name, Dir: dir, State: atHello, Log: "tls." + name, Doc: doc, Example: name + `; content:"771,4865-4866";`}
	if alias != "" {
		f.Aliases = []string{alias}
	}
	if strings.HasSuffix(name, "hash") {
		f.Example = name + `; content:"e7d705a3286e19ea42f587b344ee6865";`
	}
	return field.Bytes(f, func(t *Tx, _ field.Dir) []byte { return get(t) })
}

// serial returns the serial number of a side's certificate in text.
func (t *Tx) serial(i int) []byte { return t.sides[i].chain().serialText() }

// fingerprint returns the SHA-1 of a side's certificate in text.
func (t *Tx) fingerprint(i int) []byte { return t.sides[i].chain().fingerprint() }

// ja3Text returns the JA3 string, or nil without a hello or if it is off.
func (t *Tx) ja3Text() []byte {
	if t.ja3 == nil && t.opt.ja3 != off && t.sides[0].hello.Random != nil {
		t.ja3 = tlshello.AppendJA3(t.spare[madeJA3], &t.sides[0].hello)
	}
	return t.ja3
}

func (t *Tx) ja3Digest() []byte {
	if s := t.ja3Text(); t.ja3Hash == nil && s != nil {
		t.ja3Hash = appendMD5(t.spare[madeJA3Hash], s)
	}
	return t.ja3Hash
}

func (t *Tx) ja3sText() []byte {
	if t.ja3s == nil && t.opt.ja3 != off && t.sides[1].hello.Random != nil {
		t.ja3s = tlshello.AppendJA3S(t.spare[madeJA3S], &t.sides[1].hello)
	}
	return t.ja3s
}

func (t *Tx) ja3sDigest() []byte {
	if s := t.ja3sText(); t.ja3sHash == nil && s != nil {
		t.ja3sHash = appendMD5(t.spare[madeJA3SHash], s)
	}
	return t.ja3sHash
}

func (t *Tx) ja4Text() []byte {
	if t.ja4Hash == nil && t.opt.ja4 != off && t.sides[0].hello.Random != nil {
		t.ja4Hash = tlshello.AppendJA4(t.spare[madeJA4], 't', &t.sides[0].hello)
	}
	return t.ja4Hash
}

// version is that of the session as seen from side i.
func (t *Tx) version(i int) uint16 { return t.sides[i].version }

func compileVersion(arg string) (func(*Tx, field.Dir) bool, error) {
	arg = strings.Trim(strings.TrimSpace(arg), `"`)
	var want uint16
	switch arg {
	case "1.0":
		want = versionTLS10
	case "1.1":
		want = versionTLS11
	case "1.2":
		want = versionTLS12
	case "1.3":
		want = versionTLS13
	default:
		n, err := strconv.ParseUint(arg, 0, 16)
		if err != nil || !strings.HasPrefix(arg, "0x") {
			return nil, fmt.Errorf("tls.version: value %q: want 1.0, 1.1, 1.2, 1.3 or 0x and four digits", arg)
		}
		want = uint16(n)
	}
	return func(t *Tx, d field.Dir) bool { return t.version(d.Index()) == want }, nil
}

var versionWords = map[string]uint16{
	"sslv2": versionSSL2, "sslv3": versionSSL3, "tls1.0": versionTLS10,
	"tls1.1": versionTLS11, "tls1.2": versionTLS12, "tls1.3": versionTLS13,
}

func compileVersions(arg string) (func(*Tx, field.Dir) bool, error) {
	var want []uint16
	negated := false
	for i, w := range strings.Split(arg, ",") {
		w = strings.ToLower(strings.Trim(strings.TrimSpace(w), `"`))
		not := strings.HasPrefix(w, "!")
		if i > 0 && not && !negated {
			return nil, fmt.Errorf("ssl_version: value %q: a ! before the first version negates the whole list, it cannot stand further on", arg)
		}
		negated = negated || not
		v, ok := versionWords[strings.TrimSpace(strings.TrimPrefix(w, "!"))]
		if !ok {
			return nil, fmt.Errorf("ssl_version: value %q: want sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3", w)
		}
		want = append(want, v)
	}
	return func(t *Tx, d field.Dir) bool {
		got := t.version(d.Index())
		if tls13(got) {
			got = versionTLS13
		}
		if got == 0 {
			return false
		}
		for _, v := range want {
			if v == got {
				return !negated
			}
		}
		return negated
	}, nil
}

func compileState(arg string) (func(*Tx, field.Dir) bool, error) {
	words := map[string]uint8{"client_hello": 1, "server_hello": 2, "client_keyx": 4, "server_keyx": 8, "unknown": 16}
	var want, without uint8
	for _, w := range strings.FieldsFunc(arg, func(r rune) bool { return r == ',' || r == '|' }) {
		w = strings.TrimSpace(w)
		bit, ok := words[strings.TrimSpace(strings.TrimPrefix(w, "!"))]
		if !ok {
			return nil, fmt.Errorf("ssl_state: value %q: want client_hello, server_hello, client_keyx, server_keyx, unknown", w)
		}
		if strings.HasPrefix(w, "!") {
			without |= bit
		} else {
			want |= bit
		}
	}
	return func(t *Tx, _ field.Dir) bool {
		var have uint8
		c, s := t.sides[0].seen, t.sides[1].seen
		for i, on := range [...]bool{c&seenHello != 0, s&seenHello != 0, c&seenKeyExchange != 0, s&seenKeyExchange != 0} {
			if on {
				have |= 1 << i
			}
		}
		if have == 0 {
			have = words["unknown"]
		}
		return have&want != 0 || want == 0 && have&without == 0
	}, nil
}

// containsField makes one of the old keywords that look for text in a value.
func containsField(name, doc string, get func(*Tx) []byte) field.Def {
	return field.Custom(field.Field{
		Name: name, Dir: field.ToClient, State: atCert, Doc: doc, Syntax: `[!]"text"`, Example: name + `:"example";`,
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		arg, not := strings.CutPrefix(strings.TrimSpace(arg), "!")
		arg = strings.Trim(strings.TrimSpace(arg), `"`)
		if arg == "" {
			return nil, fmt.Errorf("%s: no text", name)
		}
		if name == "tls.fingerprint" {
			arg = strings.ToLower(arg)
		}
		return func(t *Tx, _ field.Dir) bool {
			v := get(t)
			return v != nil && strings.Contains(string(v), arg) != not
		}, nil
	})
}

func validityField(name, doc string, holds func(c *certificate, now int64) bool) field.Def {
	return field.Custom(field.Field{
		Name: name, Dir: field.ToClient, State: atCert, Doc: doc, Example: name + ";",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		if strings.TrimSpace(arg) != "" {
			return nil, fmt.Errorf("%s: value %q: want none", name, arg)
		}
		return func(t *Tx, _ field.Dir) bool {
			c := &t.sides[1].chain().cert
			return c.hasValidity && holds(c, t.Updated/int64(time.Second))
		}, nil
	})
}

// dateField makes a keyword that compares a date: <2015, >2014-10-22, or a
// range 2013-10-22<>2013-10-23T10:00:00.
func dateField(name, doc string, get func(*certificate) int64) field.Def {
	return field.Custom(field.Field{
		Name: name, Dir: field.ToClient, State: atCert, Doc: doc, Syntax: "[<|>]date | date<>date", Example: name + ":>2014-10-22;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		arg = strings.Trim(strings.TrimSpace(arg), `"`)
		test := func(v int64) bool { return false }
		if lo, hi, ok := strings.Cut(arg, "<>"); ok {
			a, err1 := parseDate(lo)
			b, err2 := parseDate(hi)
			if err1 != nil || err2 != nil || a > b {
				return nil, fmt.Errorf("%s: value %q: want two dates, the earlier first", name, arg)
			}
			test = func(v int64) bool { return v > a && v < b }
		} else {
			op := byte('=')
			if arg != "" && (arg[0] == '<' || arg[0] == '>') {
				op, arg = arg[0], arg[1:]
			}
			a, err := parseDate(arg)
			if err != nil {
				return nil, fmt.Errorf("%s: value %q: %w", name, arg, err)
			}
			test = func(v int64) bool { return op == '=' && v == a || op == '<' && v < a || op == '>' && v > a }
		}
		return func(t *Tx, _ field.Dir) bool {
			c := &t.sides[1].chain().cert
			return c.hasValidity && test(get(c))
		}, nil
	})
}

func parseDate(s string) (int64, error) {
	s = strings.TrimSpace(s)
	for _, layout := range [...]string{"2006", "2006-01", "2006-01-02", "2006-01-02 15", "2006-01-02 15:04", "2006-01-02 15:04:05",
		"2006-01-02T15", "2006-01-02T15:04", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("want a date as 2014, 2014-10-22 or 2014-10-22T10:30:00")
}
