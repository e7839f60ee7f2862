package detect

import "testing"

// TestDomainTransforms: bytes of names are bytes, whatever they are.
func TestDomainTransforms(t *testing.T) {
	for _, tc := range []struct{ name, in, domain, tld string }{
		{"host", "www.Example.co.uk", "Example.co.uk", "co.uk"},
		{"suffix alone", "co.uk", "co.uk", "co.uk"},
		{"no suffix", "localhost", "localhost", "localhost"},
		{"no UTF-8", "\x80\x81\xff.\xfe.com", "\xfe.com", "com"},
		{"no UTF-8 and no suffix", "\x80\x81\xff", "\x80\x81\xff", "\x80\x81\xff"},
		{"empty", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(registeredDomain(nil, []byte(tc.in))); got != tc.domain {
				t.Errorf("domain %q, want %q", got, tc.domain)
			}
			if got := string(publicSuffix(nil, []byte(tc.in))); got != tc.tld {
				t.Errorf("suffix %q, want %q", got, tc.tld)
			}
		})
	}
}

// TestCaseTransforms: case is that of ASCII, and no byte is lost or added.
func TestCaseTransforms(t *testing.T) {
	in := "aZ\x80\xc3\xa9\xff"
	for keyword, want := range map[string]string{"to_lowercase": "az\x80\xc3\xa9\xff", "to_uppercase": "AZ\x80\xc3\xa9\xff"} {
		tr, err := transforms[keyword]("")
		if err != nil {
			t.Fatal(err)
		}
		if got := string(tr.apply(nil, []byte(in))); got != want {
			t.Errorf("%s: %q, want %q", keyword, got, want)
		}
	}
}
