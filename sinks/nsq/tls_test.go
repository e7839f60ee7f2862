package nsq

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gonsq "github.com/nsqio/go-nsq"
)

// authority makes certificates below a folder.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	a := &authority{dir: t.TempDir()}
	a.cert, a.key = a.make(t, "ca", true)
	return a
}

// make makes NAME.pem and NAME-key.pem.
func (a *authority) make(t *testing.T, name string, ca bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: ca, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := a.cert, a.key
	if ca {
		parent, signer = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name: {Type: "CERTIFICATE", Bytes: der}, name + "-key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(a.file(file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// TestTLS: a broker that wants TLS, a certificate of its clients and a secret gets
// them; who lacks one of them, or speaks an older TLS, gets nothing.
func TestTLS(t *testing.T) {
	a := newAuthority(t)
	a.make(t, "nsqd", false)
	a.make(t, "sensor", false)
	stranger := newAuthority(t)
	stranger.make(t, "sensor", false)
	auth := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("secret") != "open sesame" || r.FormValue("tls") != "true" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		io.WriteString(w, `{"ttl":3600,"identity":"sensor","authorizations":[{"topic":"weir\\..*","channels":[".*"],"permissions":["publish","subscribe"]}]}`)
	}))
	defer auth.Close()
	b, err := StartBroker(BrokerOptions{
		Dir: t.TempDir(), TCP: "127.0.0.1:0", HTTP: "127.0.0.1:0", Log: t.Logf, TLSCert: a.file("nsqd"), TLSKey: a.file("nsqd-key"), TLSClientCA: a.file("ca"),
		AuthHTTP: strings.TrimPrefix(auth.URL, "http://"), Channels: []string{"store"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	load := func(ca, cert, key string) *tls.Config {
		c, err := NewTLS(ca, cert, key)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	good := load(a.file("ca"), a.file("sensor"), a.file("sensor-key"))
	old := good.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	ping := func(c Connection) error {
		conn, err := c.Config("test")
		if err != nil {
			return err
		}
		p, err := gonsq.NewProducer(b.TCP(), conn)
		if err != nil {
			return err
		}
		defer p.Stop()
		p.SetLogger(Logger(nil), gonsq.LogLevelError)
		return p.Publish("weir.alert", []byte("{}"))
	}
	for _, c := range []struct {
		name string
		c    Connection
		ok   bool
	}{
		{"all of it", Connection{TLS: good, AuthSecret: "open sesame"}, true},
		{"snappy within", Connection{TLS: good, AuthSecret: "open sesame", Compression: "snappy"}, true},
		{"deflate within", Connection{TLS: good, AuthSecret: "open sesame", Compression: "deflate"}, true},
		{"in the clear", Connection{AuthSecret: "open sesame"}, false},
		{"no certificate", Connection{TLS: load(a.file("ca"), "", ""), AuthSecret: "open sesame"}, false},
		{"certificate of a stranger", Connection{TLS: load(a.file("ca"), stranger.file("sensor"), stranger.file("sensor-key")), AuthSecret: "open sesame"}, false},
		{"broker of a stranger", Connection{TLS: load(stranger.file("ca"), a.file("sensor"), a.file("sensor-key")), AuthSecret: "open sesame"}, false},
		{"TLS 1.1", Connection{TLS: old, AuthSecret: "open sesame"}, false},
		{"no secret", Connection{TLS: good}, false},
		{"wrong secret", Connection{TLS: good, AuthSecret: "sesame"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := ping(c.c); (err == nil) != c.ok {
				t.Errorf("got %v, want success %v", err, c.ok)
			}
		})
	}
	d := start(t, Options{Mode: External, Brokers: []string{b.TCP()}, Connection: Connection{TLS: good, AuthSecret: "open sesame"}, Confirm: ByBroker})
	defer d.Close()
	record(d, "alert", 0, 100)
	drain(t, d)
	if st := d.Stats(); st.Shipped != 100 || st.Retries > 0 {
		t.Errorf("over TLS: %+v", st)
	}
}

func TestTLSFiles(t *testing.T) {
	a := newAuthority(t)
	for _, c := range []struct{ name, ca, cert, key, want string }{
		{"no such authority", a.file("none"), "", "", "certificate authority: open"},
		{"no PEM", os.Args[0], "", "", "no certificate in PEM form"},
		{"key alone", "", "", a.file("ca-key"), "needs both its file and that of its key"},
		{"key of another", "", a.file("ca"), newAuthority(t).file("ca-key"), "client certificate:"},
	} {
		if _, err := NewTLS(c.ca, c.cert, c.key); err == nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
