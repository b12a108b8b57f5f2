package operators

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tree writes a chain with the parent of each operator before it.
func tree(nodes []Node) string {
	var out []string
	for _, n := range nodes {
		out = append(out, fmt.Sprintf("%d:%s", n.Parent, n.Base))
	}
	return strings.Join(out, " | ")
}

// TestParseChain: names of vertices as Flink joins them, of operators with arguments and of people's own.
func TestParseChain(t *testing.T) {
	for name, want := range map[string]string{
		"parse":                "-1:parse",
		"Join[10] -> Calc[11]": "-1:Join | 0:Calc",
		"Source: datagen[1] -> (Calc[2] -> WatermarkAssigner[3] -> Calc[4], Calc[6] -> WatermarkAssigner[7] -> Calc[8])": "-1:datagen | 0:Calc | 1:WatermarkAssigner | 2:Calc | 0:Calc | 4:WatermarkAssigner | 5:Calc",
		"Source: x -> Map -> (Filter, Sink: Writer)": "-1:x | 0:Map | 1:Filter | 1:Writer",
		"a -> (b, (c) d)": "-1:a | 0:b | 0:(c) d",
		"GroupAggregate[16] -> nexmark_q4[17]: Writer":                                   "-1:GroupAggregate | 0:nexmark_q4",
		"orders: Writer -> orders: Committer":                                            "-1:orders | 0:orders: Committer",
		"Window(TumblingEventTimeWindows(5000), A -> B) -> Sink: Print to Std. Out":      "-1:Window | 0:Print to Std. Out",
		"Calc(select=[a, (b -> c)], where=[x > 1, y]) -> Sink(table=[t], fields=[a, b])": "-1:Calc | 0:Sink",
		"[vertex-3]Map -> Filter":                                                        "-1:Map | 0:Filter",
		"odd ( name -> other":                                                            "-1:odd ( name -> other",
		"":                                                                               "-1:",
	} {
		if diff := cmp.Diff(want, tree(parseChain(name))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestFits: which operators a node of the plan can be, by its name and the class in the stack.
func TestFits(t *testing.T) {
	const (
		stream = "org.apache.flink.streaming.api.operators."
		table  = "org.apache.flink.table.runtime.operators."
	)
	tests := []struct {
		node, class, function string
		want                  fit
	}{
		{"Calc[5]", "StreamExecCalc", "", fitsWell},
		{"Calc(select=[a])", "StreamExecCalc", "", fitsWell},
		{"enrich", "StreamExecCalc", "", fitsNot},
		{"Join[10]", table + "join.stream.StreamingJoinOperator", "", fitsWell},
		{"Join[10]", stream + "KeyedProcessOperator", table + "aggregate.GroupAggFunction", fitsNot},
		{"GroupAggregate[13]", stream + "KeyedProcessOperator", table + "aggregate.GroupAggFunction", fitsWell},
		{"GroupAggregate[13]", stream + "KeyedProcessOperator", "", fitsMaybe},
		{"count", stream + "KeyedProcessOperator", table + "aggregate.GroupAggFunction", fitsNot},
		{"count", stream + "KeyedProcessOperator", "", fitsMaybe},
		{"GlobalGroupAggregate[9]", table + "bundle.KeyedMapBundleOperator", table + "aggregate.MiniBatchGlobalGroupAggFunction", fitsWell},
		{"LocalGroupAggregate[8]", table + "bundle.KeyedMapBundleOperator", table + "aggregate.MiniBatchGlobalGroupAggFunction", fitsNot},
		{"ChangelogNormalize[4]", stream + "KeyedProcessOperator", table + "deduplicate.ProcTimeDeduplicateKeepLastRowFunction", fitsWell},
		{"GlobalWindowAggregate[4]", table + "window.tvf.common.WindowAggOperator", table + "aggregate.window.processors.SliceSharedSyncStateWindowAggProcessor", fitsWell},
		{"WindowRank[4]", table + "window.tvf.common.WindowAggOperator", table + "aggregate.window.processors.SliceSharedSyncStateWindowAggProcessor", fitsNot},
		{"LookupJoin[7]", stream + "ProcessOperator", table + "join.lookup.LookupJoinRunner", fitsWell},
		{"Flat Map", stream + "StreamFlatMap", "", fitsWell},
		{"Flat Map", stream + "StreamMap", "", fitsNot},
		{"Filter", stream + "StreamMap", "", fitsHardly},
		{"parse", stream + "StreamMap", "", fitsMaybe},
		{"Calc[5]", stream + "StreamMap", "", fitsNot},
		{"dedup", "com.acme.ops.DedupOperator", "", fitsMaybe},
		{"DedupOperator", "com.acme.ops.DedupOperator", "", fitsWell},
		{"Calc[5]", "com.acme.ops.DedupOperator", "", fitsNot},
		{"Source: orders[1]", stream + "SourceOperator", "", fitsWell},
		{"orders", stream + "SourceOperator", "", fitsNot},
		{"out[3]: Writer", "org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperator", "", fitsWell},
		{"Sink: out", "org.apache.flink.streaming.runtime.operators.sink.SinkWriterOperator", "", fitsNot},
		{"Sink: out", stream + "StreamSink", "", fitsWell},
		{"out[3]: Writer", "StreamExecCalc", "", fitsNot},
	}
	for _, test := range tests {
		n := node(test.node, -1)
		if got := n.fits(&seen{class: test.class, function: test.function}); got != test.want {
			t.Errorf("%s in %s (%s): %d, want %d", test.class, test.node, test.function, got, test.want)
		}
	}
}
