package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/sinks/notify"
)

// TestServer sends to an Exim, which takes mail over TLS alone, and reads the mailbox.
func TestServer(t *testing.T) {
	bin, err := exec.LookPath("exim4")
	if err != nil {
		t.Skip("needs Exim: apt-get install exim4-daemon-light")
	}
	owner, err := user.Lookup("Debian-exim")
	if err != nil || os.Geteuid() != 0 {
		t.Skip("Exim needs root, and its user")
	}
	dir, err := os.MkdirTemp("", "weirexim") // its user has to get there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := httptest.NewUnstartedServer(nil) // for its certificate
	s.StartTLS()
	defer s.Close()
	key, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	l.Close()
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	for name, text := range map[string][]byte{
		"cert": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}),
		"key":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(dir, name), uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	conf, box := filepath.Join(dir, "conf"), filepath.Join(dir, "box")
	if err := os.WriteFile(conf, fmt.Appendf(nil, `primary_hostname = mail.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]s
spool_directory = %[1]s/spool
log_file_path = %[1]s/log-%%s
pid_file_path = %[1]s/pid
tls_advertise_hosts = *
tls_certificate = %[1]s/cert
tls_privatekey = %[1]s/key
acl_smtp_rcpt = encrypted
acl_smtp_data = all
begin acl
encrypted:
  deny !encrypted = *
  accept
all:
  accept
begin routers
box:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = %[3]s
  user = %[4]s
`, dir, port, box, owner.Username), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(bin, "-bdf", "-C", conf)
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			main, _ := os.ReadFile(filepath.Join(dir, "log-main"))
			t.Logf("exim: %s %s", said.String(), main)
		}
	}()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	m, err := New(Options{Server: addr, TLS: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, From: "weir@mail.test", To: []string{"ops@mail.test"}})
	if err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(20 * time.Second)
	for err = fmt.Errorf("not tried"); err != nil && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		err = m.Send(t.Context(), &notify.Message{ID: "i1", Title: "bad", Text: "more", Severity: 1})
	}
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for !strings.Contains(got, "more") && time.Now().Before(end) {
		b, _ := os.ReadFile(box)
		got = string(b)
		time.Sleep(20 * time.Millisecond)
	}
	for _, want := range []string{"Subject: weir: bad", "To: <ops@mail.test>", "Message-ID: <i1@weir>", "esmtps  (TLS1.", "more"} {
		if !strings.Contains(strings.ToLower(got), strings.ToLower(want)) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
	plain, err := New(Options{Server: addr, Security: None, From: "weir@mail.test", To: []string{"ops@mail.test"}})
	if err != nil {
		t.Fatal(err)
	}
	if plain.Send(t.Context(), &notify.Message{ID: "i2", Title: "bad", Text: "in the clear"}) == nil {
		t.Error("Exim has taken a mail in the clear")
	}
}
