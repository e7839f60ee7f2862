package detect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weir/decode/proto"
	"weir/rules"
)

// TestDatasetOptions compiles rules on the buffer ip.src; what is empty loads.
func TestDatasetOptions(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"list": "10.0.0.1\n", "reps": "10.0.0.1,7\n", "objects": `[{"ip":"10.0.0.1"}]`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ options, problem string }{
		{"dataset:isset,s,type ip,load list", ""},
		{"dataset:isset,s,type ip,load list; dataset:isnotset,s", ""},
		{"dataset:set,s,type ip,state new.lst", ""},
		{"dataset:set,s,type ip,save sub/new.lst,memcap 10mb,hashsize 1000", ""},
		{"dataset:isset,s,type ip,load objects,format json,value_key ip,context_key c,remove_key", ""},
		{"datarep:s,>,5,type ip,load reps", ""},
		{"dataset:isset,s", "want type: there is no set of this name"},
		{"dataset:has,s,type ip", `command "has": want set, unset, isset or isnotset`},
		{"dataset:isset,s,type ipv6", "want string, md5, sha256, ipv4 or ip"},
		{"dataset:isset,s,type ip,load none", "no such file"},
		{"dataset:isset,s,load list", "want type"},
		{"dataset:isset,s,type ip,load list,key ip", `option "key": want type`},
		{"dataset:isset,s,type ip,load list,context_key c", "are of format json"},
		{"dataset:isset,s,type ip,load objects,format json,value_key ip", "want value_key and context_key"},
		{"dataset:set,s,type ip,load objects,format json,value_key ip,context_key c", "want isset or isnotset"},
		{"dataset:isset,s,type ip,state x,load list", "want it alone"},
		{"dataset:set,s,type ip,state ../x", "below the data folder"},
		{"dataset:set,s,type ip,state a/../x", "below the data folder"},
		{"dataset:set,s,type ip,state /x", "below the data folder"},
		{"dataset:isset,s,type ip,hashsize 1001", "single-hashsize allows 1000"},
		{"dataset:isset,s,type ip,memcap many", `size "many"`},
		{"dataset:isset,s,type ip,match subdomain", "want type string"},
		{"dataset:isset,s,type ip,load list; dataset:isset,s,type md5", "is there already, and differs"},
		{"datarep:s,~,5,type ip,load reps", "want <, >"},
		{"datarep:s,>,70000,type ip,load reps", "want 0 to 65535"},
		{"datarep:s,>,5,type ip,load list", "want a reputation behind a comma"},
	} {
		t.Run(tc.options, func(t *testing.T) {
			b := NewBuilder(set, Options{Datasets: Datasets{Memcap: 1 << 20, MaxHashSize: 1000, Dir: dir, AllowWrite: true}})
			text := "alert ip any any -> any any (ip.src; " + tc.options + "; sid:1;)\n"
			problem := ""
			for r, err := range rules.All(filepath.Join(dir, "t.rules"), []byte(text)) {
				if err == nil {
					err = b.Add(r)
				}
				if err != nil {
					problem = err.Error()
				}
			}
			if (problem == "") != (tc.problem == "") || !strings.Contains(problem, tc.problem) {
				t.Errorf("got %q, want %q", problem, tc.problem)
			}
		})
	}
}

func TestDatasetWriteForbidden(t *testing.T) {
	set, err := proto.NewSet()
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder(set, Options{Datasets: Datasets{Memcap: 1 << 20, Dir: t.TempDir()}})
	for r, err := range rules.All("t.rules", []byte("alert ip any any -> any any (ip.src; dataset:set,s,type ip,state x; sid:1;)\n")) {
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(r); err == nil || !strings.Contains(err.Msg, "datasets.rules.allow-write") {
			t.Errorf("got %v, want a refusal", err)
		}
	}
}
