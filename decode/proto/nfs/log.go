package nfs

import (
	"hash/crc32"
	"strconv"

	"weir/decode/event"
	"weir/decode/field"
	"weir/decode/flow"
	"weir/decode/proto"
)

// appendRecord writes the nfs object; there is none for attributes, which clients ask
// for all the time.
func appendRecord(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) ([]byte, bool) {
	t := tx.(*Tx)
	return t.append(append(b, '{')), t.procedure != v3GetAttr
}

// appendAlert writes what alerts and files show.
func appendAlert(b []byte, tx proto.Transaction, f *flow.Flow, opt any) []byte {
	b = appendRPC(b, tx, f, opt)
	return tx.(*Tx).append(event.Open(b, "nfs"))
}

func (t *Tx) append(b []byte) []byte {
	b = event.Uint(b, "version", uint64(t.version))
	b = event.Str(b, "procedure", t.procedureName())
	if old := t.version == 2 && t.opt.old && !t.isFile; old {
		b = event.Str(b, "filename", "")
	} else {
		b = event.Bytes(b, "filename", t.name)
	}
	if t.hashed && len(t.handle) > 0 {
		h := crc32.ChecksumIEEE(t.handle)
		b = event.Hex(b, "hhash", []byte{byte(h >> 24), byte(h >> 16), byte(h >> 8), byte(h)}, "")
	}
	b = event.Uint(b, "id", t.ID+1)
	b = event.Bool(b, "file_tx", t.isFile)
	b = event.Str(b, "type", "response")
	b = event.Str(b, "status", statusName(t.status))
	if t.version == 3 && t.procedure == v3Rename || t.version == 2 && t.procedure == v2Rename && !t.opt.old {
		b = event.Open(b, "rename")
		b = event.Bytes(b, "from", t.name)
		b = event.Bytes(b, "to", t.to)
		b = event.Close(b)
	}
	if t.isFile {
		key := "read"
		if t.dir == field.ToServer {
			key = "write"
		}
		b = event.Open(b, key)
		b = event.Bool(b, "first", true)
		b = event.Bool(b, "last", t.last)
		b = event.Uint(b, "last_xid", uint64(t.xid))
		b = event.Uint(b, "chunks", t.chunks)
		b = event.Close(b)
	}
	return event.Close(b)
}

// appendRPC writes the rpc object beside it.
func appendRPC(b []byte, tx proto.Transaction, _ *flow.Flow, _ any) []byte {
	t := tx.(*Tx)
	b = event.Open(b, "rpc")
	b = event.Uint(b, "xid", uint64(t.xid))
	status := "ACCEPTED"
	if t.replied && !t.accepted {
		status = "DENIED"
	}
	b = event.Str(b, "status", status)
	switch t.auth {
	case 0:
		b = event.Str(b, "auth_type", "NULL")
	case authUnix:
		b = event.Str(b, "auth_type", "UNIX")
		b = event.Open(b, "creds")
		b = event.Bytes(b, "machine_name", t.machine)
		b = event.Uint(b, "uid", uint64(t.uid))
		b = event.Uint(b, "gid", uint64(t.gid))
		b = event.Close(b)
	case 6:
		b = event.Str(b, "auth_type", "GSS_API")
	default:
		b = event.Str(b, "auth_type", strconv.Itoa(int(t.auth)))
	}
	return event.Close(b)
}

var names3 = [...]string{
	"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR",
	"RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT",
}

var names2 = [...]string{
	"NULL", "GETATTR", "SETATTR", "ROOT", "LOOKUP", "READLINK", "READ", "WRITECACHE", "WRITE", "CREATE", "REMOVE", "RENAME", "LINK", "SYMLINK",
	"MKDIR", "RMDIR", "READDIR", "STATFS",
}

// procedureName names the procedure; up to suricata-version 7 all by the numbers of
// version 3.
func (t *Tx) procedureName() string {
	list := names3[:]
	if t.version == 2 && !t.opt.old {
		list = names2[:]
	}
	if int(t.procedure) < len(list) {
		return list[t.procedure]
	}
	return strconv.Itoa(int(t.procedure))
}

// statusName names a status (RFC 1813 section 2.6).
func statusName(s uint32) string {
	switch s {
	case 0:
		return "OK"
	case 1:
		return "ERR_PERM"
	case 2:
		return "ERR_NOENT"
	case 5:
		return "ERR_IO"
	case 6:
		return "ERR_NXIO"
	case 13:
		return "ERR_ACCESS"
	case 17:
		return "ERR_EXIST"
	case 18:
		return "ERR_XDEV"
	case 19:
		return "ERR_NODEV"
	case 20:
		return "ERR_NOTDIR"
	case 21:
		return "ERR_ISDIR"
	case 22:
		return "ERR_INVAL"
	case 27:
		return "ERR_FBIG"
	case 28:
		return "ERR_NOSPC"
	case 30:
		return "ERR_ROFS"
	case 31:
		return "ERR_MLINK"
	case 63:
		return "ERR_NAMETOOLONG"
	case 66:
		return "ERR_NOTEMPTY"
	case 69:
		return "ERR_DQUOT"
	case 70:
		return "ERR_STALE"
	case 71:
		return "ERR_REMOTE"
	case 10001:
		return "ERR_BADHANDLE"
	case 10002:
		return "ERR_NOT_SYNC"
	case 10003:
		return "ERR_BAD_COOKIE"
	case 10004:
		return "ERR_NOTSUPP"
	case 10005:
		return "ERR_TOOSMALL"
	case 10006:
		return "ERR_SERVERFAULT"
	case 10007:
		return "ERR_BADTYPE"
	case 10008:
		return "ERR_JUKEBOX"
	}
	return strconv.FormatUint(uint64(s), 10)
}
