package cli

import (
	"testing"

	"squirrly.dev/pkg/events"
)

func TestLabel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		base, title, given string
		jvm                string
		mode               events.Mode
		notes              int
		fails              bool
	}{
		{base: "localhost_6122-a1b2_ITIMER_2026-11-23_08_49_05.html", title: "CPU profile", jvm: "localhost_6122-a1b2", mode: "ITIMER"},
		{base: "wall-street-taskmanager-1-1_ITIMER_2026-11-23_08_49_05.html", title: "CPU profile", jvm: "wall-street-taskmanager-1-1", mode: "ITIMER"},
		{base: "lock-alloc-cpu_WALL_2026-11-23_08_49_05.html", title: "Wall clock profile", jvm: "lock-alloc-cpu", mode: "WALL"},
		{base: "tm-1-WALL-230d8358dc8e.html", title: "Wall clock profile", jvm: "tm-1", mode: "WALL"},
		{base: "tm_CPU_2026-11-23_08_49_05.html", title: "Wall clock profile", jvm: "tm", mode: "CPU"},
		{base: "tm_CPU.html", title: "CPU profile (ns)", jvm: "tm", mode: "CPU"},
		{base: "tm-1_wall.collapsed", jvm: "tm-1", mode: "WALL"},
		{base: "WALL.html", jvm: "jvm", mode: "WALL"},
		{base: "wall-before.html", jvm: "jvm", mode: "WALL"},
		{base: "tm_WALL_2.collapsed.gz", jvm: "tm", mode: "WALL"},
		{base: "page.html", title: "Allocation profile", jvm: "jvm", mode: "ALLOC"},
		{base: "page.html", title: "Lock profile (ns)", jvm: "jvm", mode: "LOCK"},
		{base: "wall-street.html", title: "CPU profile", jvm: "jvm", mode: "ITIMER"},
		{base: "tm_WALL.html", title: "CPU profile", jvm: "tm", mode: "ITIMER", notes: 1},
		{base: "tm_ALLOC.html", title: "Lock profile", jvm: "tm", mode: "LOCK", notes: 1},
		{base: "tm_WALL.html", title: "CPU profile", given: "wall", jvm: "tm", mode: "WALL"},
		{base: "tm_WALL.html", title: "Our own title", jvm: "tm", mode: "WALL"},
		{base: "wall-street.collapsed", jvm: "jvm", fails: true},
		{base: "-", jvm: "jvm", fails: true},
		{base: "tm_WALL.html", given: "fast", jvm: "tm", mode: "FAST", fails: true},
	} {
		jvm, mode, notes, err := label(c.base, c.title, c.given)
		if jvm != c.jvm || mode != c.mode || len(notes) != c.notes || (err != nil) != c.fails {
			t.Errorf("%+v: %s %s %v %v", c, jvm, mode, notes, err)
		}
	}
}
