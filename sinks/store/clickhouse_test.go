package store

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"weir/sinks/consume"
	"weir/sinks/identity"
)

// startClickHouse starts a ClickHouse on a port of loopback and returns its URL.
func startClickHouse(t *testing.T) string {
	t.Helper()
	argv := []string{"clickhouse-server"}
	if _, err := exec.LookPath(argv[0]); err != nil {
		argv = []string{"clickhouse", "server"}
	}
	bin, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skip("needs ClickHouse: apt-get install clickhouse-server")
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.xml")
	ports := make([]int, 3)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
		l.Close()
	}
	if err := os.WriteFile(config, fmt.Appendf(nil, `<yandex>
<logger><level>error</level><console>1</console></logger>
<http_port>%d</http_port><tcp_port>%d</tcp_port><interserver_http_port>%d</interserver_http_port>
<listen_host>127.0.0.1</listen_host><path>%[4]s/data/</path><tmp_path>%[4]s/tmp/</tmp_path><mark_cache_size>5368709</mark_cache_size>
<users_config>%[5]s</users_config><default_profile>default</default_profile><default_database>default</default_database><timezone>UTC</timezone>
<profiles><default/></profiles><quotas><default/></quotas>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
</yandex>`, ports[0], ports[1], ports[2], dir, config), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(bin, append(argv[1:], "--config-file="+config)...)
	server.Dir = dir
	var said strings.Builder
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Skipf("ClickHouse does not start: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		server.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			server.Process.Kill()
			<-ended
		}
	})
	url := fmt.Sprintf("http://127.0.0.1:%d/default", ports[0])
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get(strings.TrimSuffix(url, "default") + "ping"); err == nil {
			resp.Body.Close()
			return url
		}
		select {
		case <-ended:
			t.Skipf("ClickHouse does not run here: %.2000s", said.String())
		default:
		}
		if time.Now().After(end) {
			t.Fatal("ClickHouse does not answer")
		}
	}
}

// TestClickHouse: batches are found once, old days go, and queries find.
func TestClickHouse(t *testing.T) {
	url := startClickHouse(t)
	c, err := OpenClickHouse(t.Context(), url, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	again, err := OpenClickHouse(t.Context(), url, 0) // beside it
	if err != nil {
		t.Fatal(err)
	}
	var batch []consume.Event
	for i := range 600 {
		batch = append(batch, consume.Event{
			Weir: identity.Weir{EID: fmt.Sprint("e", i%500), Sensor: "s", Boot: "b", Seq: uint64(i%500 + 1)}, Topic: "weir.alert",
			Body: fmt.Appendf(nil, `{"timestamp":"2026-01-%02dT03:04:05.000006+0000","event_type":"alert","src_ip":"2001:db8::1","src_port":53,"alert":{"signature_id":%d,"severity":1,"signature":"a\t'\\\"<"}}`,
				1+i%500%3, i%500),
		})
	}
	for _, s := range []*ClickHouse{c, again, c} {
		if err := s.Handle(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	count := func() (n int) {
		if err := FindClickHouse(t.Context(), url, Query{Addr: "2001:db8::1"}, func(r *Row) error {
			if n++; r.Signature != "a\t'\\\"<" {
				t.Errorf("signature %q", r.Signature)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 500 {
		t.Errorf("%d events, want 500", n)
	}
	if n, err := c.Retain(t.Context(), time.Date(2026, 1, 5, 1, 0, 0, 0, time.UTC)); n != 2 || err != nil {
		t.Errorf("%d days removed, want 2: %v", n, err)
	}
	if n := count(); n != 166 {
		t.Errorf("%d events left, want 166", n)
	}
	if _, err := c.query(t.Context(), "ALTER TABLE events DROP PARTITION 20260103"); err != nil {
		t.Fatal(err)
	}
	if err := c.Handle(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	checkFind(t, func(q Query, each func(*Row) error) error { return FindClickHouse(t.Context(), url, q, each) })
}

// TestClickHouseErrors: what the server says comes back, with user and password sent
// as headers.
func TestClickHouseErrors(t *testing.T) {
	t.Setenv("CLICKHOUSE_USER", "weir")
	t.Setenv("CLICKHOUSE_PASSWORD", "secret")
	var user, key string
	answer := func(w http.ResponseWriter, text string) { io.WriteString(w, text) }
	newer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, key = r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")
		answer(w, "2\n")
	}))
	defer newer.Close()
	if _, err := OpenClickHouse(t.Context(), newer.URL, 0); err == nil || !strings.Contains(err.Error(), "schema 2: this program uses up to 1") {
		t.Errorf("a newer schema: %v", err)
	}
	if user != "weir" || key != "secret" {
		t.Errorf("user %q, password %q", user, key)
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		answer(w, "Code: 252, too many parts\n")
	}))
	defer refusing.Close()
	c, err := newClickHouse(refusing.URL, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Handle(t.Context(), events); err == nil || !strings.Contains(err.Error(), "too many parts") {
		t.Errorf("a batch that is refused: %v", err)
	}
}
