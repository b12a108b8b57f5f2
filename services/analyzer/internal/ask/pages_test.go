package ask_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// Pages whose frames are replaced to make larger ones.
const (
	page2 = "../../../../internal/flink/testdata/2.3.0/profiles/WALL.html"
	page3 = "../../../../internal/flamegraph/testdata/4.5-wall.html"
)

// around returns what stands in a recorded page before the line that starts with first, and behind the last line that
// starts with last.
func around(t *testing.T, path, first string, last ...string) (head, foot string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	from := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, first) })
	to := len(lines) - 1
	for ; to > from && !slices.ContainsFunc(last, func(p string) bool { return strings.HasPrefix(lines[to], p) }); to-- {
	}
	if from < 0 || to <= from {
		t.Fatalf("%s holds no frames", path)
	}
	return strings.Join(lines[:from], ""), strings.Join(lines[to+1:], "")
}

var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", " ", "\r", " ")

// html2 writes a graph as async-profiler 2.9 does.
func html2(t *testing.T, g *flamegraph.Graph) []byte {
	t.Helper()
	head, foot := around(t, page2, "f(", "f(")
	var out bytes.Buffer
	out.WriteString(head)
	left := []uint64{0}
	for id, f := range g.All() {
		at := left[f.Level]
		left = append(left[:f.Level], at+f.Width, at)
		fmt.Fprintf(&out, "f(%d,%d,%d,%d,'%s')\n", f.Level, at, f.Width, f.Kind, escape.Replace(g.NameOf(id)))
	}
	out.WriteString(foot)
	return out.Bytes()
}

// html3 writes a graph as async-profiler 3 and 4 do.
func html3(t *testing.T, g *flamegraph.Graph) []byte {
	t.Helper()
	head, foot := around(t, page3, "const cpool = [", "f(", "u(", "n(")
	names := make([]string, g.NumNames())
	for i := range names {
		names[i] = g.Name(flamegraph.NameID(i))
	}
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "all" })
	names = append([]string{"all"}, names...)
	var out bytes.Buffer
	out.WriteString(head + "const cpool = [\n'all'")
	key := map[string]int{"all": 0}
	for i, name := range names[1:] {
		shared := 0
		for before := names[i]; shared < min(len(before), len(name), 90) && before[shared] == name[shared]; shared++ {
		}
		key[name] = i + 1
		out.WriteString(",\n'" + escape.Replace(string(rune(' '+shared))+name[shared:]) + "'")
	}
	out.WriteString("\n];\nunpack(cpool);\n\n")
	level, last, left := -1, uint64(0), []uint64{0}
	for id, f := range g.All() {
		at := left[f.Level]
		left = append(left[:f.Level], at+f.Width, at)
		switch k := key[g.NameOf(id)]<<3 | int(f.Kind); {
		case int(f.Level) == level:
			fmt.Fprintf(&out, "n(%d,%d)\n", k, f.Width)
		case int(f.Level) == level+1 && level >= 0:
			fmt.Fprintf(&out, "u(%d,%d)\n", k, f.Width)
		default:
			fmt.Fprintf(&out, "f(%d,%d,%d,%d)\n", k, f.Level, at-last, f.Width)
		}
		level, last = int(f.Level), at
	}
	out.WriteString(foot)
	return out.Bytes()
}

// tree reads collapsed stacks.
func tree(t *testing.T, collapsed string) *flamegraph.Graph {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(collapsed), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// asked diagnoses pages of one mode each and returns what would be asked.
func asked(t *testing.T, pages map[events.Mode][]byte) ask.Input {
	t.Helper()
	var in diagnose.Input
	for mode, body := range pages {
		g, err := flamegraph.Parse(bytes.NewReader(body), flamegraph.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", mode, err)
		}
		in.Captures = append(in.Captures, diagnose.Capture{JVM: "tm-1", Mode: mode, Seconds: 30, Graph: g, Bytes: int64(len(body))})
	}
	res, err := diagnose.Diagnose(in)
	if err != nil {
		t.Fatal(err)
	}
	return ask.From(res)
}
