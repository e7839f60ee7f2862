package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"weir/decode/atomicfile"
	"weir/rules"
)

// fmtOptions are the flags of weir rules fmt.
type fmtOptions struct {
	Write, List, Diff bool
}

func rulesFmtCommand() *cobra.Command {
	var o fmtOptions
	cmd := &cobra.Command{
		Use:   "fmt [flags] [RULES...]",
		Short: "Bring rules into canonical form",
		Long: `Print rule files, or standard input, in canonical form: each rule on one line,
one blank between its parts and behind each option, none in groups. What rules
say does not change; comments and rules that are turned off stay, and so do
lines that cannot be parsed, which are reported.

Exit status: 0 all is well; 1 a rule cannot be parsed, a file cannot be read or
written, or with -l or -d: a file is not in canonical form; 2 the command line
is wrong.`,
		Example: `  weir rules fmt my.rules
  weir rules fmt -w *.rules
  weir rules fmt -d my.rules
  grep ET_ my.rules | weir rules fmt`,
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 && o.Write {
				return usagef("-w: want files to write to")
			}
			return o.run(files, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.Write, "write", "w", false, "write to the files, not to standard output")
	f.BoolVarP(&o.List, "list", "l", false, "list the files that are not in canonical form")
	f.BoolVarP(&o.Diff, "diff", "d", false, "show what would change")
	cmd.MarkFlagsMutuallyExclusive("write", "list", "diff")
	return cmd
}

var errNotFormatted = errors.New("not in canonical form: see weir rules fmt -w")

// run formats files, or what comes in if there are none.
func (o *fmtOptions) run(files []string, stdin io.Reader, stdout, stderr io.Writer) error {
	out := bufio.NewWriter(stdout)
	var failed error
	if len(files) == 0 {
		text, err := io.ReadAll(stdin)
		if err != nil {
			return err
		}
		failed = o.format("stdin", text, out, stderr)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err == nil {
			err = o.format(name, text, out, stderr)
		}
		if err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return errors.Join(failed, out.Flush())
}

// format formats one file.
func (o *fmtOptions) format(name string, text []byte, out *bufio.Writer, stderr io.Writer) error {
	b, errs := rules.Format(name, text)
	for _, e := range errs {
		fmt.Fprintf(stderr, "weir: %v\n", e)
	}
	var err error
	if n := len(errs); n > 0 {
		err = fmt.Errorf("%s: rules that cannot be parsed: %d", name, n)
	}
	same := bytes.Equal(b, text)
	switch {
	case o.Write:
		if !same {
			err = errors.Join(err, replaceFile(name, b))
		}
	case o.List || o.Diff:
		if same {
			break
		}
		if o.List {
			fmt.Fprintln(out, name)
		} else {
			out.Write(diff.Diff(name, text, name+" (canonical)", b))
		}
		err = errors.Join(err, fmt.Errorf("%s: %w", name, errNotFormatted))
	default:
		out.Write(b)
	}
	return err
}

// replaceFile puts b in the place of a file, whole or not at all.
func replaceFile(name string, b []byte) error {
	st, err := os.Stat(name)
	if err != nil {
		return err
	}
	return atomicfile.Write(name, b, st.Mode().Perm())
}
