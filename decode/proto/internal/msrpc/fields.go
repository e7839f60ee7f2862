package msrpc

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

// Done is the Progress at which a direction of a call is complete, in all
// protocols that carry calls.
const Done = 1

// Fields are the keywords of calls, for transactions of type T. get returns the
// call of a transaction, or nil.
func Fields[T any](get func(t *T) *Call) []field.Def {
	done := [2]uint8{Done, Done}
	return []field.Def{
		field.Custom(field.Field{
			Name: "dcerpc.iface", Aliases: []string{"dce_iface"}, Dir: field.Both, State: done, Log: "dcerpc.interfaces.uuid",
			Doc: "The call goes to this interface, which the server has accepted.", Syntax: "uuid[, <|>|=|! version][, any_frag]",
			Example: "dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003, =2, any_frag;",
		}, func(arg string) (func(*T, field.Dir) bool, error) {
			fits, err := compileInterface(arg)
			if err != nil {
				return nil, err
			}
			return func(t *T, _ field.Dir) bool {
				c := get(t)
				return c != nil && fits(c)
			}, nil
		}),
		field.Custom(field.Field{
			Name: "dcerpc.opnum", Aliases: []string{"dce_opnum"}, Dir: field.Both, State: done, Log: "dcerpc.req.opnum",
			Doc: "Number of the operation that is called.", Syntax: "number, range or list of them; or an integer with operator",
			Example: "dcerpc.opnum:15, 19-21;",
		}, func(arg string) (func(*T, field.Dir) bool, error) {
			fits, err := compileOpnum(arg)
			if err != nil {
				return nil, err
			}
			return func(t *T, _ field.Dir) bool {
				c := get(t)
				return c != nil && c.HasReq && c.Req == Request && fits(c.Opnum)
			}, nil
		}),
		field.Bytes(field.Field{
			Name: "dcerpc.stub_data", Aliases: []string{"dce_stub_data"}, Dir: field.Both, State: done,
			Doc: "Data of a call or of its answer, put together from fragments.", Example: `dcerpc.stub_data; content:"|09 00|";`,
		}, func(t *T, d field.Dir) []byte {
			c := get(t)
			if c == nil || len(c.Stub[d.Index()]) == 0 {
				return nil
			}
			return c.Stub[d.Index()]
		}),
	}
}

// compileInterface compiles the argument of dcerpc.iface.
func compileInterface(arg string) (func(c *Call) bool, error) {
	parts := strings.Split(arg, ",")
	text := strings.TrimSpace(parts[0])
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 || len(text) != 36 {
		return nil, fmt.Errorf("value %q: want a UUID such as 367abb81-9844-35f1-ad32-98f038001003", text)
	}
	version := func(uint16) bool { return true }
	for _, p := range parts[1:] {
		p = strings.TrimSpace(p)
		if p == "any_frag" {
			continue
		}
		if p == "" {
			return nil, fmt.Errorf("value %q: want a version or any_frag between commas", arg)
		}
		n, err := strconv.ParseUint(strings.TrimSpace(p[1:]), 10, 16)
		want := uint16(n)
		switch {
		case err != nil:
			return nil, fmt.Errorf("version %q: want <, >, = or !, and at most 65535", p)
		case p[0] == '<':
			version = func(v uint16) bool { return v < want }
		case p[0] == '>':
			version = func(v uint16) bool { return v > want }
		case p[0] == '=':
			version = func(v uint16) bool { return v == want }
		case p[0] == '!':
			version = func(v uint16) bool { return v != want }
		default:
			return nil, fmt.Errorf("version %q: want <, >, = or !, and at most 65535", p)
		}
	}
	uuid := UUID(raw)
	return func(c *Call) bool {
		if !c.HasReq || c.Req != Request {
			return false
		}
		for i := range c.Interfaces {
			x := &c.Interfaces[i]
			if x.Acked && x.Result == 0 && x.Context == c.Context && x.UUID == uuid && version(x.Major) {
				return true
			}
		}
		return false
	}, nil
}

// compileOpnum compiles the argument of dcerpc.opnum.
func compileOpnum(arg string) (func(n uint16) bool, error) {
	type span struct{ from, to uint64 }
	var spans []span
	for p := range strings.SplitSeq(arg, ",") {
		p = strings.TrimSpace(p)
		s := span{0, 1<<16 - 1}
		var err error
		switch {
		case strings.HasPrefix(p, ">="):
			s.from, err = number(p[2:])
		case strings.HasPrefix(p, "<="):
			s.to, err = number(p[2:])
		case strings.HasPrefix(p, ">"):
			s.from, err = number(p[1:])
			s.from++
		case strings.HasPrefix(p, "<"):
			if s.to, err = number(p[1:]); s.to == 0 {
				return nil, fmt.Errorf("value %q: no number is below it", p)
			}
			s.to--
		default:
			from, to, ranged := strings.Cut(p, "-")
			if s.from, err = number(from); err != nil {
				break
			}
			if s.to = s.from; ranged {
				s.to, err = number(to)
			}
		}
		if err != nil || s.from > s.to {
			return nil, fmt.Errorf("value %q: want numbers up to 65535, ranges such as 3-7, or both", arg)
		}
		spans = append(spans, s)
	}
	return func(n uint16) bool {
		for _, s := range spans {
			if uint64(n) >= s.from && uint64(n) <= s.to {
				return true
			}
		}
		return false
	}, nil
}

func number(s string) (uint64, error) { return strconv.ParseUint(strings.TrimSpace(s), 10, 16) }
