package quic

import (
	"crypto/md5"
	"encoding/hex"

	"weir/decode/field"
	"weir/decode/proto/internal/tlshello"
)

var atDone = [2]uint8{done, done}

// known returns b, or nil if it is empty.
func known(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func once(b []byte, i int) ([]byte, bool) { return b, i == 0 && len(b) > 0 }

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "quic.version", Dir: field.Both, State: atDone, Log: "quic.version",
		Doc: "Version in the header of the packet, four bytes.", Example: `quic.version; content:"|00 00 00 01|";`,
	}, func(t *Tx, _ field.Dir) []byte { return t.version[:] }),
	field.Bytes(field.Field{
		Name: "quic.sni", Dir: field.ToServer, State: atDone, Log: "quic.sni",
		Doc: "Name of the server that the client asks for.", Example: `quic.sni; content:"example.com";`,
	}, func(t *Tx, _ field.Dir) []byte { return known(t.sni()) }),
	field.Bytes(field.Field{
		Name: "quic.ua", Dir: field.ToServer, State: atDone, Log: "quic.ua",
		Doc: "User agent that the client of a version of Google's names.", Example: `quic.ua; content:"Chrome";`,
	}, func(t *Tx, _ field.Dir) []byte { return known(t.google.ua) }),
	field.Multi(field.Field{
		Name: "quic.cyu.hash", Dir: field.ToServer, State: atDone, Log: "quic.cyu.hash",
		Doc: "MD5 of the CYU string.", Example: `quic.cyu.hash; content:"a46560d4548108cf99308319b3b85346";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return once(t.google.hash, i) }),
	field.Multi(field.Field{
		Name: "quic.cyu.string", Dir: field.ToServer, State: atDone, Log: "quic.cyu.string",
		Doc: "CYU string: version and tags of the hello of a version of Google's.", Example: `quic.cyu.string; content:"46,PAD-SNI";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return once(t.google.cyu, i) }),
	printField("ja3.hash", "ja3_hash", field.ToServer, "MD5 of the ClientHello's JA3 string.", madeJA3Hash),
	printField("ja3.string", "ja3_string", field.ToServer, "JA3 string of the ClientHello.", madeJA3),
	printField("ja3s.hash", "ja3s_hash", field.ToClient, "MD5 of the ServerHello's JA3S string.", madeJA3SHash),
	printField("ja3s.string", "ja3s_string", field.ToClient, "JA3S string of the ServerHello.", madeJA3S),
	printField("ja4.hash", "", field.ToServer, "JA4 fingerprint of the ClientHello.", madeJA4),
}

// Places in Tx.made.
const (
	madeJA3 = iota
	madeJA3Hash
	madeJA3S
	madeJA3SHash
	madeJA4
)

// printField makes a field of a fingerprint.
func printField(name, alias string, dir field.Dir, doc string, what int) field.Def {
	f := field.Field{Name: name, Dir: dir, State: atDone, Log: "quic.ja3.string", Doc: doc, Example: name + `; content:"7";`}
	if alias != "" {
		f.Aliases = []string{alias}
	}
	return field.Bytes(f, func(t *Tx, _ field.Dir) []byte { return t.print(what) })
}

// sni returns the name of the server.
func (t *Tx) sni() []byte {
	if t.google.ok {
		return t.google.sni
	}
	return t.hello.SNI
}

// print returns a fingerprint, made at first use, or nil.
func (t *Tx) print(what int) []byte {
	client := what != madeJA3S && what != madeJA3SHash
	if !t.hasTLS || client != (t.Dirs == field.ToServer) || t.opt.noJA3 && what != madeJA4 {
		return nil
	}
	b := &t.made[what]
	if len(*b) > 0 {
		return *b
	}
	switch what {
	case madeJA3:
		*b = tlshello.AppendJA3(*b, &t.hello)
	case madeJA3S:
		*b = tlshello.AppendJA3S(*b, &t.hello)
	case madeJA4:
		*b = tlshello.AppendJA4(*b, 'q', &t.hello)
	default:
		*b = appendMD5(*b, t.print(what-1))
	}
	return *b
}

// appendMD5 appends the MD5 of b in hexadecimal.
func appendMD5(dst, b []byte) []byte {
	sum := md5.Sum(b)
	return hex.AppendEncode(dst, sum[:])
}
