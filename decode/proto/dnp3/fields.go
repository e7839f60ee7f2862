package dnp3

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

var atDone = [2]uint8{done, done}

// functionNames are the function codes (clause 4.2.2.5).
var functionNames = []field.EnumName{
	{Name: "confirm", Value: 0}, {Name: "read", Value: 1}, {Name: "write", Value: 2}, {Name: "select", Value: 3}, {Name: "operate", Value: 4},
	{Name: "direct_operate", Value: 5}, {Name: "direct_operate_nr", Value: 6}, {Name: "immed_freeze", Value: 7}, {Name: "immed_freeze_nr", Value: 8},
	{Name: "freeze_clear", Value: 9}, {Name: "freeze_clear_nr", Value: 10}, {Name: "freeze_at_time", Value: 11}, {Name: "freeze_at_time_nr", Value: 12},
	{Name: "cold_restart", Value: 13}, {Name: "warm_restart", Value: 14}, {Name: "initialize_data", Value: 15}, {Name: "initialize_appl", Value: 16},
	{Name: "start_appl", Value: 17}, {Name: "stop_appl", Value: 18}, {Name: "save_config", Value: 19}, {Name: "enable_unsolicited", Value: 20},
	{Name: "disable_unsolicited", Value: 21}, {Name: "assign_class", Value: 22}, {Name: "delay_measure", Value: 23}, {Name: "record_current_time", Value: 24},
	{Name: "open_file", Value: 25}, {Name: "close_file", Value: 26}, {Name: "delete_file", Value: 27}, {Name: "get_file_info", Value: 28},
	{Name: "authenticate_file", Value: 29}, {Name: "abort_file", Value: 30}, {Name: "activate_config", Value: 31}, {Name: "authenticate_req", Value: 32},
	{Name: "authenticate_err", Value: 33}, {Name: "response", Value: 129}, {Name: "unsolicited_response", Value: 130}, {Name: "authenticate_resp", Value: 131},
}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "dnp3.func", Aliases: []string{"dnp3_func"}, Dir: field.Both, State: atDone, Log: "dnp3.application.function_code", Bits: 8, Enum: functionNames,
		Doc: "Function code of a fragment.", Syntax: "integer or name", Example: "dnp3.func:cold_restart;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return t.function() }),
	field.Custom(field.Field{
		Name: "dnp3.ind", Aliases: []string{"dnp3_ind"}, Dir: field.ToClient, State: atDone, Log: "dnp3.iin.indicators",
		Doc: "Internal indications of a response: one of those named (*, also without a prefix), all and others (+), all and no others (=), " +
			"none (-), or, where one is negated, each as it says.",
		Syntax: "[*|+|=|-][!]name[,[!]name..] | [!|=|<|>]n | &mask=n", Example: "dnp3.ind:device_restart,!need_time;",
	}, func(arg string) (func(t *Tx, _ field.Dir) bool, error) {
		fits, err := indicators(arg)
		return func(t *Tx, _ field.Dir) bool { return t.whole && fits(t.indicators()) }, err
	}),
	field.Custom(field.Field{
		Name: "dnp3.obj", Aliases: []string{"dnp3_obj"}, Dir: field.Both, State: atDone, Log: "dnp3.application.objects",
		Doc: "Group and variation of an object of a fragment.", Syntax: "group,variation", Example: "dnp3.obj:12,1;",
	}, func(arg string) (func(t *Tx, _ field.Dir) bool, error) {
		group, variation, err := objectName(arg)
		return func(t *Tx, _ field.Dir) bool {
			for i := range t.objects {
				if t.objects[i].group == group && t.objects[i].variation == variation {
					return true
				}
			}
			return false
		}, err
	}),
	field.Bytes(field.Field{
		Name: "dnp3.data", Aliases: []string{"dnp3_data"}, Dir: field.Both, State: atDone,
		Doc: "Application fragment, without the headers and checksums of its frames.", Example: "dnp3.data; content:\"|c3 06|\"; startswith;",
	}, func(t *Tx, _ field.Dir) []byte {
		if !t.whole {
			return nil
		}
		return t.data
	}),
}

// objectName reads group,variation.
func objectName(arg string) (group, variation uint8, err error) {
	g, v, _ := strings.Cut(arg, ",")
	for _, x := range [...]struct {
		s  string
		to *uint8
	}{{g, &group}, {v, &variation}} {
		n, err := strconv.ParseUint(strings.TrimSpace(x.s), 10, 8)
		if err != nil {
			return 0, 0, fmt.Errorf("value %q: want group,variation, each up to 255", arg)
		}
		*x.to = uint8(n)
	}
	return group, variation, nil
}

// indicators reads the argument of dnp3.ind.
func indicators(arg string) (func(v uint16) bool, error) {
	arg = strings.TrimSpace(arg)
	if strings.ContainsAny(strings.TrimLeft(arg, "!=<>& "), "0123456789") && !strings.Contains(arg, "_") {
		return indicatorNumber(arg)
	}
	names := strings.TrimLeft(arg, "*+=-")
	var set, clear uint16
	for part := range strings.SplitSeq(names, ",") {
		name, not := strings.CutPrefix(strings.TrimSpace(part), "!")
		bit, ok := indicatorBit(strings.TrimSpace(name))
		switch {
		case !ok:
			return nil, fmt.Errorf("value %q: no internal indication", name)
		case not:
			clear |= bit
		default:
			set |= bit
		}
	}
	each := func(v uint16) bool { return v&(set|clear) == set }
	switch mode := arg[:len(arg)-len(names)]; {
	case clear != 0 && mode == "", mode == "+":
		return each, nil
	case clear != 0 || len(mode) > 1:
		return nil, fmt.Errorf("value %q: want a prefix *, +, = or - or names with an exclamation mark, not both", arg)
	case mode == "=":
		return func(v uint16) bool { return v == set }, nil
	case mode == "-":
		return func(v uint16) bool { return v&set == 0 }, nil
	}
	return func(v uint16) bool { return v&set != 0 }, nil
}

func indicatorBit(name string) (uint16, bool) {
	for i, n := range indicatorNames {
		if n == name {
			return 0x8000 >> i, true
		}
	}
	return 0, false
}

// indicatorNumber reads n, !n, =n, <n, >n, &mask=n or &mask!=n.
func indicatorNumber(arg string) (func(v uint16) bool, error) {
	mask := uint64(0xffff)
	rest, masked := strings.CutPrefix(arg, "&")
	if masked {
		at := strings.IndexAny(rest, "!=")
		if at < 0 {
			return nil, fmt.Errorf("value %q: want &mask=n", arg)
		}
		m, err := strconv.ParseUint(strings.TrimSpace(rest[:at]), 0, 16)
		if err != nil {
			return nil, fmt.Errorf("mask %q: want a number of 16 bits", rest[:at])
		}
		mask, rest = m, rest[at:]
	}
	digits := strings.TrimLeft(rest, "!=<> ")
	n, err := strconv.ParseUint(digits, 0, 16)
	if err != nil {
		return nil, fmt.Errorf("value %q: want a number of 16 bits", digits)
	}
	want, m := uint16(n), uint16(mask)
	switch op := strings.TrimSpace(rest[:len(rest)-len(digits)]); op {
	case "", "=":
		return func(v uint16) bool { return v&m == want }, nil
	case "!", "!=":
		return func(v uint16) bool { return v&m != want }, nil
	case "<":
		return func(v uint16) bool { return v&m < want }, nil
	case ">":
		return func(v uint16) bool { return v&m > want }, nil
	case "<=":
		return func(v uint16) bool { return v&m <= want }, nil
	case ">=":
		return func(v uint16) bool { return v&m >= want }, nil
	default:
		return nil, fmt.Errorf("value %q: no comparison", op)
	}
}
