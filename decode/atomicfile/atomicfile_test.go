package atomicfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		name  string
		write func(string, []byte, os.FileMode) error
	}{{"plain", Write}, {"synced", WriteSynced}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "f")
			for _, text := range []string{"one", "", "three"} {
				if err := c.write(name, []byte(text), 0o640); err != nil {
					t.Fatal(err)
				}
				if got, _ := os.ReadFile(name); string(got) != text {
					t.Errorf("got %q, want %q", got, text)
				}
			}
			if st, _ := os.Stat(name); st.Mode().Perm() != 0o640 {
				t.Errorf("mode %v, want 0640", st.Mode())
			}
			if err := c.write(filepath.Join(dir, "none", "f"), nil, 0o600); err == nil {
				t.Error("no error where there is no folder")
			}
			if err := os.Mkdir(filepath.Join(dir, "d"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := c.write(filepath.Join(dir, "d"), nil, 0o600); err == nil {
				t.Error("no error where a folder is in the way")
			}
			if all, _ := os.ReadDir(dir); len(all) != 2 {
				t.Errorf("%d names left, want f and d", len(all))
			}
		})
	}
}
