package dhcp

import "weir/decode/field"

var atDone = [2]uint8{done, done}

var fields = []field.Def{
	seconds(optLeaseTime, "dhcp.leasetime", "dhcp.lease_time", "Lease time, seconds."),
	seconds(optRebindingTime, "dhcp.rebinding_time", "dhcp.rebinding_time", "Time until the address is bound anew, seconds."),
	seconds(optRenewalTime, "dhcp.renewal_time", "dhcp.renewal_time", "Time until the address is renewed, seconds."),
}

// seconds makes the keyword of an option that is a time.
func seconds(code uint8, name, log, doc string) field.Def {
	return field.Uint(field.Field{
		Name: name, Dir: field.Both, State: atDone, Log: log, Bits: 64,
		Doc: doc, Syntax: "integer", Example: name + ":<7200;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) { return t.seconds(code) })
}
