package smb

import (
	"weir/decode/field"
	"weir/decode/proto/internal/msrpc"
)

// keptWindow is how many inspected bytes of a file are shown again with new ones,
// so that a pattern may lie across.
const keptWindow = 4 << 10

var atDone = [2]uint8{msrpc.Done, msrpc.Done}

// fields are the keywords: those of calls in pipes and SMB's own.
var fields = append(msrpc.Fields(func(t *Tx) *msrpc.Call {
	if t.kind != kindRPC {
		return nil
	}
	return &t.call
}),
	field.Bytes(field.Field{
		Name: "smb.named_pipe", Aliases: []string{"smb_named_pipe"}, Dir: field.ToServer, State: atDone, Log: "smb.named_pipe", Growing: true,
		Doc: "Share of pipes that the client connects to.", Example: `smb.named_pipe; content:"IPC$";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.kind != kindTree || !t.pipe {
			return nil
		}
		return t.name
	}),
	field.Bytes(field.Field{
		Name: "smb.share", Aliases: []string{"smb_share"}, Dir: field.ToServer, State: atDone, Log: "smb.share", Growing: true,
		Doc: "Share of files that the client connects to.", Example: `smb.share; content:"ADMIN$";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.kind != kindTree || t.pipe {
			return nil
		}
		return t.name
	}),
	field.Bytes(field.Field{
		Name: "smb.ntlmssp_user", Aliases: []string{"smb_ntlmssp_user"}, Dir: field.ToServer, State: atDone, Log: "smb.ntlmssp.user",
		Doc: "User that sets up a session with NTLM.", Example: `smb.ntlmssp_user; content:"administrator"; nocase;`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.auth.ntlm {
			return nil
		}
		return t.auth.user
	}),
	field.Bytes(field.Field{
		Name: "smb.ntlmssp_domain", Aliases: []string{"smb_ntlmssp_domain"}, Dir: field.ToServer, State: atDone, Log: "smb.ntlmssp.domain",
		Doc: "Domain of the user that sets up a session with NTLM.", Example: `smb.ntlmssp_domain; content:"CONTOSO";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.auth.ntlm {
			return nil
		}
		return t.auth.domain
	}),
	field.Uint(field.Field{
		Name: "smb.version", Dir: field.Both, Bits: 8,
		Doc: "Version of the protocol that the message is of: 1, or 2 for versions 2 and 3.", Syntax: "integer", Example: "smb.version:1;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.version), true }),
	field.Body(field.Field{
		Name: "file.data", Aliases: []string{"file_data"}, Dir: field.Both,
		Doc: "Bytes of the file.", Example: `file.data; content:"MZ"; startswith;`,
	}, func(t *Tx, d field.Dir, flush bool) field.Window {
		if len(t.lists[d.Index()].Files) == 0 {
			return field.Window{}
		}
		b, off, end := t.lists[d.Index()].Files[0].View()
		return field.Window{Data: b, Offset: off, End: end || flush}
	}, func(t *Tx, d field.Dir) {
		if l := t.lists[d.Index()].Files; len(l) > 0 {
			b, off, _ := l[0].View()
			l[0].Inspected(off + uint64(max(len(b)-keptWindow, 0)))
		}
	}),
)
