package store

import (
	"fmt"
	"strings"
	"time"
)

// dialect is how a data base says what a query needs. Forms have the column, then the
// value.
type dialect struct {
	mark     func(n int, v any) string // the n-th value, from 1 on
	inline   bool                      // mark has the value itself
	time     func(t time.Time) any
	addr     string // an address equals
	ends     string
	contains string
}

var sqliteDialect = dialect{
	mark: func(n int, _ any) string { return fmt.Sprintf("?%d", n) },
	time: func(t time.Time) any { return t.UnixMicro() },
	addr: "%[1]s = %[2]s", ends: "substr(%[1]s, -length(%[2]s)) = %[2]s", contains: "instr(%[1]s, %[2]s) > 0",
}

var postgresDialect = dialect{
	mark: func(n int, v any) string {
		if _, ok := v.(string); ok {
			return fmt.Sprintf("$%d::text", n)
		}
		return fmt.Sprintf("$%d", n)
	},
	time: func(t time.Time) any { return t },
	addr: "host(%[1]s) = %[2]s", ends: "right(%[1]s, length(%[2]s)) = %[2]s", contains: "strpos(%[1]s, %[2]s) > 0",
}

var clickhouseDialect = dialect{
	mark: func(_ int, v any) string {
		if s, ok := v.(string); ok {
			return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
		}
		return fmt.Sprint(v)
	},
	inline: true,
	time:   func(t time.Time) any { return t.UnixMicro() },
	addr:   "%[1]s = %[2]s", ends: "endsWith(%[1]s, %[2]s)", contains: "position(%[1]s, %[2]s) > 0",
}

// where returns the condition of a query.
func (q *Query) where(d *dialect) (text string, args []any) {
	var all []string
	value := func(v any) string {
		if d.inline {
			return d.mark(0, v)
		}
		args = append(args, v)
		return d.mark(len(args), v)
	}
	add := func(cond string) { all = append(all, cond) }
	below := func(column, name, sep string) {
		add("(" + column + " = " + value(name) + " OR " + fmt.Sprintf(d.ends, column, value(sep+name)) + ")")
	}
	if !q.From.IsZero() {
		add("time >= " + value(d.time(q.From)))
	}
	if !q.To.IsZero() {
		add("time < " + value(d.time(q.To)))
	}
	if len(q.Types) > 0 {
		var marks []string
		for _, t := range q.Types {
			marks = append(marks, value(t))
		}
		add("type IN (" + strings.Join(marks, ", ") + ")")
	}
	if q.SID != 0 {
		add("sid = " + value(q.SID))
	}
	if q.Severity != 0 {
		add("severity > 0 AND severity <= " + value(q.Severity))
	}
	if q.Addr != "" {
		v := value(q.Addr)
		add("(" + fmt.Sprintf(d.addr, "src", v) + " OR " + fmt.Sprintf(d.addr, "dst", v) + ")")
	}
	if q.Host != "" {
		below("host", q.Host, ".")
	}
	if q.Process != "" {
		below("process", q.Process, "/")
	}
	if q.Text != "" {
		add(fmt.Sprintf(d.contains, "raw", value(q.Text)))
	}
	if len(all) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(all, " AND "), args
}

// Matches reports whether a query wants an event.
func (q *Query) Matches(r *Row) bool {
	in := func(types []string) bool {
		for _, t := range types {
			if t == r.Type {
				return true
			}
		}
		return len(types) == 0
	}
	below := func(of, name, sep string) bool { return name == "" || of == name || strings.HasSuffix(of, sep+name) }
	return (q.From.IsZero() || !r.Time.Before(q.From)) && (q.To.IsZero() || r.Time.Before(q.To)) && in(q.Types) &&
		(q.SID == 0 || r.SID == q.SID) && (q.Severity == 0 || r.Severity > 0 && r.Severity <= q.Severity) &&
		(q.Addr == "" || r.Src == q.Addr || r.Dst == q.Addr) && below(r.Host, q.Host, ".") && below(r.Process, q.Process, "/") &&
		strings.Contains(r.Raw, q.Text)
}

// RowOf returns an event as Find has it.
func RowOf(body []byte) Row {
	r := parse(body)
	return Row{
		Time: r.time, Type: r.Type, Src: r.Src, SrcPort: int(r.SrcPort), Dst: r.Dst, DstPort: int(r.DstPort), Proto: r.Proto,
		SID: r.Alert.SID, Severity: r.Alert.Severity, Signature: r.Alert.Signature, Host: r.host(), Process: r.Weir.Process.Exe, Raw: string(body),
	}
}
