package exec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/sinks/notify"
)

func TestMain(m *testing.M) {
	if os.Getenv("WEIR_EXEC_HELPER") != "" {
		if Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestSend(t *testing.T) {
	t.Setenv("WEIR_EXEC_HELPER", "1")
	h, err := StartHelper(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "got")
	p, err := h.Program([]string{"sh", "-c", `cat > "$0"`, file})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Send(t.Context(), &notify.Message{ID: "i", Title: "t"}); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(file)
	var m notify.Message
	if err := json.Unmarshal(b, &m); err != nil || m.Title != "t" {
		t.Errorf("got %s, %v", b, err)
	}
	if p, err = h.Program([]string{"sh", "-c", "echo no; exit 3"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Send(t.Context(), &notify.Message{}); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want exit status 3", err)
	}
	if _, err := h.Program([]string{"no-such-program"}); err == nil {
		t.Error("a program that is not there is taken")
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}
