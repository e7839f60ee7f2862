package krb5

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

var atDone = [2]uint8{done, done}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "krb5_msg_type", Aliases: []string{"krb5.msg_type"}, Dir: field.Both, State: atDone, Log: "krb5.msg_type", Bits: 8,
		Doc: "Type of the message: 10 AS-REQ, 11 AS-REP, 12 TGS-REQ, 13 TGS-REP, 30 error.", Syntax: "integer", Example: "krb5_msg_type:10;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return uint64(t.kind), true }),
	field.Multi(field.Field{
		Name: "krb5.cname", Aliases: []string{"krb5_cname"}, Dir: field.ToClient, State: atDone, Log: "krb5.cname",
		Doc: "Parts of the client's name, in what the server answers.", Example: `krb5.cname; content:"administrator";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return part(t.cname, i) }),
	field.Multi(field.Field{
		Name: "krb5.sname", Aliases: []string{"krb5_sname"}, Dir: field.ToClient, State: atDone, Log: "krb5.sname",
		Doc: "Parts of the name of the service, in what the server answers.", Example: `krb5.sname; content:"krbtgt";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return part(t.sname, i) }),
	field.Custom(field.Field{
		Name: "krb5_err_code", Aliases: []string{"krb5.err_code"}, Dir: field.Both, State: atDone, Log: "krb5.error_code",
		Doc: "Code of an error.", Syntax: "integer with sign", Example: "krb5_err_code:25;",
	}, compileCode),
	field.Custom(field.Field{
		Name: "krb5.ticket_encryption", Dir: field.Both, State: atDone, Log: "krb5.ticket_encryption",
		Doc: "Type of encryption of the ticket.", Syntax: "weak, or numbers between commas; ! turns it round", Example: "krb5.ticket_encryption:weak;",
	}, compileTicket),
}

// compileCode compiles the argument of krb5_err_code.
func compileCode(arg string) (func(*Tx, field.Dir) bool, error) {
	s := strings.TrimSpace(arg)
	op := strings.TrimRight(s[:len(s)-len(strings.TrimLeft(s, "!<>="))], " ")
	n, err := strconv.ParseInt(strings.TrimSpace(s[len(op):]), 10, 32)
	if err != nil {
		return nil, fmt.Errorf("value %q: want a number from -2147483648 to 2147483647", arg)
	}
	var fits func(v int64) bool
	switch op {
	case "", "=":
		fits = func(v int64) bool { return v == n }
	case "!", "!=":
		fits = func(v int64) bool { return v != n }
	case "<":
		fits = func(v int64) bool { return v < n }
	case ">":
		fits = func(v int64) bool { return v > n }
	case "<=":
		fits = func(v int64) bool { return v <= n }
	case ">=":
		fits = func(v int64) bool { return v >= n }
	default:
		return nil, fmt.Errorf("operator %q: want <, >, =, !, <= or >=", op)
	}
	return func(t *Tx, _ field.Dir) bool { return t.hasCode && fits(t.code) }, nil
}

// compileTicket compiles the argument of krb5.ticket_encryption.
func compileTicket(arg string) (func(*Tx, field.Dir) bool, error) {
	s, not := strings.CutPrefix(strings.TrimSpace(arg), "!")
	if s = strings.TrimSpace(s); s == "weak" {
		return func(t *Tx, _ field.Dir) bool { return t.hasTicket && weak(t.ticket) != not }, nil
	}
	want := map[int64]bool{}
	for w := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(w), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("value %q: want weak or numbers between commas", arg)
		}
		want[n] = true
	}
	return func(t *Tx, _ field.Dir) bool { return t.hasTicket && want[t.ticket] != not }, nil
}
