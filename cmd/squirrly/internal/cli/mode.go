package cli

import (
	"fmt"
	"regexp"
	"strings"

	"squirrly.dev/pkg/events"
)

// captureNames are the forms of file names that state a mode, most certain first. Each has the groups jvm and mode. The
// mode is a field of its own, at the place that the form gives it: a word in the name of a cluster is none.
var captureNames = []*regexp.Regexp{
	// Flink's <TaskManager>_<MODE>_<time>
	regexp.MustCompile(`^(?P<jvm>.+)_(?P<mode>ITIMER|WALL|CPU|ALLOC|LOCK)_\d[-_\d]*$`),
	// this program's <TaskManager>-<MODE>-<sum>
	regexp.MustCompile(`^(?P<jvm>.+)-(?P<mode>ITIMER|WALL|CPU|ALLOC|LOCK)-[0-9a-f]{4,64}$`),
	// a mode at the end, tm-1_WALL, or with a number, tm-1_WALL_2
	regexp.MustCompile(`(?i)^(?:(?P<jvm>.+)[-_.])?(?P<mode>itimer|wall|cpu|alloc|lock)(?:[-_.]?\d{1,3})?$`),
	// a mode and which of two, wall-before
	regexp.MustCompile(`(?i)^(?P<jvm>)(?P<mode>itimer|wall|cpu|alloc|lock)[-_.](?:before|after|old|new|base|baseline|good|bad)$`),
}

var profileEnd = regexp.MustCompile(`(?i)(\.(html?|collapsed|folded|txt|pb|pprof|gz|svg|jfr))+$`)

// fromName finds JVM and mode in the name of a file.
func fromName(base string) (jvm string, mode events.Mode) {
	stem := profileEnd.ReplaceAllString(base, "")
	for _, form := range captureNames {
		if m := form.FindStringSubmatch(stem); m != nil {
			return m[form.SubexpIndex("jvm")], events.Mode(strings.ToUpper(m[form.SubexpIndex("mode")]))
		}
	}
	return "", ""
}

// titles of pages, and the modes that have them; the first is taken where a name says nothing. Async-profiler names no
// mode more closely, and samples CPU by the wall clock where perf events are missing.
var titles = []struct {
	start string
	modes []events.Mode
}{
	{"Wall clock profile", []events.Mode{events.ModeWall, events.ModeCPU}},
	{"CPU profile", []events.Mode{events.ModeITimer, events.ModeCPU}},
	{"Allocation profile", []events.Mode{events.ModeAlloc}},
	{"Lock profile", []events.Mode{events.ModeLock}},
}

// label finds the JVM and the mode of a profile: the mode as given, else as the title of the page says, which its file
// name may say more closely. A name that contradicts the title is told in notes.
func label(base, title, given string) (jvm string, mode events.Mode, notes []string, err error) {
	jvm, named := fromName(base)
	if jvm == "" {
		jvm = "jvm"
	}
	if given != "" {
		mode = events.Mode(strings.ToUpper(given))
		if !mode.Valid() {
			err = usage("--mode %s: choose ITIMER, WALL, CPU, ALLOC or LOCK", given)
		}
		return jvm, mode, nil, err
	}
	for _, t := range titles {
		if !strings.HasPrefix(title, t.start) {
			continue
		}
		for _, m := range t.modes {
			if m == named || named == "" {
				return jvm, m, nil, nil
			}
		}
		note := fmt.Sprintf("its file name says %s and its title %q: taken as %s", named, title, t.modes[0])
		return jvm, t.modes[0], []string{note}, nil
	}
	if named == "" {
		err = usage("%s: its mode is neither in its name (…_WALL.html) nor in its title; give --mode", base)
	}
	return jvm, named, nil, err
}
