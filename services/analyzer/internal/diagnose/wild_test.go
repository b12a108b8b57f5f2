package diagnose

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// wild reads collapsed stacks with whole names, as people bring them.
func wild(t *testing.T, name string, mode events.Mode) events.Analysis {
	t.Helper()
	text, err := os.Open(filepath.Join("testdata", "wild", name+"."+string(mode)+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = text.Close() }()
	g, err := flamegraph.Parse(text, flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", mode, g)}}).Analysis
}

// TestWildOperators: whoever wrote the operator, and in whatever package the function is, what lies below is found.
func TestWildOperators(t *testing.T) {
	for _, test := range []struct {
		name                string
		mode                events.Mode
		rule, anchor, frame string
	}{
		{"operator-of-the-users-own", events.ModeWall, "A1", "com.acme.ops.DedupOperator.processElement", "java.lang.Thread.sleep"},
		{"beam-dofn", events.ModeWall, "A1", "com.acme.EnrichFn.processElement", "java.lang.Thread.sleep"},
		{"regex-in-own-operator", events.ModeITimer, "A6", "com.acme.ops.DedupOperator.processElement", "java.lang.String.replaceAll"},
		{"standard-operator-library-function-waits", events.ModeWall, "U2", "org.apache.hudi.sink.partitioner.BucketAssignFunction.processElement", "org.apache.hadoop.fs.s3a.S3AFileSystem.listStatus"},
		{"function-of-flink-playground", events.ModeWall, "A1", "org.apache.flink.playgrounds.ops.clickcount.functions.BackpressureMap.map", "java.lang.Thread.sleep"},
		{"forst-map-scan", events.ModeITimer, "C4", "com.acme.Agg.flatMap", "org.apache.flink.state.forst.sync.ForStSyncMapState$RocksDBMapIterator.hasNext"},
	} {
		t.Run(test.name, func(t *testing.T) {
			all := wild(t, test.name, test.mode).Findings
			if len(all) == 0 {
				t.Fatal("no finding")
			}
			if f := all[0]; f.Rule != test.rule || f.Anchor != test.anchor || f.Frame != test.frame || f.Samples != 500 {
				t.Errorf("%s %s → %s with %d samples", f.Rule, f.Anchor, f.Frame, f.Samples)
			}
		})
	}
}

// TestWildCollector: the collector of any JDK is garbage collection.
func TestWildCollector(t *testing.T) {
	f := wild(t, "zgc-of-jdk-21", events.ModeITimer).Findings[0]
	if f.Rule != "E1" || f.Samples != 400 || wording.Percent(f.Share) != "67 %" {
		t.Errorf("%s with %d samples, %s", f.Rule, f.Samples, wording.Percent(f.Share))
	}
}

// TestWildRestore: restoring state is no use of it.
func TestWildRestore(t *testing.T) {
	for _, f := range wild(t, "restoring-is-no-write-of-state", events.ModeWall).Findings {
		if strings.HasPrefix(f.Rule, "C") {
			t.Errorf("%s %s", f.Rule, f.Size)
		}
	}
}

// TestWildValues: values of --total are no samples, and make nothing certain.
func TestWildValues(t *testing.T) {
	page, err := os.Open(filepath.Join("testdata", "wild", "total-values.html"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = page.Close() }()
	g, err := flamegraph.Parse(page, flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	a := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, g)}}).Analysis
	if len(a.Findings) == 0 || a.Captures[0].Samples != 0 || a.Verdict.Samples != 0 {
		t.Errorf("%d findings, %d samples, %d behind the verdict", len(a.Findings), a.Captures[0].Samples, a.Verdict.Samples)
	}
	for _, f := range a.Findings {
		if f.Samples != 0 || f.Confidence != events.ConfidenceLow || strings.Contains(f.Size, "samples") {
			t.Errorf("%s: %d samples, confidence %s, %s", f.Rule, f.Samples, f.Confidence, f.Size)
		}
	}
	for _, f := range a.Evidence {
		if f.Samples != 0 || f.StdErr != 0 || strings.Contains(f.Text, "samples") || f.Count != nil && f.Count.Unit != "ns" {
			t.Errorf("%+v", f)
		}
	}
}

// TestBoundOfValues: what values of --total bound follows the samples that must stand behind them, and not their size.
func TestBoundOfValues(t *testing.T) {
	lines := []string{"TASK;MAP;acme/Work.map;acme/Work.rare 1"}
	for i := range 6 {
		lines = append(lines, "TASK;MAP;acme/Work.map;acme/Work.part"+itoa(i)+" 100000000")
	}
	in := Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, lines...))}}
	samples := diagnoseOK(t, in).Analysis.Findings[0].Bound
	in.Captures[0].Graph.Unit = "ns"
	values := diagnoseOK(t, in).Analysis.Findings[0].Bound
	if samples < 10 || values > 4 || values < 3 {
		t.Errorf("bound %.2f of samples and %.2f of the values of 7 stacks, want 11, as its share of the time is 0.9 of 0.99, and (7+3)/3", samples, values)
	}
}
