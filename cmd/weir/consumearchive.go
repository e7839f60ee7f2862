package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"weir/cmd/weir/config"
	"weir/sinks/archive"
	"weir/sinks/archive/s3"
	"weir/sinks/consume"
)

func consumeArchiveCommand() *cobra.Command {
	var o consumeOptions
	var co config.Options
	var ao archive.Options
	var format string
	cmd := &cobra.Command{
		Use:   "archive [flags]",
		Short: "Keep events in compressed files by hour",
		Long: `Keep events in a folder, compressed, in files by the hour of the events: JSON lines in
zstd, or Parquet. A message is finished when its event is on disk; a file is put in
place, and listed with its checksum in manifest.jsonl, when nothing more comes for
its hour. The section archive of the configuration says the same as the flags, and
to which object store with S3's interface files are copied.

Exit status: 0 ended by a signal; 1 the broker or the folder cannot be used; 2 the
command line is wrong.`,
		Example: `  weir consume archive --archive /var/lib/weir/archive
  weir consume archive --format parquet -t alert,flow
  sha256sum archive/2026/01/02/15-*.jsonl.zst; tail archive/manifest.jsonl`,
		Args: args(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			stderr := cmd.ErrOrStderr()
			warn := func(format string, args ...any) { fmt.Fprintf(stderr, "weir: "+format+"\n", args...) }
			cfg, _, err := config.Load(co)
			if err != nil {
				return err
			}
			options, err := o.options("archive", warn)
			if err != nil {
				return err
			}
			given := cmd.Flags().Changed
			if format != string(archive.JSON) && format != string(archive.Parquet) {
				return usagef("--format %q: want json or parquet", format)
			}
			if ao.Idle <= 0 {
				return usagef("--idle %v: want more than 0", ao.Idle)
			}
			ao.Format = archive.Format(format)
			a, err := openArchive(cfg, ao, given, warn)
			if err != nil {
				return err
			}
			c, err := consume.New(options, a)
			if err != nil {
				return errors.Join(usageError{err}, a.Close())
			}
			return errors.Join(c.Run(cmd.Context()), a.Close())
		},
	}
	o.flags(cmd)
	f := cmd.Flags()
	f.StringVarP(&co.File, "config", "c", "", "configuration `FILE`")
	f.StringArrayVar(&co.Sets, "set", nil, "set one `KEY=VALUE` of the configuration")
	f.StringVar(&ao.Dir, "archive", "archive", "`FOLDER` of the archive")
	f.StringVarP(&format, "format", "f", "json", "`json|parquet`")
	f.DurationVar(&ao.Idle, "idle", archiveIdle, "finish a file when nothing has come for so `LONG`")
	_ = cmd.MarkFlagFilename("config", "yaml")
	_ = cmd.MarkFlagDirname("archive")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"json", "parquet"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// archiveIdle is after how long without events a file of the archive is finished.
const archiveIdle = 10 * time.Minute

// copiedArchive is an archive whose finished files are copied to an object store.
type copiedArchive struct {
	*archive.Archive
	queue *s3.Queue // nil: they are not
}

// Close implements closing.
func (c copiedArchive) Close() error {
	err := c.Archive.Close()
	if c.queue != nil {
		c.queue.Close()
	}
	return err
}

// openArchive opens an archive as the section archive says, where flags do not.
func openArchive(cfg *config.Config, o archive.Options, given func(flag string) bool, warn func(string, ...any)) (_ closing, err error) {
	s := cfg.Root().Get("archive")
	if v := s.String("dir", ""); v != "" && !given("archive") {
		o.Dir = v
	}
	if v := archive.Format(s.String("format", "")); v != "" && !given("format") {
		if o.Format = v; v != archive.JSON && v != archive.Parquet {
			s.Reject("format", "json or parquet")
		}
	}
	if v := span(s, "idle", 0); v > 0 && !given("idle") {
		o.Idle = v
	}
	store, err := archiveStore(s.Get("s3"))
	if err = errors.Join(cfg.Err(), err); err != nil {
		return nil, err
	}
	o.Log = warn
	var c copiedArchive
	if store != nil {
		if c.queue, err = store.Start(o.Dir, warn); err != nil {
			return nil, err
		}
		o.Finished = func(e archive.Entry) { c.queue.Add(e.File) }
	}
	if c.Archive, err = archive.Open(o); err != nil {
		if c.queue != nil {
			c.queue.Close()
		}
		return nil, err
	}
	return c, nil
}

// archiveStore reads the section archive.s3; nil if there is none.
func archiveStore(s config.Section) (*s3.Store, error) {
	if !s.Exists() {
		return nil, nil
	}
	access, err := secret(s, "access-key-file")
	if err != nil {
		return nil, fmt.Errorf("archive.s3: %w", err)
	}
	key, err := secret(s, "secret-key-file")
	if err != nil {
		return nil, fmt.Errorf("archive.s3: %w", err)
	}
	o := s3.Options{
		Endpoint: s.String("endpoint", ""), Region: s.String("region", ""), Bucket: s.String("bucket", ""), Prefix: s.String("prefix", ""),
		AccessKey: access, SecretKey: key, Part: int64(s.Size("part", 0)),
	}
	return s3.New(o)
}
