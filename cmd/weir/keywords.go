package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/decode/field"
	"weir/decode/proto"
	"weir/decode/proto/all"
	"weir/detect"
)

// keywordInfo is what the manual says of a keyword.
type keywordInfo struct {
	Name      string   `json:"name"`
	Topic     string   `json:"topic"`
	Aliases   []string `json:"aliases,omitempty"`
	Modifiers []string `json:"modifiers,omitempty"` // of contents before them, as in old rules
	Kind      string   `json:"kind"`
	Doc       string   `json:"doc"`
	Syntax    string   `json:"syntax,omitempty"`
	Values    []string `json:"values,omitempty"` // that have names
	Direction string   `json:"direction,omitempty"`
	Log       string   `json:"log,omitempty"` // path in the event
	Example   string   `json:"example,omitempty"`
}

// kinds says what fields are to rules.
var kinds = map[field.Kind]string{
	field.KindBytes: "sticky buffer", field.KindMulti: "sticky buffer, several values", field.KindBody: "sticky buffer, streaming",
	field.KindUint: "integer", field.KindMultiUint: "integer, several values", field.KindCustom: "condition",
}

// keywordManual returns what there is on every keyword, by topic.
func keywordManual(set *proto.Set) (list []keywordInfo) {
	for _, t := range detect.Topics() {
		for _, k := range t.Keywords {
			kind := "keyword"
			if t.Name == "Transforms" {
				kind = "transform"
			}
			list = append(list, keywordInfo{Name: k.Name, Topic: t.Name, Aliases: k.Aliases, Kind: kind, Doc: k.Doc, Syntax: k.Syntax, Example: k.Example})
		}
	}
	for _, p := range set.All() {
		for i := range p.Fields {
			list = append(list, fieldInfo("Protocol "+p.Name, &p.Fields[i]))
		}
	}
	return list
}

func fieldInfo(topic string, d *field.Def) keywordInfo {
	k := keywordInfo{
		Name: d.Name, Topic: topic, Aliases: d.Aliases, Modifiers: d.Modifiers, Kind: kinds[d.Kind],
		Doc: d.Doc, Syntax: d.Syntax, Log: d.Log, Example: d.Example,
	}
	if d.Dir != field.Both {
		k.Direction = d.Dir.String()
	}
	names := slices.Concat(d.Enum, d.Flags)
	slices.SortStableFunc(names, func(a, b field.EnumName) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Name, b.Name))
	})
	for _, v := range names {
		k.Values = append(k.Values, v.Name)
	}
	return k
}

func rulesKeywordsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keywords [flags] [NAME...]",
		Short: "Manual of the keywords of rules",
		Long: `List the keywords that rules may use, by topic, or show what there is on those
named. The manual is printed from the tables by which rules are compiled.

Exit status: 0 all are known; 1 one is not.`,
		Example: `  weir rules keywords
  weir rules keywords byte_test http.uri
  weir rules keywords --json | jq .name`,
		RunE: func(cmd *cobra.Command, names []string) error {
			set, err := all.Set()
			if err != nil {
				return err
			}
			return showKeywords(cmd.OutOrStdout(), keywordManual(set), names, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, one object a line")
	return cmd
}

// showKeywords prints the keywords named, or all in short.
func showKeywords(w io.Writer, manual []keywordInfo, names []string, asJSON bool) error {
	b := bufio.NewWriter(w)
	list := manual
	if len(names) > 0 {
		list = nil
		for _, name := range names {
			found := keywordsNamed(manual, name)
			if found == nil {
				return fmt.Errorf("keyword %q is unknown: near it are %s", name, strings.Join(nearKeywords(manual, name), ", "))
			}
			list = append(list, found...)
		}
	}
	topic := ""
	for _, k := range list {
		switch {
		case asJSON:
			line, err := json.Marshal(k)
			if err != nil {
				return err
			}
			fmt.Fprintf(b, "%s\n", line)
		case len(names) > 0:
			k.page(b)
		default:
			if k.Topic != topic {
				if topic != "" {
					b.WriteByte('\n')
				}
				topic = k.Topic
				fmt.Fprintf(b, "%s\n", topic)
			}
			fmt.Fprintf(b, "  %-28s %s\n", k.Name, k.Doc)
		}
	}
	return b.Flush()
}

// page prints all that there is on a keyword.
func (k *keywordInfo) page(b *bufio.Writer) {
	fmt.Fprintf(b, "%s (%s; %s)\n  %s\n", k.Name, k.Kind, k.Topic, k.Doc)
	for _, row := range [...]struct{ title, text string }{
		{"syntax", k.usage()}, {"values", strings.Join(k.Values, " ")}, {"also", strings.Join(k.Aliases, " ")},
		{"behind a content", strings.Join(k.Modifiers, " ")}, {"direction", k.Direction}, {"in events", k.Log}, {"example", k.Example},
	} {
		if row.text != "" {
			fmt.Fprintf(b, "  %s: %s\n", row.title, row.text)
		}
	}
}

// usage returns the keyword with its value, as rules spell it.
func (k *keywordInfo) usage() string {
	if k.Syntax == "" {
		return k.Name + ";"
	}
	return k.Name + ":" + k.Syntax + ";"
}

// keywordsNamed returns those of that name: protocols may have the same.
func keywordsNamed(manual []keywordInfo, name string) (found []keywordInfo) {
	for _, k := range manual {
		if k.Name == name || slices.Contains(k.Aliases, name) || slices.Contains(k.Modifiers, name) {
			found = append(found, k)
		}
	}
	return found
}

// nearKeywords returns the names that are most like name.
func nearKeywords(manual []keywordInfo, name string) []string {
	const most = 3
	var names []string
	for _, k := range manual {
		names = append(append(append(names, k.Name), k.Aliases...), k.Modifiers...)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(distance(x, name), distance(y, name)) })
	return names[:min(most, len(names))]
}

// distance is how many letters have to change to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := corner
			if a[i] != b[j] {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, corner+1)
		}
	}
	return row[len(b)]
}

// keywordPage prints the manual as a page.
func keywordPage(_ *cobra.Command, w io.Writer) error {
	set, err := all.Set()
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	b.WriteString("# Keywords of rules\n\nPrinted from the tables by which rules are compiled; `weir rules keywords NAME` shows the same.\n")
	topic := ""
	for _, k := range keywordManual(set) {
		if k.Topic != topic {
			topic = k.Topic
			fmt.Fprintf(b, "\n## %s\n", topic)
		}
		fmt.Fprintf(b, "\n### %s\n\n%s\n\n", k.Name, k.Doc)
		fmt.Fprintf(b, "- %s: `%s`\n", k.Kind, k.usage())
		for _, row := range [...]struct{ title, text string }{
			{"values", strings.Join(k.Values, " ")}, {"also", strings.Join(k.Aliases, " ")}, {"behind a content", strings.Join(k.Modifiers, " ")},
			{"direction", k.Direction}, {"in events", k.Log}, {"example", k.Example},
		} {
			if row.text != "" {
				fmt.Fprintf(b, "- %s: `%s`\n", row.title, row.text)
			}
		}
	}
	return b.Flush()
}
