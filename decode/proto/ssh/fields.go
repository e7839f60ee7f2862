package ssh

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"weir/decode/field"
)

var atBanner = [2]uint8{progBanner, progBanner}

// known returns b, or nil if it is empty.
func known(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "ssh.proto", Aliases: []string{"ssh_proto"}, Dir: field.Both, State: atBanner, Log: "ssh.client.proto_version",
		Doc: "Version of the protocol in the identification line.", Example: `ssh.proto; content:"2.0";`,
	}, func(t *Tx, d field.Dir) []byte { return known(t.sides[d.Index()].version) }),
	field.Bytes(field.Field{
		Name: "ssh.software", Aliases: []string{"ssh_software"}, Dir: field.Both, State: atBanner, Log: "ssh.client.software_version",
		Doc: "Software in the identification line, without its comment.", Example: `ssh.software; content:"openssh"; nocase;`,
	}, func(t *Tx, d field.Dir) []byte { return known(t.sides[d.Index()].software) }),
	field.Custom(field.Field{
		Name: "ssh.protoversion", Dir: field.Both, State: atBanner,
		Doc:    "Version of the protocol; 2_compat is 2 and 1.99.",
		Syntax: "version or 2_compat", Example: "ssh.protoversion:2_compat;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		want := strings.Trim(strings.TrimSpace(arg), `"`)
		if want == "" {
			return nil, fmt.Errorf("value %q: want a version or 2_compat", arg)
		}
		return func(t *Tx, d field.Dir) bool {
			v := string(t.sides[d.Index()].version)
			if want == "2_compat" {
				return v == "2" || v == "2.0" || v == "1.99"
			}
			return v == want
		}, nil
	}),
	field.Custom(field.Field{
		Name: "ssh.softwareversion", Dir: field.Both, State: atBanner,
		Doc:    "Software in the identification line holds this text.",
		Syntax: "text", Example: "ssh.softwareversion:OpenSSH;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		want := strings.Trim(strings.TrimSpace(arg), `"`)
		if want == "" {
			return nil, fmt.Errorf("value %q: want text", arg)
		}
		return func(t *Tx, d field.Dir) bool { return strings.Contains(string(t.sides[d.Index()].software), want) }, nil
	}),
	hassh("ssh.hassh", field.ToServer, "Fingerprint of the client's key exchange, MD5 in hexadecimal.",
		`ssh.hassh; content:"ec7378c1a92f5a8dde7e8b7a1ddf33d1";`, func(s *side) []byte { return s.hash }),
	hassh("ssh.hassh.string", field.ToServer, "What the client's fingerprint is made of: lists of algorithms, between semicolons.",
		`ssh.hassh.string; content:"none,zlib@openssh.com";`, func(s *side) []byte { return s.hassh }),
	hassh("ssh.hassh.server", field.ToClient, "Fingerprint of the server's key exchange, MD5 in hexadecimal.",
		`ssh.hassh.server; content:"b12d2871a1189eff20364cf5333619ee";`, func(s *side) []byte { return s.hash }),
	hassh("ssh.hassh.server.string", field.ToClient, "What the server's fingerprint is made of.",
		`ssh.hassh.server.string; content:"aes128-ctr";`, func(s *side) []byte { return s.hassh }),
}

// hassh makes a field of a fingerprint. It may come after the identification
// line: the field grows.
func hassh(name string, dir field.Dir, doc, example string, get func(s *side) []byte) field.Def {
	return field.Bytes(field.Field{
		Name: name, Dir: dir, State: atBanner, Growing: true, Log: "ssh.client.hassh", Doc: doc, Example: example,
	}, func(t *Tx, d field.Dir) []byte {
		t.asked = true
		return known(get(&t.sides[d.Index()]))
	})
}

// appendMD5 appends the MD5 of b in hexadecimal.
func appendMD5(dst, b []byte) []byte {
	sum := md5.Sum(b)
	return hex.AppendEncode(dst, sum[:])
}
