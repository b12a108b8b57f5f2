package operators

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// recording is a folder of captures and a context, each file compressed or not.
type recording struct {
	name     string
	context  *jobcontext.Context
	plan     *Plan
	captures []Capture
	*Attribution
}

var scanner = scan.NewScanner(mechanisms.Default())

func read(t *testing.T, dir, pattern string) [][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) == 0 {
		t.Fatalf("nothing at %s/%s: %v", dir, pattern, err)
	}
	slices.Sort(names)
	var out [][]byte
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		out = append(out, b)
	}
	return out
}

// load attributes a recording with one TaskManager.
func load(t *testing.T, dir string) recording {
	t.Helper()
	r := recording{name: filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)}
	var err error
	if r.context, err = jobcontext.Decode(read(t, dir, "context/*.json*")[0]); err != nil {
		t.Fatal(err)
	}
	loads := limits.Loads(r.context)
	for _, mode := range []string{"WALL", "ITIMER"} {
		for _, page := range read(t, dir, "captures/*-"+mode+"-*.html*") {
			g, err := flamegraph.Parse(strings.NewReader(string(page)), flamegraph.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			family := mechanisms.FamilyCPU
			if mode == "WALL" {
				family = mechanisms.FamilyWall
			}
			c := Capture{JVM: r.context.TaskManagers[0].ID, Scan: scanner.Scan(flamegraph.Merge(g), family)}
			if mode == "WALL" {
				c.PerThread = perThread(r.context, c.Scan)
			}
			r.captures = append(r.captures, c)
		}
	}
	r.plan = Read(r.context, loads, scanner.IsUser)
	r.Attribution = Attribute(r.plan, r.captures)
	return r
}

// perThread is how many samples of WALL a thread got, as the diagnosis computes it.
func perThread(c *jobcontext.Context, s *scan.Scan) float64 {
	threads := 0
	for _, v := range c.Vertices {
		threads += len(v.Subtasks)
	}
	if c.TaskManagers[0].OtherJobs == 0 {
		return float64(s.Task) / float64(max(1, threads))
	}
	for _, w := range c.Windows {
		if w.Mode == "WALL" {
			return 20 * float64(w.Seconds)
		}
	}
	return 0
}

// recordings are those of the planted jobs and of public ones.
func recordings(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"../../../../test/diagnosis/recorded/*/*", "testdata/jobs/*"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil || len(dirs) == 0 {
			t.Fatalf("no recordings at %s: %v", pattern, err)
		}
		out = append(out, dirs...)
	}
	if more := os.Getenv("RECORDINGS"); more != "" {
		dirs, _ := filepath.Glob(more)
		out = append(out, dirs...)
	}
	return out
}

// tally counts active task samples by how surely they are attributed.
type tally struct{ all, one, two, several, unknown, shared, wrong, checked uint64 }

func (n *tally) add(p *Place, samples uint64) {
	n.all += samples
	switch {
	case len(p.Others) > 0 && len(p.Vertices) > 0:
		n.shared += samples
	case len(p.Vertices) == 0 && len(p.Others) == 0:
		n.unknown += samples
	case len(p.Vertices) == 1 || len(p.Others) > 0:
		n.one += samples
	case len(p.Vertices) == 2:
		n.two += samples
	default:
		n.several += samples
	}
}

// part is a part of a capture with its stack.
type part struct {
	place   Place
	stack   string
	samples uint64
}

// parts returns what a capture holds.
func (r *recording) parts(capture int) []part {
	var out []part
	for _, p := range r.Parts(capture) {
		out = append(out, part{p.Place, r.stackOf(r.captures[capture].Scan, p.Chain, p.Spot), p.Samples})
	}
	return out
}

func (r *recording) stackOf(s *scan.Scan, chain, spot int32) string {
	var out []string
	for _, at := range s.PathTo(spot) {
		out = append(out, s.Graph.Name(at.Frame))
	}
	for at := chain; at >= 0; at = s.Chains[at].Parent {
		if s.Chains[at].Anchor != scan.NoName {
			out = append(out, "@"+s.Graph.Name(s.Chains[at].Anchor))
		}
	}
	return strings.Join(out, ";")
}

func percent(n, all uint64) string {
	if all == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", 100*float64(n)/float64(all))
}

// TestRecordings prints how much of each recording is attributed to one vertex, and holds it against the truth where
// the frames alone tell it.
func TestRecordings(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%-34s %-6s %6s %6s %6s %8s %7s %6s %6s\n", "recording", "mode", "active", "one", "1 or 2", "several", "unknown", "shared", "wrong")
	for _, dir := range recordings(t) {
		r := load(t, dir)
		for i := range r.captures {
			var n tally
			for _, at := range r.parts(i) {
				p, stack, samples := at.place, at.stack, at.samples
				n.add(&p, samples)
				if must := truth(r.context, stack); must != nil && len(p.Vertices) > 0 && len(p.Others) == 0 {
					n.checked += samples
					if !slices.ContainsFunc(p.Vertices, func(v int) bool { return slices.Contains(must, v) }) {
						n.wrong += samples
						t.Errorf("%s: %d samples of %s are in %v, not in %v", r.name, samples, stack, p.Vertices, must)
					}
				}
				if testing.Verbose() && os.Getenv("PLACES") != "" {
					t.Log(r.name, r.captures[i].Scan.Family, samples, p.Row, r.names(&p), stack)
				}
			}
			if n.all != r.captures[i].Scan.TaskActive {
				t.Errorf("%s: %d samples of %d", r.name, n.all, r.captures[i].Scan.TaskActive)
			}
			fmt.Fprintf(&table, "%-34s %-6s %6d %6s %6s %8s %7s %6s %6d\n", r.name, r.captures[i].Scan.Family, n.all,
				percent(n.one, n.all), percent(n.one+n.two, n.all), percent(n.several, n.all), percent(n.unknown, n.all), percent(n.shared, n.all), n.wrong)
		}
	}
	t.Log("\n" + table.String())
}

// TestFloors: the regular join of Nexmark's query 4, where two vertices aggregate.
func TestFloors(t *testing.T) {
	r := load(t, "testdata/jobs/nexmark-q4")
	for i := range r.captures {
		var n tally
		for _, at := range r.parts(i) {
			n.add(&at.place, at.samples)
			if strings.Contains(at.stack, "GroupAggFunction") && slices.Contains(at.place.Vertices, 1) {
				t.Errorf("%d samples of an aggregation are in Join[10]", at.samples)
			}
		}
		if n.one*100 < n.all*80 || (n.one+n.two)*100 < n.all*95 {
			t.Errorf("%s: %+v", r.captures[i].Scan.Family, n)
		}
	}
}

// TestSharedTaskManager: of two public jobs on one TaskManager, one reads with Kryo and works, the other has ten small
// records a second. Neither capture may show the work of the one as the other's.
func TestSharedTaskManager(t *testing.T) {
	for name, worked := range map[string]bool{"two-jobs-guilty": true, "two-jobs-innocent": false} {
		r := load(t, "testdata/jobs/"+name)
		for i := range r.captures {
			var own, others uint64
			for _, at := range r.parts(i) {
				if !strings.Contains(at.stack, "KryoSerializer") {
					continue
				}
				if at.place.Owner() == OwnerThis {
					own += at.samples
				} else {
					others += at.samples
				}
			}
			if worked && (own == 0 || others > own/20) || !worked && own > 0 {
				t.Errorf("%s %s: %d samples of Kryo are this job's, %d are not", name, r.captures[i].Scan.Family, own, others)
			}
		}
	}
}

func (r *recording) names(p *Place) string {
	var out []string
	for _, v := range p.Vertices {
		out = append(out, r.context.Vertices[v].Name)
	}
	for _, v := range p.Others {
		out = append(out, "other:"+r.plan.Vertices[v].Name)
	}
	var ops []string
	for _, o := range p.Operators {
		ops = append(ops, r.plan.Vertices[o.Vertex].Nodes[o.Node].Name)
	}
	return fmt.Sprint(out, ops)
}

// truth is what a stack alone says, written without the table: the source's thread, a writer, and the functions of the
// public jobs by their code.
func truth(c *jobcontext.Context, stack string) []int {
	var out []int
	for i, v := range c.Vertices {
		source := len(v.Inputs) == 0
		switch {
		case strings.Contains(stack, "SourceOperator.emitNext"), strings.Contains(stack, "LegacySourceFunctionThread"):
			if source {
				out = append(out, i)
			}
		case strings.Contains(stack, "StreamingJoinOperator"):
			if strings.Contains(v.Name, "Join[") {
				out = append(out, i)
			}
		case strings.Contains(stack, "GroupAggFunction"):
			if strings.Contains(v.Name, "GroupAggregate[") {
				out = append(out, i)
			}
		case strings.Contains(stack, "SinkWriterOperator"):
			if strings.Contains(v.Name, ": Writer") {
				out = append(out, i)
			}
		}
	}
	return out
}
