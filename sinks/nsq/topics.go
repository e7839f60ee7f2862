package nsq

import (
	"fmt"
	"regexp"

	"weir/sinks/spool"
)

// DefaultPrefix is what stands in front of topics.
const DefaultPrefix = "weir"

// topic is one topic. Its index is its class in the spool.
type topic struct {
	name   string
	events []string // event types; none: all that no other topic has
	spool.ClassOptions
}

// topics lists them. Shares of the quota say in which order classes are shed
// when nobody takes events away: statistics first, alerts last.
var topics = []topic{
	{name: "alert", events: []string{"alert", "packet"}, ClassOptions: spool.ClassOptions{Durable: true}},
	{name: "flow", events: []string{"flow", "netflow"}, ClassOptions: spool.ClassOptions{ShedAt: 0.70}},
	{name: "app", ClassOptions: spool.ClassOptions{ShedAt: 0.80}},
	{name: "file", events: []string{"fileinfo"}, ClassOptions: spool.ClassOptions{ShedAt: 0.85}},
	{name: "anomaly", events: []string{"anomaly"}, ClassOptions: spool.ClassOptions{ShedAt: 0.75}},
	{name: "behavior", events: []string{"behavior"}, ClassOptions: spool.ClassOptions{ShedAt: 0.95, Durable: true}},
	{name: "stats", events: []string{"stats", "engine"}, ClassOptions: spool.ClassOptions{ShedAt: 0.60}},
}

const (
	alertClass = 0
	appClass   = 2
)

// StandingChannels are made with each topic, so that what is published before a
// consumer comes waits for it.
var StandingChannels = []string{"store", "notify", "archive"}

// DeadTopic is where messages go that no consumer can use.
const DeadTopic = "dead"

// ConfirmTopic is where stores say what they have kept. It holds nothing on disk:
// what is lost of it is confirmed again when it is sent again.
const ConfirmTopic = "confirm#ephemeral"

// TopicNames returns the topics of events with their prefix, alerts first.
func TopicNames(prefix string) []string {
	var all []string
	for i := range topics {
		all = append(all, prefix+"."+topics[i].name)
	}
	return all
}

// classOf maps event types to classes.
var classOf = func() map[string]spool.Class {
	m := map[string]spool.Class{}
	for i := range topics {
		for _, e := range topics[i].events {
			m[e] = spool.Class(i)
		}
	}
	return m
}()

// classNamed returns the class of a topic, by its name without prefix.
func classNamed(name string) (spool.Class, bool) {
	for i := range topics {
		if topics[i].name == name {
			return spool.Class(i), true
		}
	}
	return 0, false
}

func classes() (all []spool.ClassOptions) {
	for _, t := range topics {
		t.ClassOptions.Name = t.name
		all = append(all, t.ClassOptions)
	}
	return all
}

// prefixForm leaves room for the longest name within 64 characters, the limit of
// nsqd.
var prefixForm = regexp.MustCompile(`^[.a-zA-Z0-9_-]{1,46}$`)

// CheckPrefix reports a prefix that would not give names of topics.
func CheckPrefix(prefix string) error {
	if !prefixForm.MatchString(prefix) {
		return fmt.Errorf("topic prefix: value %q: want at most 46 letters, digits, '.', '_' and '-'", prefix)
	}
	return nil
}
