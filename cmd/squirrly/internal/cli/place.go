package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer"
)

// place says of which TaskManagers of a job's metrics loose pages are: the only one, or the one whose id their file is named
// after, as Flink and the collector do. Without that, what the counters say of a TaskManager would be held against the
// samples of another.
func place(pages []analyzer.Page, c *jobcontext.Context, force bool) error {
	var ids []string
	for _, tm := range c.TaskManagers {
		ids = append(ids, tm.ID)
	}
	for i := range pages {
		p := &pages[i]
		switch id := namesake(filepath.Base(p.File), ids); {
		case slices.Contains(ids, p.JVM):
		case id != "":
			p.JVM = id
		case len(ids) == 1:
			p.JVM = ids[0]
		case len(ids) > 1 && !force:
			return usage("--metrics: the job ran on %s, and the name of %s says none of them; put it in front of the file's name, or give --force",
				strings.Join(ids, ", "), p.File)
		}
	}
	return nil
}

// namesake is the longest id that a file is named after. Signs that file systems do not take are of no account.
func namesake(file string, ids []string) string {
	found := ""
	name := plainName(file) + "_"
	for _, id := range ids {
		plain := plainName(id)
		at := strings.Index(name, plain+"_")
		if at >= 0 && (at == 0 || name[at-1] == '_') && len(id) > len(found) {
			found = id
		}
	}
	return found
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, s)
}
