package event

import (
	"strings"
	"testing"
)

func TestPrune(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"zero", `{"a":0,"b":1}`, `{"b":1}`},
		{"nested", `{"a":{"b":0,"c":{"d":0}},"e":{"f":2}}`, `{"e":{"f":2}}`},
		{"nothing left", `{"a":{"b":0}}`, `{}`},
		{"array", `{"a":[{"id":0,"n":3}],"s":"0"}`, `{"a":[{"n":3}],"s":"0"}`},
		{"other kinds", `{"t":true,"f":false,"n":null,"x":1.5}`, `{"t":true,"f":false,"n":null,"x":1.5}`},
	} {
		if got := string(Prune(nil, []byte(c.src))); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestFlatten(t *testing.T) {
	var b strings.Builder
	Flatten([]byte(`{"a":1,"b":{"c":[{"d":2}],"e":"no"},"f":0}`), func(name, value string) { b.WriteString(name + "=" + value + " ") })
	if got, want := b.String(), "a=1 b.c.0.d=2 f=0 "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
