package daemon

import (
	"runtime/debug"
	"sync"
)

// version is set by the linker: -X squirrly.dev/internal/daemon.version=v1.2.3.
var version string

// Version is the version of this build: the one given to the linker, else that of the module, else the revision.
var Version = sync.OnceValue(func() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "dev" + revision(info)
})

func revision(info *debug.BuildInfo) string {
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = "-" + s.Value[:min(len(s.Value), 12)]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "-dirty"
		}
	}
	return rev + dirty
}
