package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"weir/cmd/weir/config"
	"weir/decode/event"
	"weir/rules"
)

// logLevels are the levels of messages, the most important first, as
// logging.outputs names them and as records show them.
var logLevels = []struct{ name, shown string }{
	{"emergency", "Emergency"}, {"alert", "Alert"}, {"critical", "Critical"}, {"error", "Error"}, {"warning", "Warning"},
	{"notice", "Notice"}, {"info", "Info"}, {"perf", "Perf"}, {"config", "Config"}, {"debug", "Debug"},
}

// Indices of logLevels.
const (
	levelError   = 3
	levelWarning = 4
	levelNotice  = 5
)

// levelOf returns the place of a level in logLevels.
func levelOf(name string) int {
	return slices.IndexFunc(logLevels, func(l struct{ name, shown string }) bool { return l.name == name })
}

// engineLog writes what the program says about itself to the files of
// logging.outputs. All methods of a nil one do nothing; several goroutines may
// call them.
type engineLog struct {
	mu    sync.Mutex
	files []engineLogFile
}

type engineLogFile struct {
	w     io.WriteCloser
	level int
	json  bool
}

// openEngineLog opens the files of the configuration; nil if it has none. One that
// cannot be opened ends no run.
func openEngineLog(c *config.Config, warn func(format string, args ...any)) *engineLog {
	var l *engineLog
	for _, o := range c.Logging.Files() {
		name := o.Filename
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.DefaultLogDir, name)
			_ = os.MkdirAll(filepath.Dir(name), 0o755) // opening tells
		}
		f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o640)
		if err != nil {
			warn("logging.outputs: %v", err)
			continue
		}
		if l == nil {
			l = &engineLog{}
		}
		l.files = append(l.files, engineLogFile{f, levelOf(o.Level), o.JSON})
	}
	return l
}

// write logs one message. e may be nil; it tells the place in the rules.
func (l *engineLog) write(level int, module, text string, e *rules.Error) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, f := range l.files {
		if level > f.level {
			continue
		}
		var b []byte
		if f.json {
			b = appendEngineRecord(nil, now, level, module, text, e)
		} else {
			b = fmt.Appendf(nil, "[%d] %s %s: %s: %s", os.Getpid(), now.Format("2006-01-02 15:04:05"), logLevels[level].shown, module, text)
		}
		_, _ = f.w.Write(append(b, '\n')) // there is nobody else to tell
	}
}

// appendEngineRecord appends a message as a record of event type engine.
func appendEngineRecord(b []byte, now time.Time, level int, module, text string, e *rules.Error) []byte {
	b = event.Time(append(b, '{'), "timestamp", now.UnixNano())
	b = event.Str(b, "log_level", logLevels[level].shown)
	b = event.Str(b, "event_type", "engine")
	b = event.Open(b, "engine")
	b = event.Str(b, "message", text)
	b = event.Str(b, "module", module)
	b = event.Close(b)
	if e != nil {
		b = event.Open(b, "weir")
		b = event.Str(b, "file", e.Pos.File)
		b = event.Uint(b, "line", uint64(e.Pos.Line))
		b = event.Uint(b, "column", uint64(e.Pos.Col))
		b = event.Close(b)
	}
	return append(b, '}')
}

// warning logs a warning.
func (l *engineLog) warning(format string, args ...any) {
	if l != nil {
		l.write(levelWarning, "weir", fmt.Sprintf(format, args...), nil)
	}
}

// notice logs what is worth knowing.
func (l *engineLog) notice(format string, args ...any) {
	if l != nil {
		l.write(levelNotice, "weir", fmt.Sprintf(format, args...), nil)
	}
}

// ruleErrors logs what is wrong with rules.
func (l *engineLog) ruleErrors(errs []*rules.Error) {
	for _, e := range errs {
		text := e.Log
		if text == "" {
			text = e.Msg
		}
		l.write(levelError, "detect", text, e)
	}
}

// end logs the error that ended a run, nil if none did, and closes the files.
func (l *engineLog) end(err error) {
	if l == nil {
		return
	}
	if broken := (*brokenRules)(nil); errors.As(err, &broken) {
		l.ruleErrors(broken.errs)
	} else if err != nil {
		l.write(levelError, "weir", err.Error(), nil)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.files {
		_ = f.w.Close()
	}
	l.files = nil
}

// brokenRules are the rules that keep a run from starting.
type brokenRules struct{ errs []*rules.Error }

func (e *brokenRules) Error() string {
	return fmt.Sprintf("%d rules cannot be used; the first: %v", len(e.errs), e.errs[0])
}

// Unwrap returns the first.
func (e *brokenRules) Unwrap() error { return e.errs[0] }
