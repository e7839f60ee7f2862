package main

import (
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"weir/cmd/weir/config"
	"weir/detect/setcache"
)

// openRuleCache opens the cache of compiled sets for these rule files; nil if
// there is none to be, or it cannot be used: a run is slower to start without.
func openRuleCache(c *config.Config, files []string) (cache *setcache.Cache, err error) {
	if !c.Detect.Caching || len(files) == 0 {
		return nil, nil
	}
	dir := string(c.Detect.CachingPath)
	if dir != "" {
		dir = filepath.Join(dir, "weir") // the folder itself may be another program's
	} else {
		caches, err := os.UserCacheDir()
		if err != nil {
			return nil, nil
		}
		dir = filepath.Join(caches, "weir")
	}
	names := make([]string, len(files))
	for i, f := range files {
		if names[i], err = filepath.Abs(f); err != nil {
			return nil, err
		}
	}
	return setcache.Open(dir, strings.Join(names, "\x00"), buildID())
}

// buildID tells builds of the program apart.
func buildID() string {
	id := version
	if info, ok := debug.ReadBuildInfo(); ok {
		id += info.String()
	}
	if name, err := os.Executable(); err == nil {
		if st, err := os.Stat(name); err == nil {
			id += strconv.FormatInt(st.Size(), 10) + st.ModTime().String()
		}
	}
	return id
}
