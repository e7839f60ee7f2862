package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/cmd/weir/config"
)

// pages are the files of docs/reference and what prints them.
var pages = []struct {
	name  string
	print func(root *cobra.Command, w io.Writer) error
}{
	{"cli.md", cliPage},
	{"keywords.md", keywordPage},
	{"config.md", func(_ *cobra.Command, w io.Writer) error { return config.Reference(w) }},
	{"config.example.yaml", func(_ *cobra.Command, w io.Writer) error { return config.Example(w) }},
}

func docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "docs FOLDER",
		Short:   "Print the reference manual from the code",
		Example: "  weir docs docs/reference",
		Args:    args(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, words []string) error {
			if err := os.MkdirAll(words[0], 0o755); err != nil {
				return err
			}
			for _, p := range pages {
				if err := printPage(filepath.Join(words[0], p.name), func(w io.Writer) error { return p.print(cmd.Root(), w) }); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func printPage(name string, print func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := print(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// cliPage prints every command with its flags.
func cliPage(root *cobra.Command, w io.Writer) error {
	b := bufio.NewWriter(w)
	b.WriteString("# Command line\n")
	printCommand(b, root)
	return b.Flush()
}

func printCommand(b *bufio.Writer, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" || cmd.Name() == "completion" {
		return
	}
	cmd.InitDefaultHelpFlag() // as when the command runs
	fmt.Fprintf(b, "\n## %s\n\n%s.\n", cmd.CommandPath(), cmd.Short)
	if cmd.Long != "" {
		fmt.Fprintf(b, "\n%s\n", cmd.Long)
	}
	if cmd.HasParent() && !cmd.HasSubCommands() {
		fmt.Fprintf(b, "\n    %s\n", cmd.UseLine())
	}
	if cmd.Example != "" {
		fmt.Fprintf(b, "\nExamples:\n\n%s\n", indent(cmd.Example))
	}
	flags := false
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		if !flags {
			flags = true
			b.WriteString("\n| flag | |\n|---|---|\n")
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if value != "" {
			name += " " + value
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", escapeBars(name), escapeBars(usage))
	})
	for _, sub := range cmd.Commands() {
		printCommand(b, sub)
	}
}

// escapeBars keeps bars from ending a cell of a table.
func escapeBars(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

// indent makes a block of code of text that is already indented by two.
func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
