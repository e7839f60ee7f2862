package detect

import (
	"fmt"
	"strconv"
	"strings"

	"weir/rules"
)

// ruleKeywords say what a rule is and does.
var ruleKeywords = []Keyword{
	{Name: "msg", Doc: "What alerts say.", Syntax: `"text"`, Example: `msg:"EXAMPLE request for /admin";`, setup: ruleMessage},
	{Name: "sid", Doc: "Number of the rule, unique within its group.", Syntax: "1 to 4294967295", setup: nothing},
	{Name: "rev", Doc: "Revision of the rule; of several rules with one number the newest counts.", Syntax: "number", Example: "rev:2;", setup: nothing},
	{Name: "gid", Doc: "Group that the number is of; 1 without it.", Syntax: "number", Example: "gid:1;", setup: nothing},
	{Name: "classtype", Doc: "Class of the rule, which gives its priority.", Syntax: "name in classification.config", Example: "classtype:trojan-activity;", setup: classtype},
	{Name: "priority", Doc: "Priority of alerts, 1 being the highest.", Syntax: "1 to 255", Example: "priority:1;", setup: priority},
	{Name: "reference", Doc: "Where more is said of what the rule finds.", Syntax: "kind,value with a kind in reference.config", Example: "reference:url,www.example.com/advisory;", setup: reference},
	{Name: "metadata", Doc: "Keys and values that alerts show.", Syntax: "key value[, key value...]", Example: "metadata:attack_target Server, created_at 2026_01_01;", setup: nothing},
	{Name: "target", Doc: "Which end is the attacked one; alerts then have source and target.", Syntax: "src_ip|dest_ip", Example: "target:dest_ip;", setup: target},
	{Name: "requires", Doc: "What the rule needs of the engine; it is passed over where that is not met.", Syntax: "feature name|version comparison|keyword name", Example: "requires:version >= 7;", setup: nothing},
	{Name: "noalert", Doc: "The rule acts, but raises no alert.", Example: "flowbits:set,seen; noalert;", setup: func(c *compiler, _ string) error { c.s.noAlert = true; return nil }},
	{Name: "alert", Doc: "The rule raises an alert whatever flowbits:noalert says.", Example: "flowbits:set,seen; alert;", setup: func(c *compiler, _ string) error { c.s.noAlert = false; return nil }},
	{Name: "bypass", Doc: "The flow is shed once the rule has fired: its packets are counted and no longer looked at.", Example: `content:"trusted"; bypass;`, setup: func(c *compiler, _ string) error { c.s.bypass = true; return nil }},
	{Name: "config", Doc: "Turns off records of the transaction or flow; for rules with the action config.", Syntax: "logging disable, type tx|flow, scope tx|flow", Example: "config:logging disable, type tx, scope tx;", setup: configKeyword},
	{Name: "tag", Doc: "Packets that follow the alert are recorded.", Syntax: "session|host, count, packets|seconds|bytes[, src|dst]", Example: "tag:session, 10, packets;", setup: tagKeyword},
}

func ruleMessage(c *compiler, v string) error {
	c.s.msg = strings.Clone(unescape(v))
	return nil
}

func priority(c *compiler, v string) error {
	n, err := strconv.ParseUint(v, 10, 8)
	if err != nil || n == 0 {
		return fmt.Errorf("value %q: want 1 to 255", v)
	}
	c.s.priority, c.hasPriority = uint32(n), true
	return nil
}

func target(c *compiler, v string) error {
	if v != "src_ip" && v != "dest_ip" {
		return fmt.Errorf("value %q: want src_ip or dest_ip", v)
	}
	c.s.target = v
	return nil
}

func nothing(*compiler, string) error { return nil }

// unescape takes quotes and backslashes off a message.
func unescape(v string) string {
	v, _ = rules.Unquote(v)
	if !strings.Contains(v, `\`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if v[i] == '\\' && i+1 < len(v) && strings.IndexByte(`";:\`, v[i+1]) >= 0 {
			i++
		}
		b.WriteByte(v[i])
	}
	return b.String()
}

func classtype(c *compiler, v string) error {
	cl, ok := c.e.classes[v]
	if !ok {
		c.s.class = ""
		return nil
	}
	c.s.class = cl.Description
	if !c.hasPriority {
		c.s.priority = cl.Priority
	}
	return nil
}
