package syslog

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServer sends to an rsyslogd over each network and reads what it has written.
func TestServer(t *testing.T) {
	bin, err := exec.LookPath("rsyslogd")
	if err != nil {
		t.Skip("needs rsyslogd: apt-get install rsyslog rsyslog-gnutls")
	}
	s := httptest.NewUnstartedServer(nil) // for its certificate
	s.StartTLS()
	defer s.Close()
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: s.Certificate().Raw}, "key": {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	tlsModule := fmt.Sprintf(`global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="%[1]s/cert" defaultNetstreamDriverCertFile="%[1]s/cert" defaultNetstreamDriverKeyFile="%[1]s/key")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")`, dir)
	for _, c := range []struct{ network, modules, input string }{
		{"udp", `module(load="imudp")`, "imudp"},
		{"tcp", `module(load="imtcp")`, "imtcp"},
		{"tls", tlsModule, "imtcp"},
	} {
		t.Run(c.network, func(t *testing.T) {
			port, out, conf := freePort(t, c.network), filepath.Join(dir, c.network+".out"), filepath.Join(dir, c.network+".conf")
			if err := os.WriteFile(conf, fmt.Appendf(nil, `global(workDirectory="%s")
%s
template(name="raw" type="string" string="%%rawmsg%%\n")
input(type="%s" address="127.0.0.1" port="%s")
action(type="omfile" file="%s" template="raw" asyncWriting="off")
`, dir, c.modules, c.input, port, out), 0o600); err != nil {
				t.Fatal(err)
			}
			server := exec.Command(bin, "-n", "-f", conf, "-i", filepath.Join(dir, c.network+".pid"))
			var said strings.Builder
			server.Stdout, server.Stderr = &said, &said
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				server.Process.Kill()
				server.Wait()
				if t.Failed() {
					t.Logf("rsyslogd: %s", said.String())
				}
			}()
			l, err := New(Options{Network: c.network, Address: "127.0.0.1:" + port, Facility: 4, Hostname: "gate", TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}})
			if err != nil {
				t.Fatal(err)
			}
			var line string
			// What is sent before it listens is lost over UDP.
			for end := time.Now().Add(20 * time.Second); line == "" && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				if err := l.Send(t.Context(), message); err != nil {
					continue
				}
				b, _ := os.ReadFile(out)
				line, _, _ = strings.Cut(string(b), "\n")
			}
			if !want.MatchString(line) {
				t.Errorf("rsyslogd has written %q", line)
			}
		})
	}
}

// freePort returns a port that nobody had a moment ago.
func freePort(t *testing.T, network string) string {
	t.Helper()
	var addr net.Addr
	if network == "udp" {
		l, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addr = l.LocalAddr()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addr = l.Addr()
	}
	_, port, _ := net.SplitHostPort(addr.String())
	return port
}
