package detect

import (
	"maps"
	"slices"
	"testing"

	"weir/decode/proto"
	"weir/rules"
)

// FuzzExplain explains the first of the rules and wants that to change nothing:
// as many alerts as without.
func FuzzExplain(f *testing.F) {
	p := demo()
	set, err := proto.NewSet(p)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(keywordCases)) {
		c := keywordCases[name]
		f.Add("alert ip any any -> any any (" + c.fires + " sid:1;)\nalert ip any any -> any any (" + c.not + " sid:2;)")
		f.Add("alert ip any any -> any any (" + c.not + " sid:1;)")
	}
	f.Add(`alert demo any any <> any any (demo.req; content:"get"; content:"/a"; distance:0; within:2; demo.res; content:!"aa"; sid:1;)`)
	f.Add(`alert demo any any => any any (demo.req; content:"GET"; base64_decode:offset 7; base64_data; content:"hello"; demo.res; content:"200"; sid:1;)`)
	f.Fuzz(func(t *testing.T, text string) {
		run := func(explain bool) (*heard, *Explanation) {
			b := NewBuilder(set, Options{AlertMax: 15, PCRELimit: 1 << 12, Recursion: 1 << 20})
			var x *Explainer
			for r, err := range rules.All("f", []byte(text)) {
				switch {
				case err != nil:
				case explain && x == nil:
					x, _ = b.Explain(r)
				default:
					b.Add(r)
				}
			}
			e, _, err := b.Build()
			if err != nil {
				t.Skip(err)
			}
			h := &heard{}
			w := e.NewWorker(h, NewShared(1<<20))
			if explain {
				if x == nil {
					t.Skip("no rule that can be used")
				}
				w.Watch(x)
			}
			showFrames(w, p)
			if x == nil {
				return h, nil
			}
			return h, x.Result()
		}
		with, said := run(true)
		without, _ := run(false)
		if !slices.Equal(with.sids, without.sids) {
			t.Errorf("alerts of %d with an explanation, of %d without", with.sids, without.sids)
		}
		if said.Fitted == 0 && (said.Nearest == nil || len(said.Gates) == 0) {
			t.Errorf("nothing is said: %+v", said)
		}
		if said.Alerts > said.Fitted {
			t.Errorf("%d alerts, fitted %d times", said.Alerts, said.Fitted)
		}
	})
}
