package enip

import (
	"fmt"
	"strconv"
	"strings"

	"weir/decode/field"
)

var atDone = [2]uint8{done, done}

// of makes an integer keyword of messages of some kinds.
func of(f field.Field, get func(m *message) uint64, kinds ...kind) field.Def {
	f.State, f.Syntax = atDone, "integer"
	return field.Uint(f, func(t *Tx, dir field.Dir) (uint64, bool) {
		m := t.side(dir)
		if m == nil {
			return 0, false
		}
		for _, k := range kinds {
			if m.kind == k {
				return get(m), true
			}
		}
		return 0, false
	})
}

// inPath makes an integer keyword of the segments of a kind.
func inPath(f field.Field, kind uint8) field.Def {
	f.State, f.Syntax, f.Dir, f.Bits, f.Log = atDone, "integer[,which]", field.ToServer, 32, "enip.request.cip.path"
	return field.MultiUint(f, func(t *Tx, dir field.Dir, i int) (uint64, bool) {
		if m := t.side(dir); m != nil {
			for _, s := range m.segments {
				if s.kind != kind {
					continue
				}
				if i == 0 {
					return uint64(s.value), true
				}
				i--
			}
		}
		return 0, false
	})
}

// inStatus makes an integer keyword of the statuses of CIP responses.
func inStatus(f field.Field, get func(x *cip) (uint64, bool)) field.Def {
	f.State, f.Syntax, f.Dir = atDone, "integer[,which]", field.ToClient
	return field.MultiUint(f, func(t *Tx, dir field.Dir, i int) (uint64, bool) {
		if m := t.side(dir); m != nil {
			for k := range m.cips {
				v, ok := get(&m.cips[k])
				if !ok {
					continue
				}
				if i == 0 {
					return v, true
				}
				i--
			}
		}
		return 0, false
	})
}

// name makes a sticky buffer of the text of messages of a kind.
func name(f field.Field, k kind) field.Def {
	f.State, f.Dir = atDone, field.ToClient
	return field.Bytes(f, func(t *Tx, dir field.Dir) []byte {
		if m := t.side(dir); m != nil && m.kind == k {
			return m.text
		}
		return nil
	})
}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "enip_command", Aliases: []string{"enip.command"}, Dir: field.Both, State: atDone, Log: "enip.request.command", Bits: 16, Enum: commandNames,
		Doc: "Command of the encapsulation.", Syntax: "integer or name", Example: "enip_command:list_identity;",
	}, func(t *Tx, dir field.Dir) (uint64, bool) {
		m := t.side(dir)
		if m == nil {
			return 0, false
		}
		return uint64(m.command), true
	}),
	field.Uint(field.Field{
		Name: "enip.status", Dir: field.Both, State: atDone, Log: "enip.response.status", Bits: 32, Enum: statusNames,
		Doc: "Status of the encapsulation.", Syntax: "integer or name", Example: "enip.status:invalid_cmd;",
	}, func(t *Tx, dir field.Dir) (uint64, bool) {
		m := t.side(dir)
		if m == nil {
			return 0, false
		}
		return uint64(m.status), true
	}),
	field.Custom(field.Field{
		Name: "cip_service", Aliases: []string{"enip.cip_service"}, Dir: field.ToServer, State: atDone, Log: "enip.request.cip.service",
		Doc: "Service of a CIP request, with its class and attribute.", Syntax: "service[,class[,attribute]]", Example: "cip_service:16,246,6;",
	}, compileService),
	inPath(field.Field{Name: "enip.cip_class", Doc: "Class in the path of a CIP request.", Example: "enip.cip_class:6;"}, segClass),
	inPath(field.Field{Name: "enip.cip_instance", Doc: "Instance in the path of a CIP request.", Example: "enip.cip_instance:>1;"}, segInstance),
	inPath(field.Field{Name: "enip.cip_attribute", Doc: "Attribute that a CIP request names.", Example: "enip.cip_attribute:1;"}, segAttribute),
	inStatus(field.Field{
		Name: "enip.cip_status", Bits: 8, Log: "enip.response.cip.status", Doc: "General status of a CIP response.", Example: "enip.cip_status:>0;",
	}, func(x *cip) (uint64, bool) { return uint64(x.status), x.response }),
	inStatus(field.Field{
		Name: "enip.cip_extendedstatus", Bits: 16, Log: "enip.response.cip.status_extended", Doc: "Additional status of a CIP response.",
		Example: "enip.cip_extendedstatus:0x0204;",
	}, func(x *cip) (uint64, bool) { return uint64(x.extended), x.hasMore }),
	of(field.Field{
		Name: "enip.protocol_version", Dir: field.Both, Bits: 16, Log: "enip.request.register_session.protocol_version",
		Doc: "Version of the encapsulation that a message tells.", Example: "enip.protocol_version:>1;",
	}, func(m *message) uint64 { return uint64(m.version) }, kindSession, kindIdentity, kindServices),
	of(field.Field{
		Name: "enip.capabilities", Dir: field.ToClient, Bits: 16, Log: "enip.response.list_services.capabilities",
		Doc: "Capabilities of a service.", Example: "enip.capabilities:&0x20=0x20;",
	}, func(m *message) uint64 { return uint64(m.capabilities) }, kindServices),
	of(field.Field{
		Name: "enip.revision", Dir: field.ToClient, Bits: 16, Log: "enip.response.identity.revision",
		Doc: "Revision of a device, the major one in the lower byte.", Example: "enip.revision:0x0114;",
	}, func(m *message) uint64 { return uint64(m.identity.revision) }, kindIdentity),
	of(field.Field{
		Name: "enip.identity_status", Dir: field.ToClient, Bits: 16, Log: "enip.response.identity.status",
		Doc: "Status of a device.", Example: "enip.identity_status:>0;",
	}, func(m *message) uint64 { return uint64(m.identity.status) }, kindIdentity),
	of(field.Field{
		Name: "enip.state", Dir: field.ToClient, Bits: 8, Log: "enip.response.identity.state", Doc: "State of a device.", Example: "enip.state:3;",
	}, func(m *message) uint64 { return uint64(m.identity.state) }, kindIdentity),
	of(field.Field{
		Name: "enip.serial", Dir: field.ToClient, Bits: 32, Log: "enip.response.identity.serial",
		Doc: "Serial number of a device.", Example: "enip.serial:0x12345678;",
	}, func(m *message) uint64 { return uint64(m.identity.serial) }, kindIdentity),
	of(field.Field{
		Name: "enip.product_code", Dir: field.ToClient, Bits: 16, Log: "enip.response.identity.product_code",
		Doc: "Product code of a device.", Example: "enip.product_code:54;",
	}, func(m *message) uint64 { return uint64(m.identity.product) }, kindIdentity),
	of(field.Field{
		Name: "enip.device_type", Dir: field.ToClient, Bits: 16, Log: "enip.response.identity.device_type",
		Doc: "Type of a device.", Example: "enip.device_type:14;",
	}, func(m *message) uint64 { return uint64(m.identity.device) }, kindIdentity),
	of(field.Field{
		Name: "enip.vendor_id", Dir: field.ToClient, Bits: 16, Log: "enip.response.identity.vendor_id",
		Doc: "Vendor of a device.", Example: "enip.vendor_id:1;",
	}, func(m *message) uint64 { return uint64(m.identity.vendor) }, kindIdentity),
	name(field.Field{
		Name: "enip.product_name", Log: "enip.response.identity.product_name", Doc: "Name of a device.", Example: `enip.product_name; content:"1756-";`,
	}, kindIdentity),
	name(field.Field{
		Name: "enip.service_name", Log: "enip.response.list_services.service_name", Doc: "Name of a service.",
		Example: `enip.service_name; content:"Communications";`,
	}, kindServices),
}

// compileService makes the matcher of cip_service.
func compileService(arg string) (func(t *Tx, dir field.Dir) bool, error) {
	most := [...]uint64{0xff, 0xffff, 0xffff}
	var want [len(most)]uint32
	n := 0
	for part := range strings.SplitSeq(arg, ",") {
		if n == len(most) {
			return nil, fmt.Errorf("value %q: want service[,class[,attribute]]", arg)
		}
		v, err := strconv.ParseUint(strings.TrimSpace(part), 0, 32)
		if err != nil || v > most[n] {
			return nil, fmt.Errorf("value %q: want a number up to %d", part, most[n])
		}
		want[n] = uint32(v)
		n++
	}
	return func(t *Tx, dir field.Dir) bool {
		m := t.side(dir)
		if m == nil {
			return false
		}
		for i := range m.cips {
			x := &m.cips[i]
			if !x.response && uint32(x.service) == want[0] && (n < 2 || m.has(x, segClass, want[1])) && (n < 3 || m.has(x, segAttribute, want[2])) {
				return true
			}
		}
		return false
	}, nil
}

// has reports whether the path of a CIP message has a segment.
func (m *message) has(x *cip, kind uint8, v uint32) bool {
	for _, s := range m.path(x) {
		if s.kind == kind && s.value == v {
			return true
		}
	}
	return false
}
