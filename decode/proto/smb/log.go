package smb

import (
	"encoding/binary"
	"strconv"

	"weir/decode/event"
	"weir/decode/flow"
	"weir/decode/proto"
	"weir/decode/proto/internal/msrpc"
)

// appendRecord writes the smb object.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	b = append(b, '{')
	b = event.Uint(b, "id", t.ID+1)
	b = event.Str(b, "dialect", t.p.dialectName())
	b = event.Str(b, "command", t.command())
	switch t.statusKind {
	case statusNT:
		b = event.Str(b, "status", ntStatusName(t.status))
		b = append(strconv.AppendUint(append(event.Key(b, "status_code"), `"0x`...), uint64(t.status), 16), '"')
	case statusDOS:
		b = event.Str(b, "status", dosStatusName(t.class, uint16(t.status)))
		b = append(event.Key(b, "status_code"), `"0x`...)
		b = append(event.AppendHex(b, []byte{byte(t.status >> 8), byte(t.status)}, ""), '"')
	}
	b = event.Uint(b, "session_id", t.session)
	b = event.Uint(b, "tree_id", uint64(t.tree))
	switch t.kind {
	case kindNegotiate:
		b = t.appendNegotiate(b)
	case kindSetup:
		b = t.appendSetup(b)
	case kindTree:
		b = t.appendTree(b)
	case kindCreate:
		b = t.appendCreate(b)
	case kindFile:
		b = event.Bytes(b, "filename", t.name)
		b = event.Bytes(b, "share", t.share)
		b = t.appendID(b)
	case kindIoctl:
		b = event.Str(b, "function", functionName(t.function))
	case kindInfo:
		b = event.Bytes(b, "filename", t.name)
		b = event.Str(b, "access", access(t.delete))
		if t.version == 1 {
			b = event.Str(b, "subcmd", pick(t.byPath, "SET_PATH_INFO", "SET_FILE_INFO"))
			b = event.Str(b, "level_of_interest", "Set Disposition Information")
		}
		b = t.appendID(b)
	case kindRename:
		b = event.Open(b, "rename")
		b = event.Bytes(b, "from", t.name)
		b = event.Bytes(b, "to", t.target)
		b = event.Close(b)
		b = t.appendID(b)
	case kindRPC:
		b = t.appendCall(b)
	}
	return event.Close(b), true
}

func pick(c bool, yes, no string) string {
	if c {
		return yes
	}
	return no
}

func access(delete bool) string { return pick(delete, "delete on close", "normal") }

// dialectName is the dialect that was agreed on.
func (p *parser) dialectName() string {
	switch {
	case p.dialect != 0:
		return dialect2Name(p.dialect)
	case p.smb1:
		return dialect1Name(p.offered)
	}
	return "unknown"
}

// dialect1Name returns the dialect without allocating for the common one.
func dialect1Name(b []byte) string {
	if string(b) == "NT LM 0.12" {
		return "NT LM 0.12"
	}
	return string(b)
}

// dialect2Name spells a dialect of versions 2 and 3 ([MS-SMB2] section 2.2.3).
func dialect2Name(d uint16) string {
	switch d {
	case 0x0202:
		return "2.02"
	case 0x0210:
		return "2.10"
	case 0x02ff:
		return "2.??"
	case 0x0222:
		return "2.22"
	case 0x0224:
		return "2.24"
	case 0x0300:
		return "3.00"
	case 0x0302:
		return "3.02"
	case 0x0310:
		return "3.10"
	case 0x0311:
		return "3.11"
	}
	return strconv.Itoa(int(d))
}

// appendNegotiate writes what both sides offer.
func (t *Tx) appendNegotiate(b []byte) []byte {
	if len(t.dialects) > 0 {
		b = event.OpenArray(b, "client_dialects")
		if t.version == 1 {
			for d := t.dialects; len(d) > 0; d = d[1+int(d[0]):] {
				b = event.ElemBytes(b, d[1:1+int(d[0])])
			}
		} else {
			for d := t.dialects; len(d) >= 2; d = d[2:] {
				b = event.ElemStr(b, dialect2Name(binary.LittleEndian.Uint16(d)))
			}
		}
		b = event.CloseArray(b)
	}
	for i, key := range [...]string{"client_guid", "server_guid"} {
		if i == 1 || t.version == 2 {
			b = append(event.Key(b, key), '"')
			b = append(appendGUID(b, t.guids[i]), '"')
		}
	}
	if t.maxRead > 0 {
		b = event.Uint(b, "max_read_size", uint64(t.maxRead))
	}
	if t.maxWrite > 0 {
		b = event.Uint(b, "max_write_size", uint64(t.maxWrite))
	}
	return b
}

// appendGUID appends a GUID the way records have always shown it: all parts as
// little endian numbers, of the last the first two bytes apart.
func appendGUID(b, g []byte) []byte {
	if len(g) != 16 {
		return b
	}
	for i, at := range [...]int{3, 2, 1, 0, 5, 4, 7, 6, 9, 8, 11, 10, 15, 14, 13, 12} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = event.AppendHex(b, g[at:at+1], "")
	}
	return b
}

// appendSetup writes who sets up a session.
func (t *Tx) appendSetup(b []byte) []byte {
	a := &t.auth
	if a.ntlm {
		b = event.Open(b, "ntlmssp")
		b = event.Bytes(b, "domain", a.domain)
		b = event.Bytes(b, "user", a.user)
		b = event.Bytes(b, "host", a.host)
		if len(a.version) > 0 {
			b = event.Bytes(b, "version", a.version)
		}
		b = event.Close(b)
	}
	if a.ticket {
		b = event.Open(b, "kerberos")
		b = event.Bytes(b, "realm", a.realm)
		b = event.OpenArray(b, "snames")
		for n := a.names; len(n) > 0; n = n[1+int(n[0]):] {
			b = event.ElemBytes(b, n[1:1+int(n[0])])
		}
		b = event.CloseArray(b)
		b = event.Close(b)
	}
	if t.version == 1 {
		for i, key := range [...]string{"request", "response"} {
			b = event.Open(b, key)
			b = event.Bytes(b, "native_os", t.native[i][0])
			b = event.Bytes(b, "native_lm", t.native[i][1])
			b = event.Close(b)
		}
	}
	return b
}

// Types of shares of version 2 ([MS-SMB2] section 2.2.10).
const (
	shareFile  = 1
	sharePipe  = 2
	sharePrint = 3
)

// appendTree writes the share that is connected.
func (t *Tx) appendTree(b []byte) []byte {
	b = event.Bytes(b, pick(t.pipe, "named_pipe", "share"), t.name)
	if t.version == 1 {
		b = event.Open(b, "service")
		if len(t.service[0]) > 0 {
			b = event.Bytes(b, "request", t.service[0])
		}
		if len(t.service[1]) > 0 {
			b = event.Bytes(b, "response", t.service[1])
		}
		return event.Close(b)
	}
	name := "UNKNOWN"
	switch t.shared {
	case shareFile:
		name = "FILE"
	case sharePipe:
		name = "PIPE"
	case sharePrint:
		name = "PRINT"
	}
	return event.Str(b, "share_type", name)
}

// appendCreate writes the file that is opened.
func (t *Tx) appendCreate(b []byte) []byte {
	if len(t.name) == 0 {
		b = event.Str(b, "filename", "<share_root>")
	} else {
		b = event.Bytes(b, pick(t.dirOnly, "directory", "filename"), t.name)
	}
	b = event.Str(b, "disposition", dispositionName(t.disposition))
	b = event.Str(b, "access", access(t.delete))
	for i, key := range [...]string{"created", "accessed", "modified", "changed"} {
		b = event.Uint(b, key, unixTime(t.times[i]))
	}
	b = event.Uint(b, "size", t.size)
	return t.appendID(b)
}

// unixTime turns a FILETIME, of 100 ns since 1601, into seconds since 1970.
func unixTime(t uint64) uint64 {
	const epoch = 11644473600
	if s := t / 10_000_000; s > epoch {
		return s - epoch
	}
	return 0
}

// appendID writes the name of an open file.
func (t *Tx) appendID(b []byte) []byte {
	b = append(event.Key(b, "fuid"), '"')
	switch {
	case !t.hasID:
	case t.version == 1:
		b = event.AppendHex(b, []byte{t.id[1], t.id[0]}, "")
	default:
		b = appendGUID(b, t.id[:])
	}
	return append(b, '"')
}

// appendCall writes a call of DCE RPC.
func (t *Tx) appendCall(b []byte) []byte {
	c := &t.call
	b = event.Open(b, "dcerpc")
	if c.HasReq {
		b = event.Str(b, "request", c.Req.String())
	} else {
		b = event.Str(b, "request", "REQUEST_LOST")
	}
	if c.HasRes {
		b = event.Str(b, "response", c.Res.String())
	} else {
		b = event.Str(b, "response", "UNREPLIED")
	}
	if c.HasReq {
		switch c.Req {
		case msrpc.Request:
			b = event.Uint(b, "opnum", uint64(c.Opnum))
			b = c.AppendData(b, 0, false)
			if len(c.Interfaces) > 0 {
				b = msrpc.AppendInterfaces(b, c, t.p.opt.format, true)
			}
		case msrpc.Bind, msrpc.AlterContext:
			if len(c.Interfaces) > 0 {
				b = msrpc.AppendInterfaces(b, c, t.p.opt.format, true)
			}
		}
	}
	if c.HasRes && c.Res == msrpc.Response {
		b = c.AppendData(b, 1, false)
	}
	b = event.Uint(b, "call_id", uint64(c.ID))
	return event.Close(b)
}
