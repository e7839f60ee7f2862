package ftp

import (
	"fmt"
	"strings"

	"weir/decode/field"
)

var (
	atCommand = [2]uint8{1, 0}
	atReply   = [2]uint8{0, 1}
	atBoth    = [2]uint8{1, 1}
)

var fields = []field.Def{
	field.Bytes(field.Field{
		Name: "ftp.command", Dir: field.ToServer, State: atCommand, Log: "ftp.command",
		Doc: "Command of the client, in upper case.", Example: `ftp.command; content:"PASS";`,
	}, func(t *Tx, _ field.Dir) []byte {
		if t.command < 0 {
			return nil
		}
		return []byte(commands[t.command])
	}),
	field.Bytes(field.Field{
		Name: "ftp.command_data", Dir: field.ToServer, State: atCommand, Log: "ftp.command_data",
		Doc: "What stands behind the command.", Example: `ftp.command_data; content:"anonymous";`,
	}, func(t *Tx, _ field.Dir) []byte { return t.args() }),
	field.Multi(field.Field{
		Name: "ftp.reply", Dir: field.ToClient, State: atReply, Log: "ftp.reply",
		Doc: "Each line of the reply, without its code.", Example: `ftp.reply; content:"Login successful";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		if i >= len(t.replies) {
			return nil, false
		}
		return t.text[t.replies[i].off:t.replies[i].end], true
	}),
	field.Multi(field.Field{
		Name: "ftp.completion_code", Dir: field.ToClient, State: atReply, Log: "ftp.completion_code",
		Doc: "Code of each line of the reply; empty for a line without one.", Example: `ftp.completion_code; content:"230";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) {
		if i >= len(t.replies) {
			return nil, false
		}
		if r := &t.replies[i]; r.code != [3]byte{} {
			return r.code[:], true
		}
		return nil, true
	}),
	field.Custom(field.Field{
		Name: "ftp.reply_received", Dir: field.ToClient, State: atReply, Log: "ftp.reply_received",
		Doc: "Whether a reply to a command has come; the greeting is none.", Syntax: "yes, no, true or false", Example: "ftp.reply_received:yes;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		want := false
		switch strings.ToLower(strings.TrimSpace(arg)) {
		case "yes", "true", "1", "on":
			want = true
		case "no", "false", "0", "off":
		default:
			return nil, fmt.Errorf("value %q: want yes or no", arg)
		}
		return func(t *Tx, _ field.Dir) bool { return len(t.line) > 0 && t.replied == want }, nil
	}),
	field.Custom(field.Field{
		Name: "ftp.mode", Dir: field.Both, State: atBoth, Log: "ftp.mode",
		Doc: "Who opens the data connection: the server (active) or the client.", Syntax: "active or passive", Example: "ftp.mode:passive;",
	}, func(arg string) (func(*Tx, field.Dir) bool, error) {
		want := strings.ToLower(strings.TrimSpace(arg))
		if want != "active" && want != "passive" {
			return nil, fmt.Errorf("value %q: want active or passive", arg)
		}
		return func(t *Tx, _ field.Dir) bool { return t.port != 0 && t.mode() == want }, nil
	}),
	field.Uint(field.Field{
		Name: "ftp.dynamic_port", Dir: field.Both, State: [2]uint8{1, 0}, Bits: 16, Log: "ftp.dynamic_port",
		Doc: "Port of the data connection.", Syntax: "integer", Example: "ftp.dynamic_port:>1023;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.port), t.port != 0 }),
	field.Custom(field.Field{
		Name: "ftpbounce", Dir: field.ToServer, State: atCommand,
		Doc: "A PORT command that names another host than the client.", Example: "ftpbounce;",
	}, func(string) (func(*Tx, field.Dir) bool, error) {
		return func(t *Tx, _ field.Dir) bool { return t.bounced }, nil
	}),
}
