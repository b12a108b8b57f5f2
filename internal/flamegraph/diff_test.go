package flamegraph_test

import (
	"bytes"
	"math"
	"regexp"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
)

func collapsed(t *testing.T, text string) *flamegraph.Graph {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func about(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// The second profile is twice as long and has lost the regular expression.
func TestDiff(t *testing.T) {
	before := collapsed(t, "run;a/Job.map;java/util/regex/Pattern.compile 80\nrun;a/Job.map 10\nrun;a/Job.sink 10\n")
	after := collapsed(t, "run;a/Job.map 120\nrun;a/Job.sink 80\n")
	d := flamegraph.Diff(flamegraph.Side{Graph: before}, flamegraph.Side{Graph: after}, flamegraph.DiffOptions{Title: "job"})
	if !about(d.Before, 1) || !about(d.After, 1) {
		t.Errorf("all %f, %f", d.Before, d.After)
	}
	grown, shrunk := d.Grown(9, 0.01), d.Shrunk(9, 0.01)
	if len(grown) != 2 || grown[0].Name != "a.Job.map" || !about(grown[0].Before, 0.1) || !about(grown[0].After, 0.6) {
		t.Errorf("grown %+v", grown)
	}
	if len(shrunk) != 1 || shrunk[0].Name != "java.util.regex.Pattern.compile" || !about(shrunk[0].Delta(), -0.8) {
		t.Errorf("shrunk %+v", shrunk)
	}
	if few := d.Grown(1, 0.01); len(few) != 1 {
		t.Errorf("%d of at most one", len(few))
	}
}

// What a few samples leave open is no change, however large its share; what many samples say is one, however small.
func TestDiff_Chance(t *testing.T) {
	few := flamegraph.Diff(
		flamegraph.Side{Graph: collapsed(t, "run;a/Job.map 20\nrun;a/Job.odd 2\nrun;a/Job.lost 1\n")},
		flamegraph.Side{Graph: collapsed(t, "run;a/Job.map 20\nrun;a/Job.new 2\nrun;a/Job.odd 1\n")}, flamegraph.DiffOptions{})
	if grown, shrunk := few.Grown(9, 0.001), few.Shrunk(9, 0.001); len(grown)+len(shrunk) != 0 {
		t.Errorf("of a few samples: grown %+v, shrunk %+v", grown, shrunk)
	}
	many := flamegraph.Diff(
		flamegraph.Side{Graph: collapsed(t, "run;a/Job.map 98000\nrun;a/Job.odd 2000\n")},
		flamegraph.Side{Graph: collapsed(t, "run;a/Job.map 97000\nrun;a/Job.odd 3000\n")}, flamegraph.DiffOptions{})
	if grown := many.Grown(9, 0.001); len(grown) != 1 || grown[0].Name != "a.Job.odd" {
		t.Errorf("of many samples: grown %+v", grown)
	}
}

// For each record, what only takes a larger share did not grow.
func TestDiff_ForEachRecord(t *testing.T) {
	before := collapsed(t, "run;a/Job.map 80\nrun;a/Job.sink 20\n")
	after := collapsed(t, "run;a/Job.sink 40\n")
	const doubled = 200 // the second run handled twice as many records
	d := flamegraph.Diff(flamegraph.Side{Graph: before, Amount: 100}, flamegraph.Side{Graph: after, Amount: doubled}, flamegraph.DiffOptions{})
	if grown := d.Grown(9, 0.001); len(grown) != 0 {
		t.Errorf("grown %+v", grown)
	}
	if !about(d.After, 0.2) {
		t.Errorf("all takes %f of what it took", d.After)
	}
}

// Samples that do not count, such as idle ones, are not compared.
func TestDiff_Width(t *testing.T) {
	g := collapsed(t, "run;idle 900\nrun;work 100\n")
	width := make([]uint64, g.Len())
	for id := range g.All() {
		width[id] = 100
		if g.NameOf(id) == "idle" {
			width[id] = 0
		}
	}
	busier := collapsed(t, "run;work 1000\n")
	d := flamegraph.Diff(flamegraph.Side{Graph: g, Width: width}, flamegraph.Side{Graph: busier}, flamegraph.DiffOptions{})
	if len(d.Grown(9, 0.001))+len(d.Shrunk(9, 0.001)) != 0 {
		t.Errorf("grown %+v, shrunk %+v", d.Grown(9, 0), d.Shrunk(9, 0))
	}
}

func TestDiff_OfItself(t *testing.T) {
	g := collapsed(t, "run;a;b 10\nrun;a 5\nrun;c 1\n")
	d := flamegraph.Diff(flamegraph.Side{Graph: g}, flamegraph.Side{Graph: g}, flamegraph.DiffOptions{})
	if len(d.Grown(9, 0))+len(d.Shrunk(9, 0)) != 0 {
		t.Errorf("grown %+v, shrunk %+v", d.Grown(9, 0), d.Shrunk(9, 0))
	}
}

func TestDifference_HTML(t *testing.T) {
	before := collapsed(t, "run;app/Gone.map 50\nrun;app/Same.map 50\n")
	after := collapsed(t, "run;app/Same.map 40\nrun;app/New.map;deep/Er.call 60\n")
	d := flamegraph.Diff(flamegraph.Side{Graph: before}, flamegraph.Side{Graph: after}, flamegraph.DiffOptions{Title: "orders"})
	var page bytes.Buffer
	if err := d.HTML(&page, "WALL, by share"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<title>orders – differential flame graph</title>", `<title>app.New.map: 60.0 % now, 0.0 % before</title><rect class="g4"`,
		`<title>app.Same.map: 40.0 % now, 50.0 % before</title><rect class="s1"`, `<th scope="row">app.Gone.map</th>`, "WALL, by share",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if at := regexp.MustCompile(`<svg x="60.000%" y="36" width="40.000%"`); strings.Contains(page.String(), "<script") || !at.Match(page.Bytes()) {
		t.Error("the frames are not where they belong, or the page runs something")
	}
}

// Names are hostile: they come from other people's jobs.
func TestDifference_HTML_Hostile(t *testing.T) {
	g := collapsed(t, "run;<script>alert(1)</script>\"'>\x1b[31m\u202e;</svg><img/src=x> 10\n")
	d := flamegraph.Diff(flamegraph.Side{}, flamegraph.Side{Graph: g}, flamegraph.DiffOptions{Title: "<script>title</script>\u202e"})
	var page bytes.Buffer
	if err := d.HTML(&page, "</p><script>note</script>"); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e"} {
		if strings.Contains(page.String(), bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestDifference_HTML_Empty(t *testing.T) {
	var page bytes.Buffer
	if err := flamegraph.Diff(flamegraph.Side{}, flamegraph.Side{}, flamegraph.DiffOptions{}).HTML(&page, ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), "no samples") {
		t.Error("nothing is said about nothing")
	}
}
