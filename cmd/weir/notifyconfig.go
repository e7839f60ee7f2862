package main

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/cmd/weir/config"
	"weir/sinks/notify"
	"weir/sinks/notify/exec"
	"weir/sinks/notify/smtp"
	"weir/sinks/notify/syslog"
	"weir/sinks/notify/webhook"
	"weir/sinks/nsq"
)

// items are the maps of a list.
func items(s config.Section, key string) (all []config.Section) {
	for _, i := range s.Get(key).Items() {
		all = append(all, i.(config.Section))
	}
	return all
}

// usesPrograms reports whether a receiver is a program.
func usesPrograms(s config.Section) bool {
	return slices.ContainsFunc(items(s, "receivers"), func(r config.Section) bool { return r.String("type", "") == "exec" })
}

// notifyOptions reads the section notify.
func notifyOptions(cfg *config.Config, helper *exec.Helper) (o notify.Options, err error) {
	s := cfg.Notify
	o.Remember, o.Payload = span(s, "remember", 0), int(s.Size("payload", 0))
	for _, r := range items(s, "rules") {
		o.Rules = append(o.Rules, notifyRule(r))
	}
	for _, r := range items(s, "receivers") {
		to := notify.Receiver{Name: r.String("name", ""), Budget: int(r.Uint("budget", 0))}
		if text := r.String("template", ""); text != "" {
			if to.Template, err = notify.ParseTemplate(text); err != nil {
				r.Reject("template", "a template: "+err.Error())
			}
		}
		if to.Sender, err = notifySender(r, helper); err != nil {
			return o, fmt.Errorf("notify: receiver %q: %w", to.Name, err)
		}
		o.Receivers = append(o.Receivers, to)
	}
	return o, cfg.Err()
}

// span reads a time such as 90s or 24h.
func span(s config.Section, key string, def time.Duration) time.Duration {
	text := s.String(key, "")
	if text == "" {
		return def
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		s.Reject(key, "a time such as 90s, 10m or 24h")
		return def
	}
	return d
}

func notifyRule(s config.Section) notify.Rule {
	r := notify.Rule{
		Name: s.String("name", ""), Types: s.Strings("types"), Severity: int(s.Uint("severity", 0)), Categories: s.Strings("categories"),
		Processes: s.Strings("processes"), Sensors: s.Strings("sensors"), GroupBy: s.Strings("group-by"),
		Wait: span(s, "wait", 0), Repeat: span(s, "repeat", 0), EscalateAfter: span(s, "escalate-after", 0), ResolveAfter: span(s, "resolve-after", 0),
		Resolved: s.Bool("resolved", false), Receivers: s.Strings("to"), EscalateTo: s.Strings("escalate-to"),
	}
	for _, text := range s.Strings("sids") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.Reject("sids", "numbers of rules")
			break
		}
		r.SIDs = append(r.SIDs, n)
	}
	for _, text := range s.Strings("hosts") {
		p, err := netip.ParsePrefix(text)
		if a, e := netip.ParseAddr(text); e == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			s.Reject("hosts", "addresses or networks such as 10.0.0.0/8")
			break
		}
		r.Hosts = append(r.Hosts, p)
	}
	for _, g := range r.GroupBy {
		if !slices.Contains(notify.GroupMembers, g) {
			s.Reject("group-by", "of "+strings.Join(notify.GroupMembers, ", "))
		}
	}
	r.From, r.To = hours(s)
	for _, text := range s.Strings("days") {
		i := slices.Index([]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, strings.ToLower(text))
		if i < 0 {
			s.Reject("days", "of mon, tue, wed, thu, fri, sat, sun")
			break
		}
		r.Days = append(r.Days, time.Weekday(i))
	}
	return r
}

// hours reads a time of day such as 08:00-18:00.
func hours(s config.Section) (from, to time.Duration) {
	text := s.String("hours", "")
	if text == "" {
		return 0, 0
	}
	a, b, _ := strings.Cut(text, "-")
	for i, part := range []string{a, b} {
		t, err := time.Parse("15:04", strings.TrimSpace(part))
		if err != nil {
			s.Reject("hours", "a time of day such as 08:00-18:00")
			return 0, 0
		}
		d := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		if i == 0 {
			from = d
		} else {
			to = d
		}
	}
	return from, to
}

// secret reads what should not stand in the configuration from a file that it names.
func secret(s config.Section, key string) (string, error) {
	name := s.String(key, "")
	if name == "" {
		return "", nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", key, err)
	}
	return strings.TrimSpace(string(b)), nil
}

// clientTLS reads the keys ca, cert and key; nil if there are none.
func clientTLS(s config.Section) (*tls.Config, error) {
	ca, cert, key := s.String("ca", ""), s.String("cert", ""), s.String("key", "")
	if ca == "" && cert == "" && key == "" {
		return nil, nil
	}
	return nsq.NewTLS(ca, cert, key)
}

func notifySender(s config.Section, helper *exec.Helper) (notify.Sender, error) {
	c, err := clientTLS(s.Get("tls"))
	if err != nil {
		return nil, err
	}
	switch typ := s.String("type", ""); typ {
	case "webhook", "slack", "teams":
		url, err := secret(s, "url-file")
		if err != nil {
			return nil, err
		}
		o := webhook.Options{URL: s.String("url", url), Shape: webhook.Shape(typ), TLS: c, Headers: map[string]string{}}
		h := s.Get("headers")
		for _, k := range h.Keys() {
			o.Headers[k] = h.String(k, "")
		}
		if token, err := secret(s, "token-file"); err != nil {
			return nil, err
		} else if token != "" {
			o.Headers["Authorization"] = "Bearer " + token
		}
		return webhook.New(o)
	case "smtp":
		password, err := secret(s, "password-file")
		if err != nil {
			return nil, err
		}
		return smtp.New(smtp.Options{
			Server: s.String("server", ""), Security: smtp.Security(s.String("security", "")), TLS: c,
			Username: s.String("username", ""), Password: password, From: s.String("from", ""), To: s.Strings("recipients"),
		})
	case "syslog":
		return syslog.New(syslog.Options{
			Network: s.String("network", "udp"), Address: s.String("address", ""), TLS: c, Facility: int(s.Uint("facility", 4)), AppName: s.String("app-name", ""),
		})
	case "exec":
		return helper.Program(s.Strings("command"))
	}
	s.Reject("type", "webhook, slack, teams, smtp, syslog or exec")
	return nil, nil
}
