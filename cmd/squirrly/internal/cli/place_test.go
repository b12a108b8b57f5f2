package cli

import (
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer"
)

func TestPlace(t *testing.T) {
	for name, c := range map[string]struct {
		file, ids string
		force     bool
		want      string // the TaskManager, or how the error begins
	}{
		"the only one":       {"x_WALL.html", "tm-1:6122", false, "tm-1:6122"},
		"as the collector":   {"tm-1_6122-7a02846d-WALL-b3f7.html", "tm-1:6122 tm-10:6122", false, "tm-1:6122"},
		"as Flink":           {"tm-10:6122_WALL_2026-11-28_08_23_00.html", "tm-1:6122 tm-10:6122", false, "tm-10:6122"},
		"part of a longer":   {"tm-10_WALL.html", "tm-1 tm-2", false, "--metrics: the job ran on tm-1, tm-2"},
		"longest":            {"flink-tm-1-2_WALL.html", "tm-1 tm-1-2", false, "tm-1-2"},
		"not told":           {"a_WALL.html", "tm-1 tm-2", false, "--metrics: the job ran on tm-1, tm-2"},
		"not told, by force": {"a_WALL.html", "tm-1 tm-2", true, "a"},
		"no TaskManagers":    {"a_WALL.html", "", false, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := &jobcontext.Context{}
			for id := range strings.FieldsSeq(c.ids) {
				ctx.TaskManagers = append(ctx.TaskManagers, jobcontext.TaskManager{ID: id})
			}
			pages := []analyzer.Page{{JVM: "a", File: "dir/" + c.file}}
			got := ""
			if err := place(pages, ctx, c.force); err != nil {
				got = err.Error()
			} else {
				got = pages[0].JVM
			}
			if !strings.HasPrefix(got, c.want) || got != c.want && !strings.Contains(c.want, " ") {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}
