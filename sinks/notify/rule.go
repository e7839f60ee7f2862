package notify

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Rule says who hears of which events. Empty conditions take everything.
type Rule struct {
	Name       string
	Types      []string // event types; none is alert
	Severity   int      // at most: 1 is the worst; 0: any
	SIDs       []int64
	Categories []string       // without regard to case
	Hosts      []netip.Prefix // either side
	Processes  []string       // path of the program, or its end
	Sensors    []string
	From, To   time.Duration // time of day, local; From > To is over midnight; both 0: any
	Days       []time.Weekday

	GroupBy       []string      // of GroupMembers; none: sid, src, dest
	Wait          time.Duration // that a new group waits for more
	Repeat        time.Duration // while more comes; 0: not again
	EscalateAfter time.Duration // 0: never
	ResolveAfter  time.Duration // quiet so long ends a group; 0 is an hour
	Resolved      bool          // tell of the end
	Receivers     []string
	EscalateTo    []string // receivers
}

// GroupMembers are what groups can be made by.
var GroupMembers = []string{"sid", "signature", "category", "src", "dest", "host", "process", "sensor", "type"}

// facts are what rules, groups and templates look at.
type facts struct {
	time  time.Time
	Type  string `json:"event_type"`
	Src   string `json:"src_ip"`
	Dst   string `json:"dest_ip"`
	Alert struct {
		SID       int64  `json:"signature_id"`
		Severity  int    `json:"severity"`
		Signature string `json:"signature"`
		Category  string `json:"category"`
	} `json:"alert"`
	HTTP struct {
		Host string `json:"hostname"`
	} `json:"http"`
	TLS struct {
		SNI string `json:"sni"`
	} `json:"tls"`
	Weir struct {
		Sensor  string `json:"sensor"`
		Process struct {
			Exe string `json:"exe"`
		} `json:"process"`
	} `json:"weir"`
	Timestamp string `json:"timestamp"`
}

// parse reads what it finds; members of another form stay empty.
func parse(body []byte) (f facts) {
	_ = json.Unmarshal(body, &f)
	t, err := time.Parse("2006-01-02T15:04:05.999999-0700", f.Timestamp)
	if err != nil {
		t = time.Unix(0, 0)
	}
	f.time = t
	return f
}

// match reports whether the rule is about an event that comes now.
func (r *Rule) match(f *facts, now time.Time) bool {
	types := r.Types
	if len(types) == 0 {
		types = []string{"alert"}
	}
	switch {
	case !slices.Contains(types, f.Type),
		r.Severity != 0 && (f.Alert.Severity == 0 || f.Alert.Severity > r.Severity),
		len(r.SIDs) > 0 && !slices.Contains(r.SIDs, f.Alert.SID),
		len(r.Sensors) > 0 && !slices.Contains(r.Sensors, f.Weir.Sensor),
		len(r.Categories) > 0 && !slices.ContainsFunc(r.Categories, func(c string) bool { return strings.EqualFold(c, f.Alert.Category) }),
		len(r.Hosts) > 0 && !r.hasHost(f.Src) && !r.hasHost(f.Dst),
		len(r.Processes) > 0 && !slices.ContainsFunc(r.Processes, func(p string) bool {
			return f.Weir.Process.Exe == p || strings.HasSuffix(f.Weir.Process.Exe, "/"+p)
		}):
		return false
	}
	return r.inHours(now)
}

func (r *Rule) hasHost(text string) bool {
	a, err := netip.ParseAddr(text)
	return err == nil && slices.ContainsFunc(r.Hosts, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// inHours reports whether the rule holds at a time. Hours over midnight belong to
// the day that they begin on.
func (r *Rule) inHours(now time.Time) bool {
	at := now.Sub(time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location()))
	day := now.Weekday()
	switch {
	case r.From == 0 && r.To == 0:
	case r.From <= r.To:
		if at < r.From || at >= r.To {
			return false
		}
	case at < r.To:
		day = (day + 6) % 7
	case at < r.From:
		return false
	}
	return len(r.Days) == 0 || slices.Contains(r.Days, day)
}

// members are what a group has in common.
func (r *Rule) members(f *facts) (all []Member) {
	by := r.GroupBy
	if len(by) == 0 {
		by = []string{"sid", "src", "dest"}
	}
	for _, name := range by {
		var v string
		switch name {
		case "sid":
			v = strconv.FormatInt(f.Alert.SID, 10)
		case "signature":
			v = f.Alert.Signature
		case "category":
			v = f.Alert.Category
		case "src":
			v = f.Src
		case "dest":
			v = f.Dst
		case "host":
			if v = f.HTTP.Host; v == "" {
				v = f.TLS.SNI
			}
		case "process":
			v = f.Weir.Process.Exe
		case "sensor":
			v = f.Weir.Sensor
		case "type":
			v = f.Type
		}
		all = append(all, Member{name, v})
	}
	return all
}
