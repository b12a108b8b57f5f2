package flamegraph_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
)

func TestMerge(t *testing.T) {
	t.Parallel()
	a := parseText(t, "a/J$$Lambda$1/0x1.f_[0];x/Y.g 3\na/J$$Lambda$2/0x2.f;x/Y.g 1\nread 1\n")
	b := parseText(t, "a/J$$Lambda$9/0x7.f_[i];x/Y.g 5\nread_[k] 1\n 2\n")
	m := flamegraph.Merge(a, b)
	checkInvariants(t, m)
	want := `all native width=13 self=2 {0 0 0}
  a.J$$Lambda.f inlined width=9 self=0 {5 0 3}
    x.Y.g jit width=9 self=9 {0 0 0}
  read native width=1 self=1 {0 0 0}
  read kernel width=1 self=1 {0 0 0}
`
	if diff := cmp.Diff(want, dump(m)); diff != "" {
		t.Error(diff)
	}
	if m.Dialect != flamegraph.Merged {
		t.Error(m.Dialect)
	}
}

func TestMerge_Nothing(t *testing.T) {
	t.Parallel()
	for _, m := range []*flamegraph.Graph{
		flamegraph.Merge(), flamegraph.Merge(parseFile(t, "2.9-lock-empty.html")), flamegraph.Merge(&flamegraph.Graph{}),
	} {
		checkInvariants(t, m)
		if !m.Empty() || m.Len() != 1 {
			t.Errorf("%d frames, %d samples", m.Len(), m.Total())
		}
	}
}

// Real pages: nothing is lost, the order of the graphs does not matter, and
// merging again changes nothing.
func TestMerge_RealPages(t *testing.T) {
	t.Parallel()
	a, b := parseFile(t, "2.9-wall.html"), parseFile(t, "4.5-wall.html")
	ab, ba := flamegraph.Merge(a, b), flamegraph.Merge(b, a)
	checkInvariants(t, ab)
	if ab.Total() != a.Total()+b.Total() || ab.Title != "Wall clock profile" || ab.CutNames != 1 {
		t.Errorf("%d samples, %q, %d cut", ab.Total(), ab.Title, ab.CutNames)
	}
	if diff := cmp.Diff(dump(ab), dump(ba)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(dump(ab), dump(flamegraph.Merge(ab))); diff != "" {
		t.Error(diff)
	}
	if text := dump(ab); strings.Contains(text, "0x0000") || strings.Contains(text, "java/") {
		t.Error("names of one JVM remain")
	}
	// Both JVMs ran the same program: what one thread does is one path.
	if u := share(ab, "Workload.sleep"); u != (share(a, "Workload.sleep")*float64(a.Total())+
		share(b, "Workload.sleep")*float64(b.Total()))/float64(ab.Total()) {
		t.Errorf("Workload.sleep has %f", u)
	}
}

// The largest totals that pages may have add up without a panic.
func TestMerge_Large(t *testing.T) {
	t.Parallel()
	g := parseText(t, html2("f(0,0,9007199254740992,3,'all')\nf(1,0,9007199254740992,1,'A.a',9007199254740992,0,0)"))
	m := flamegraph.Merge(g, g, g)
	checkInvariants(t, m)
	if m.Total() != 3*9007199254740992 || m.Counts(1).Inlined != m.Total() {
		t.Error(dump(m))
	}
}
