package modbus

import "weir/decode/field"

var fields = []field.Def{
	field.Custom(field.Field{
		Name: "modbus", Dir: field.ToServer, State: [2]uint8{done, done}, Log: "modbus.request",
		Doc: "Unit, function or access of a request; addresses count from 1, and a range a<>b leaves a and b out.",
		Syntax: "[unit [<|>]n|a<>b,] function n[, subfunction n] | function [!]assigned|unassigned|public|user|reserved|all | " +
			"access read|write [discretes|coils|input|holding][, address [<|>]n|a<>b[, value [<|>]n|a<>b]]",
		Example: "modbus:access write holding, address 500, value >200;",
	}, compile),
}

// compile makes the matcher of the modbus keyword.
func compile(arg string) (func(t *Tx, _ field.Dir) bool, error) {
	c, err := parseCondition(arg)
	if err != nil {
		return nil, err
	}
	return func(t *Tx, _ field.Dir) bool {
		m := &t.sides[0]
		if !m.there { // what a response without a request tells
			m = &t.sides[1]
		}
		return c.match(m)
	}, nil
}
