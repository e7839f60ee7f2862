package nfs

import (
	"weir/decode/field"
)

// keptWindow is how many inspected bytes of a file are shown again with new ones,
// so that a pattern may lie across.
const keptWindow = 4 << 10

var atDone = [2]uint8{done, 0}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "nfs.version", Aliases: []string{"nfs_version"}, Dir: field.ToServer, State: atDone, Log: "nfs.version", Bits: 32,
		Doc: "Version of the protocol that a call is of.", Syntax: "integer", Example: "nfs.version:3;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.version), true }),
	field.Uint(field.Field{
		Name: "nfs_procedure", Dir: field.ToServer, State: atDone, Log: "nfs.procedure", Bits: 32, Enum: procedures(),
		Doc: "Number of the procedure of a call, or its name.", Syntax: "integer or name", Example: "nfs_procedure:14;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.procedure), true }),
	field.Body(field.Field{
		Name: "file.data", Aliases: []string{"file_data"}, Dir: field.Both,
		Doc: "Bytes of the file.", Example: `file.data; content:"MZ"; startswith;`,
	}, func(t *Tx, d field.Dir, flush bool) field.Window {
		if d != t.dir || len(t.list.Files) == 0 {
			return field.Window{}
		}
		b, off, end := t.list.Files[0].View()
		return field.Window{Data: b, Offset: off, End: end || flush}
	}, func(t *Tx, d field.Dir) {
		if d == t.dir && len(t.list.Files) > 0 {
			b, off, _ := t.list.Files[0].View()
			t.list.Files[0].Inspected(off + uint64(max(len(b)-keptWindow, 0)))
		}
	}),
}

// procedures are the names of both versions; where they differ the number of version
// 3 goes with the name that both have.
func procedures() []field.EnumName {
	var e []field.EnumName
	seen := map[string]bool{}
	for _, list := range [...][]string{names3[:], names2[:]} {
		for i, n := range list {
			if !seen[n] {
				e = append(e, field.EnumName{Name: n, Value: uint64(i)})
				seen[n] = true
			}
		}
	}
	return e
}
