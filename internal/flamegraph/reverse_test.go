package flamegraph_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
)

func TestReversed(t *testing.T) {
	t.Parallel()
	g := parseText(t, "a;b;c 1\na;b 2\nx/Y.z_[i];b 4\n 8\n")
	turned, err := g.Reversed(flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	checkInvariants(t, turned)
	want := dump(parseText(t, "c;b;a 1\nb;a 2\nb;x/Y.z_[i] 4\n 8\n"))
	if diff := cmp.Diff(want, dump(turned)); diff != "" {
		t.Error(diff)
	}
	if _, err := g.Reversed(flamegraph.Limits{Frames: 3}); !errors.Is(err, flamegraph.ErrTooLarge) {
		t.Error(err)
	}
}

// Turned twice, a real profile is itself again.
func TestReversed_Twice(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"2.9-wall.html", "4.5-wall.html"} {
		g := flamegraph.Merge(parseFile(t, file))
		once, err := g.Reversed(flamegraph.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		checkInvariants(t, once)
		twice, err := once.Reversed(flamegraph.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(withoutKinds(g), withoutKinds(twice)); diff != "" {
			t.Errorf("%s:\n%s", file, diff)
		}
	}
}

// withoutKinds leaves out which Java kind most samples had: that is told anew.
func withoutKinds(g *flamegraph.Graph) []string {
	var all []string
	for id, f := range g.All() {
		all = append(all, fmt.Sprintf("%d %s %d %d", f.Level, g.NameOf(id), f.Width, f.Self))
	}
	return all
}

func TestUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		html2("f(0,0,3,3,'all')"): flamegraph.UnitSamples,
		"a;b 1\n":                 flamegraph.UnitSamples,
		"a;b 20000000\na;c 10000000\na;d 50000000\n":      flamegraph.UnitUnknown,
		"a;b 20000000\na;c 10000000\na;d 50000000\nx 3\n": flamegraph.UnitSamples,
		"a;b 20000000\n": flamegraph.UnitSamples,
	} {
		if got := parseText(t, text).Unit; got != want {
			t.Errorf("%.60q: %s, want %s", text, got, want)
		}
	}
	for title, want := range map[string]string{
		"CPU profile (ns)": "ns", "Allocation profile (bytes)": "bytes", "Flame Graph (total)": "total",
		"CPU profile": flamegraph.UnitSamples, "Orders (prod)": flamegraph.UnitSamples,
	} {
		page := "<h1 style='text-align: center'>" + title + "</h1>\n" + html2("f(0,0,3,3,'all')\nf(1,0,3,1,'A.b')")
		g := parseText(t, page)
		if g.Unit != want || g.Title != title || flamegraph.Merge(g).Unit != want {
			t.Errorf("%s: title %q, unit %s, merged %s", title, g.Title, g.Unit, flamegraph.Merge(g).Unit)
		}
	}
}
