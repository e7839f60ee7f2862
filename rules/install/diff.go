package install

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Diff is what an update changes, each in the order of gid and sid.
type Diff struct {
	Added, Removed, Changed, Enabled, Disabled []Change
}

// Change is one rule of a Diff.
type Change struct {
	ID       string
	Msg      string
	Old, New uint32 // revisions; 0: not there
	id       id
}

// Empty reports whether nothing changes.
func (d *Diff) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Enabled)+len(d.Disabled) == 0
}

// diff compares two sets. A rule that was changed and disabled too stands under
// both; one that comes or goes as disabled counts as well.
func diff(old, new *set) *Diff {
	d := &Diff{}
	for r := range new.all {
		was := old.rules[r.id]
		if was == nil {
			d.Added = append(d.Added, Change{r.id.String(), r.msg, 0, r.rev, r.id})
			continue
		}
		c := Change{r.id.String(), r.msg, was.rev, r.rev, r.id}
		if was.text != r.text {
			d.Changed = append(d.Changed, c)
		}
		switch {
		case r.enabled && !was.enabled:
			d.Enabled = append(d.Enabled, c)
		case !r.enabled && was.enabled:
			d.Disabled = append(d.Disabled, c)
		}
	}
	for r := range old.all {
		if new.rules[r.id] == nil {
			d.Removed = append(d.Removed, Change{r.id.String(), r.msg, r.rev, 0, r.id})
		}
	}
	for _, k := range d.kinds() {
		slices.SortFunc(k.list, func(a, b Change) int { return cmp.Or(cmp.Compare(a.id.gid, b.id.gid), cmp.Compare(a.id.sid, b.id.sid)) })
	}
	return d
}

type diffKind struct {
	name string
	sign byte
	list []Change
}

func (d *Diff) kinds() []diffKind {
	return []diffKind{
		{"added", '+', d.Added}, {"removed", '-', d.Removed}, {"changed", '~', d.Changed},
		{"enabled", 'e', d.Enabled}, {"disabled", 'd', d.Disabled},
	}
}

// Print writes the counts, and with rules, a line for each of them.
func (d *Diff) Print(w io.Writer, rules bool) error {
	var counts []string
	for _, k := range d.kinds() {
		counts = append(counts, fmt.Sprintf("%d %s", len(k.list), k.name))
		for i := range k.list {
			if !rules {
				break
			}
			c := &k.list[i]
			rev := fmt.Sprintf("rev %d", max(c.Old, c.New))
			if c.Old != c.New && c.Old != 0 && c.New != 0 {
				rev = fmt.Sprintf("rev %d -> %d", c.Old, c.New)
			}
			if _, err := fmt.Fprintf(w, "%c %s %s (%s)\n", k.sign, c.ID, c.Msg, rev); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(counts, ", "))
	return err
}
