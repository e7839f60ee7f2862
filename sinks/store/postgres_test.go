package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/identity"
)

// startPostgres starts a PostgreSQL of Debian with a data base of its own and returns
// how to connect. It listens on a socket in a folder alone.
func startPostgres(t *testing.T) string {
	t.Helper()
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(bins) == 0 {
		t.Skip("needs PostgreSQL: apt-get install postgresql")
	}
	bin := bins[len(bins)-1]
	dir, err := os.MkdirTemp("", "weirpg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() == 0 { // PostgreSQL does not run as root
		u, err := user.Lookup("postgres")
		if err != nil {
			t.Skipf("needs the user postgres: %v", err)
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	setup := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "weir", "-A", "trust", "-E", "UTF8", "--no-sync")
	setup.SysProcAttr, setup.Dir = attr, dir
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v: %s", err, out)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "shared_buffers=16MB")
	server.SysProcAttr, server.Dir = attr, dir
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGINT)
		server.Wait()
	})
	return "host=" + dir + " user=weir dbname=postgres"
}

// TestPostgres: batches are kept once, by day, and old days go.
func TestPostgres(t *testing.T) {
	url := startPostgres(t)
	var p *Postgres
	var err error
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if p, err = OpenPostgres(t.Context(), url, 48*time.Hour); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	defer p.Close()
	again, err := OpenPostgres(t.Context(), url, 0) // beside it
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var batch []consume.Event
	for i := range 600 {
		batch = append(batch, consume.Event{
			Weir: identity.Weir{EID: fmt.Sprint("e", i%500), Sensor: "s", Boot: "b", Seq: uint64(i%500 + 1)}, Topic: "weir.alert",
			Body: fmt.Appendf(nil, `{"timestamp":"2026-01-%02dT03:04:05.000006+0000","event_type":"alert","src_ip":"2001:db8::1","src_port":53,"alert":{"signature_id":%d,"severity":1}}`,
				1+i%500%3, i%500),
		})
	}
	for _, s := range []*Postgres{p, again} {
		if err := s.Handle(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		if err := p.conn.QueryRow(context.Background(), "SELECT count(*) FROM events WHERE src = '2001:db8::1' AND sport = 53").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 500 {
		t.Errorf("%d events, want 500", n)
	}
	if n, err := p.Retain(t.Context(), time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)); n != 2 || err != nil {
		t.Errorf("%d days removed, want 2: %v", n, err)
	}
	if n := count(); n != 166 {
		t.Errorf("%d events left, want 166", n)
	}
	p.conn.Close(t.Context()) // it was cut: the first batch after it is refused, the next connects
	_ = p.Handle(t.Context(), batch[:1])
	if err := p.Handle(t.Context(), batch[:1]); err != nil {
		t.Errorf("after a lost connection: %v", err)
	}
	if _, err := p.conn.Exec(t.Context(), "TRUNCATE events"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Handle(t.Context(), events); err != nil {
			t.Fatal(err)
		}
	}
	checkFind(t, func(q Query, each func(*Row) error) error { return FindPostgres(t.Context(), url, q, each) })
}
