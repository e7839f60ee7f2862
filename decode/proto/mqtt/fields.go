package mqtt

import (
	"fmt"
	"strings"

	"weir/decode/field"
)

// typeNames are the names of message types that rules use.
var typeNames = []field.EnumName{
	{Name: "unassigned", Value: unassigned}, {Name: "connect", Value: connect}, {Name: "connack", Value: connack},
	{Name: "publish", Value: publish}, {Name: "puback", Value: puback}, {Name: "pubrec", Value: pubrec},
	{Name: "pubrel", Value: pubrel}, {Name: "pubcomp", Value: pubcomp}, {Name: "subscribe", Value: subscribe},
	{Name: "suback", Value: suback}, {Name: "unsubscribe", Value: unsubscribe}, {Name: "unsuback", Value: unsuback},
	{Name: "pingreq", Value: pingreq}, {Name: "pingresp", Value: pingresp}, {Name: "disconnect", Value: disconnect},
	{Name: "auth", Value: auth},
}

var atDone = [2]uint8{done, done}

// each makes an integer keyword over what get finds in the messages of a transaction.
func each(f field.Field, get func(t *Tx, m *message) (uint64, bool)) field.Def {
	f.Dir, f.State = field.Both, atDone
	return field.MultiUint(f, func(t *Tx, _ field.Dir, i int) (uint64, bool) {
		for k := range t.messages {
			v, ok := get(t, &t.messages[k])
			if !ok {
				continue
			}
			if i == 0 {
				return v, true
			}
			i--
		}
		return 0, false
	})
}

// of makes a sticky buffer over what get finds in the message of a type.
func of(kind uint8, name, doc, example, log string, get func(t *Tx, m *message) []byte) field.Def {
	return field.Bytes(field.Field{
		Name: name, Dir: field.Both, State: atDone, Doc: doc, Example: example, Log: log,
	}, func(t *Tx, _ field.Dir) []byte {
		m := t.find(kind)
		if m == nil || m.cut {
			return nil
		}
		return get(t, m)
	})
}

// inConnect is of for CONNECT.
func inConnect(name, doc, example, log string, get func(x *connectMessage) ([]byte, bool)) field.Def {
	return of(connect, name, doc, example, log, func(t *Tx, m *message) []byte {
		x := readConnect(t.body(m))
		if b, ok := get(&x); ok {
			return present(b)
		}
		return nil
	})
}

// present makes a value that is there no nil slice.
func present(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// topic returns topic i of the message of a type.
func (t *Tx) topic(kind uint8, i int) ([]byte, bool) {
	l := &t.topics[kind/unsubscribe]
	if m := t.find(kind); !l.made && m != nil && !m.cut {
		x := readList(m, t.body(m))
		for {
			name, _, ok := x.topic(kind)
			if !ok {
				break
			}
			l.list = append(l.list, present(name))
		}
	}
	l.made = true
	if i >= len(l.list) {
		return nil, false
	}
	return l.list[i], true
}

// reason returns the reason code, or return code, of a message.
func (t *Tx) reason(m *message, i int) (uint64, bool) {
	body := t.body(m)
	switch m.kind {
	case connack:
		x := readConnack(m, body)
		return uint64(x.code), i == 0
	case puback, pubrec, pubrel, pubcomp, disconnect, auth:
		x := readAck(m, body)
		return uint64(x.reason), x.hasReason && i == 0
	case suback, unsuback:
		if m.kind == unsuback && m.version < version5 {
			return 0, false
		}
		x := readList(m, body)
		codes := x.rest.Peek()
		if i < len(codes) {
			return uint64(codes[i]), true
		}
	}
	return 0, false
}

var fields = []field.Def{
	field.Uint(field.Field{
		Name: "mqtt.protocol_version", Dir: field.Both, State: atDone, Bits: 8, Log: "mqtt.connect.protocol_version",
		Doc: "Protocol level of the session.", Syntax: "integer", Example: "mqtt.protocol_version:5;",
	}, func(t *Tx, _ field.Dir) (uint64, bool) {
		for i := range t.messages {
			return uint64(t.messages[i].version), true
		}
		return 0, false
	}),
	each(field.Field{
		Name: "mqtt.type", Bits: 8, Enum: typeNames, Doc: "Type of a message.", Syntax: "integer or name", Example: "mqtt.type:PUBLISH;",
	}, func(_ *Tx, m *message) (uint64, bool) { return uint64(m.kind), true }),
	each(field.Field{
		Name: "mqtt.qos", Bits: 8, Log: "mqtt.publish.qos", Doc: "Quality of service in the fixed header.", Syntax: "integer", Example: "mqtt.qos:0;",
	}, func(_ *Tx, m *message) (uint64, bool) { return uint64(m.qos()), true }),
	field.Custom(field.Field{
		Name: "mqtt.flags", Dir: field.Both, State: atDone, Doc: "Flags of the fixed header.", Syntax: "[!]dup|retain[,..]", Example: "mqtt.flags:dup,!retain;",
	}, func(arg string) (func(t *Tx, _ field.Dir) bool, error) {
		fits, err := flags(arg, map[string]uint8{"dup": 8, "retain": 1})
		return func(t *Tx, _ field.Dir) bool {
			for i := range t.messages {
				if fits(t.messages[i].flags) {
					return true
				}
			}
			return false
		}, err
	}),
	field.MultiUint(field.Field{
		Name: "mqtt.reason_code", Aliases: []string{"mqtt.connack.return_code"}, Dir: field.Both, State: atDone, Bits: 8,
		Doc: "Reason code of an answer, or return code of CONNACK.", Syntax: "integer", Example: "mqtt.reason_code:>=128;",
	}, func(t *Tx, _ field.Dir, i int) (uint64, bool) {
		for k := range t.messages {
			n := 0
			for ; ; n++ {
				v, ok := t.reason(&t.messages[k], n)
				if !ok {
					break
				}
				if i == n {
					return v, true
				}
			}
			i -= n
		}
		return 0, false
	}),
	field.Custom(field.Field{
		Name: "mqtt.connack.session_present", Dir: field.Both, State: atDone, Log: "mqtt.connack.session_present",
		Doc: "Whether the server goes on with an earlier session.", Syntax: "yes|no|true|false", Example: "mqtt.connack.session_present:yes;",
	}, func(arg string) (func(t *Tx, _ field.Dir) bool, error) {
		var want bool
		switch strings.ToLower(strings.TrimSpace(arg)) {
		case "yes", "true", "on", "1":
			want = true
		case "no", "false", "off", "0":
		default:
			return nil, fmt.Errorf("value %q: want yes, no, true or false", arg)
		}
		return func(t *Tx, _ field.Dir) bool {
			m := t.find(connack)
			if m == nil || m.cut {
				return false
			}
			x := readConnack(m, t.body(m))
			return x.present == want
		}, nil
	}),
	field.Custom(field.Field{
		Name: "mqtt.connect.flags", Dir: field.Both, State: atDone, Log: "mqtt.connect.flags", Doc: "Flags of CONNECT.",
		Syntax: "[!]username|password|will|will_retain|clean_session[,..]", Example: "mqtt.connect.flags:username,!password;",
	}, func(arg string) (func(t *Tx, _ field.Dir) bool, error) {
		fits, err := flags(arg, map[string]uint8{
			"username": flagUsername, "password": flagPassword, "will": flagWill, "will_retain": flagWillRetain, "clean_session": flagCleanSession,
		})
		return func(t *Tx, _ field.Dir) bool {
			m := t.find(connect)
			if m == nil || m.cut {
				return false
			}
			x := readConnect(t.body(m))
			return fits(x.flags)
		}, err
	}),
	inConnect("mqtt.connect.clientid", "Name of the client.", `mqtt.connect.clientid; content:"sensor";`, "mqtt.connect.client_id",
		func(x *connectMessage) ([]byte, bool) { return x.clientID, true }),
	inConnect("mqtt.connect.protocol_string", "Name of the protocol.", `mqtt.connect.protocol_string; content:"MQIsdp";`, "mqtt.connect.protocol_string",
		func(x *connectMessage) ([]byte, bool) { return x.protocol, true }),
	inConnect("mqtt.connect.username", "User that the client logs in as.", `mqtt.connect.username; content:"admin";`, "mqtt.connect.username",
		func(x *connectMessage) ([]byte, bool) { return x.username, x.hasUser }),
	inConnect("mqtt.connect.password", "Password of the client.", `mqtt.connect.password; content:"public";`, "mqtt.connect.password",
		func(x *connectMessage) ([]byte, bool) { return x.password, x.hasPassword }),
	inConnect("mqtt.connect.willtopic", "Topic of the message that is published when the client is gone.", `mqtt.connect.willtopic; content:"gone";`, "mqtt.connect.will.topic",
		func(x *connectMessage) ([]byte, bool) { return x.willTopic, x.hasWill }),
	inConnect("mqtt.connect.willmessage", "Message that is published when the client is gone.", `mqtt.connect.willmessage; content:"gone";`, "mqtt.connect.will.message",
		func(x *connectMessage) ([]byte, bool) { return x.willMessage, x.hasWill }),
	of(publish, "mqtt.publish.topic", "Topic of what is published.", `mqtt.publish.topic; content:"cmd";`, "mqtt.publish.topic", func(t *Tx, m *message) []byte {
		x := readPublish(m, t.body(m))
		return present(x.topic)
	}),
	of(publish, "mqtt.publish.message", "What is published.", `mqtt.publish.message; content:"#!/bin/sh";`, "mqtt.publish.message", func(t *Tx, m *message) []byte {
		x := readPublish(m, t.body(m))
		return present(x.payload)
	}),
	field.Multi(field.Field{
		Name: "mqtt.subscribe.topic", Dir: field.Both, State: atDone, Log: "mqtt.subscribe.topics.topic", Doc: "Each topic of SUBSCRIBE.",
		Example: `mqtt.subscribe.topic; content:"#"; bsize:1;`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.topic(subscribe, i) }),
	field.Multi(field.Field{
		Name: "mqtt.unsubscribe.topic", Dir: field.Both, State: atDone, Log: "mqtt.unsubscribe.topics", Doc: "Each topic of UNSUBSCRIBE.",
		Example: `mqtt.unsubscribe.topic; content:"alarm";`,
	}, func(t *Tx, _ field.Dir, i int) ([]byte, bool) { return t.topic(unsubscribe, i) }),
}

// flags compiles names of bits that must be set, or with ! must not be.
func flags(arg string, names map[string]uint8) (func(v uint8) bool, error) {
	var set, unset uint8
	for word := range strings.SplitSeq(arg, ",") {
		name, not := strings.CutPrefix(strings.TrimSpace(word), "!")
		bit, ok := names[strings.TrimSpace(name)]
		switch {
		case !ok:
			return nil, fmt.Errorf("flag %q: want %s", name, nameList(names))
		case not:
			unset |= bit
		default:
			set |= bit
		}
	}
	return func(v uint8) bool { return v&set == set && v&unset == 0 }, nil
}
