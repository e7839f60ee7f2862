package detect

import (
	"fmt"
	"strings"

	"weir/decode"
	"weir/decode/flow"
)

// logging is what a config rule switches off: the records of a transaction, or
// of all of the flow's.
type logging struct{ flow bool }

// configKeyword compiles logging disable, type tx|flow, scope tx|flow. The rule's
// action may be config, which raises no alert, or any other.
func configKeyword(c *compiler, v string) error {
	said := map[string]string{}
	for _, w := range split(v) {
		key, val, _ := strings.Cut(w, " ")
		said[key] = strings.TrimSpace(val)
	}
	for _, k := range []struct {
		key  string
		want []string
	}{{"logging", []string{"disable"}}, {"type", []string{"tx", "flow"}}, {"scope", []string{"tx", "flow"}}} {
		ok := false
		for _, w := range k.want {
			ok = ok || said[k.key] == w
		}
		if !ok {
			return fmt.Errorf("%s %q: want %s", k.key, said[k.key], strings.Join(k.want, " or "))
		}
	}
	if len(said) != 3 {
		return fmt.Errorf("value %q: want logging, type and scope", v)
	}
	c.s.config = &logging{flow: said["scope"] == "flow"}
	return nil
}

// configure carries out a config rule.
func (w *Worker) configure(a *alert, f *flow.Flow) (v decode.Verdict) {
	switch {
	case a.sig.config == nil:
	case a.sig.config.flow:
		v = decode.VerdictNoLogFlow
	case a.tx != nil:
		a.tx.Base().NoLog = true
	default:
		for _, tx := range w.in.Txs {
			tx.Base().NoLog = true
		}
	}
	return v
}
