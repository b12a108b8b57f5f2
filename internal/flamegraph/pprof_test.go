package flamegraph_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"squirrly.dev/internal/flamegraph"
)

// pprofOf writes stacks, callers first, with their values.
func pprofOf(t testing.TB, types []*profile.ValueType, stacks map[string][]int64) []byte {
	t.Helper()
	p := &profile.Profile{
		SampleType: types, Period: 10, PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
	}
	location := map[string]*profile.Location{}
	for stack, values := range stacks {
		s := &profile.Sample{Value: values}
		for name := range strings.SplitSeq(stack, ";") {
			if location[name] == nil {
				f := &profile.Function{ID: uint64(len(location) + 1), Name: name}
				p.Function = append(p.Function, f)
				location[name] = &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
				p.Location = append(p.Location, location[name])
			}
			s.Location = append([]*profile.Location{location[name]}, s.Location...)
		}
		p.Sample = append(p.Sample, s)
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestParse_Pprof(t *testing.T) {
	const a, b = "java.lang.Thread.run;com.acme.Parse.map;java.util.regex.Pattern.compile", "java.lang.Thread.run;epoll_wait"
	for name, test := range map[string]struct {
		types  []*profile.ValueType
		values [2][]int64
	}{
		"counted":  {[]*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}, [2][]int64{{30, 300}, {12, 120}}},
		"measured": {[]*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}, [2][]int64{{300}, {118}}},
	} {
		page := pprofOf(t, test.types, map[string][]int64{a: test.values[0], b: test.values[1]})
		g, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if g.Title != "CPU profile" || g.Dialect != flamegraph.Pprof || g.Total() != 42 {
			t.Errorf("%s: title %q, %s, %d samples", name, g.Title, g.Dialect, g.Total())
		}
		got := map[string]uint64{}
		for id, f := range g.All() {
			if f.Self > 0 {
				got[strings.Join(g.Stack(id), ";")+" "+f.Kind.String()] = f.Self
			}
		}
		if diff := cmp.Diff(map[string]uint64{a + " jit": 30, b + " native": 12}, got); diff != "" {
			t.Errorf("%s: stacks (-want +got):\n%s", name, diff)
		}
	}
}

// Functions inlined into one location become frames of their own.
func TestParse_PprofInlined(t *testing.T) {
	outer, inner := &profile.Function{ID: 1, Name: "a.B.outer"}, &profile.Function{ID: 2, Name: "a.B.inner"}
	at := &profile.Location{ID: 1, Line: []profile.Line{{Function: inner}, {Function: outer}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "wall", Unit: "count"}}, Function: []*profile.Function{outer, inner},
		Location: []*profile.Location{at}, Sample: []*profile.Sample{{Location: []*profile.Location{at}, Value: []int64{3}}},
	}
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		t.Fatal(err)
	}
	g, err := flamegraph.Parse(&out, flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(g.Stack(2), ";"); got != "a.B.outer;a.B.inner" || g.Title != "Wall clock profile" {
		t.Errorf("stack %s, title %q", got, g.Title)
	}
}

func TestParse_PprofRefused(t *testing.T) {
	packed := func(content []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	count := []*profile.ValueType{{Type: "samples", Unit: "count"}}
	for name, test := range map[string]struct {
		page   []byte
		limits flamegraph.Limits
		want   error
	}{
		"not a profile":    {packed([]byte("<html>hello</html>")), flamegraph.Limits{}, flamegraph.ErrUnsupported},
		"a difference":     {pprofOf(t, count, map[string][]int64{"a;b": {-4}}), flamegraph.Limits{}, flamegraph.ErrUnsupported},
		"cut":              {pprofOf(t, count, map[string][]int64{"a;b": {4}})[:20], flamegraph.Limits{}, flamegraph.ErrTruncated},
		"unpacks to more":  {packed(bytes.Repeat([]byte("a;b 1\n"), 1<<18)), flamegraph.Limits{Bytes: 64 << 10}, flamegraph.ErrTooLarge},
		"too deep":         {pprofOf(t, count, map[string][]int64{"a;b;c;d": {4}}), flamegraph.Limits{Depth: 3}, flamegraph.ErrTooLarge},
		"too many samples": {pprofOf(t, count, map[string][]int64{"a": {1 << 60}}), flamegraph.Limits{}, flamegraph.ErrMalformed},
	} {
		if _, err := flamegraph.Parse(bytes.NewReader(test.page), test.limits); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}
