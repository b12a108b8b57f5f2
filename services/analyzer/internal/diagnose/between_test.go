package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// Where a task reads records and writes them.
const (
	reads = "TASK;org/apache/flink/streaming/runtime/io/StreamOneInputProcessor.processInput;" +
		"org/apache/flink/streaming/runtime/io/AbstractStreamTaskNetworkInput.emitNext;"
	deserializes = reads + "org/apache/flink/runtime/io/network/api/serialization/SpillingAdaptiveSpanningRecordDeserializer.getNextRecord;" +
		"org/apache/flink/streaming/runtime/streamrecord/StreamElementSerializer.deserialize;"
	sends = reads + "MAP;org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect;" +
		"org/apache/flink/runtime/io/network/api/writer/ChannelSelectorRecordWriter.emit;"
	serializes = sends + "org/apache/flink/runtime/io/network/api/writer/RecordWriter.serializeRecord;" +
		"org/apache/flink/streaming/runtime/streamrecord/StreamElementSerializer.serialize;"
	selects   = sends + "org/apache/flink/streaming/runtime/partitioner/KeyGroupStreamPartitioner.selectChannel;"
	kryoReads = deserializes + "org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.deserialize;"
)

// between is a saturated task "shop" between a source and a sink, of which ITIMER and WALL show some stacks and little of
// its function.
func between(t *testing.T, stacks ...string) Result {
	job := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 1000}).vertex("shop", []string{"Source: in"}, load{1, 0, 1000}).
		vertex("Sink: out", []string{"shop"}, load{0.02, 0.98, 1000}).cores(1)
	in := Input{Context: job.Context}
	for _, mode := range []events.Mode{events.ModeITimer, events.ModeWall} {
		lines := append(slices.Clone(stacks), reads+"MAP;com/shop/Shop.map 20", "TASK;SOURCE;com/shop/Gen.next 16")
		if mode == events.ModeWall {
			lines = append(lines, "TASK;IDLE 300")
		}
		in.Captures = append(in.Captures, capture("tm-1", mode, graph(t, lines...)))
	}
	return diagnoseOK(t, in)
}

// rowsWith are the rows of the plan that a finding lies in.
func rowsWith(r Result, finding string) (rows []string) {
	for _, v := range r.Explain().Vertices {
		for _, row := range v.Rows {
			if slices.Contains(row.Findings, finding) {
				rows = append(rows, v.Name+": "+row.Name)
			}
		}
	}
	return rows
}

// TestBetween: a team's own code that reads or writes records is found as below an operator, and nothing calls it one.
func TestBetween(t *testing.T) {
	for _, test := range []struct{ name, stack, rule, where, row string }{
		{"serializer that reads", deserializes + "com/shop/OrderSerializer.deserialize", "U1", "OrderSerializer.deserialize in vertex shop", "shop: reading input"},
		{"key of what is read", reads + "com/shop/ByUser.getKey", "U1", "ByUser.getKey in vertex shop", "shop: reading input"},
		{"serializer that writes", serializes + "com/shop/OrderSerializer.serialize", "U1", "OrderSerializer.serialize in vertex shop", "shop: shop"},
		{"key of what is written", selects + "com/shop/ByUser.getKey", "U1", "ByUser.getKey in vertex shop", "shop: shop"},
		{
			"rule below a reader", deserializes + "com/shop/OrderSerializer.deserialize;java/util/regex/Pattern.compile", "A6",
			"OrderSerializer.deserialize → Pattern.compile in vertex shop", "shop: reading input",
		},
		{
			"rule below a writer", serializes + "com/shop/OrderSerializer.serialize;java/util/regex/Pattern.compile", "A6",
			"OrderSerializer.serialize → Pattern.compile in vertex shop", "shop: shop",
		},
		{"Kryo", kryoReads + "com/shop/OrderKryo.read", "B1", "KryoSerializer.deserialize in vertex shop", "shop: reading input"},
		{
			"POJO", deserializes + "org/apache/flink/api/java/typeutils/runtime/PojoSerializer.deserialize;com/shop/Order.<init>", "B3",
			"PojoSerializer.deserialize in vertex shop", "shop: reading input",
		},
		{"nobody's reader", strings.TrimSuffix(deserializes, ";"), "B11", "SpillingAdaptiveSpanningRecordDeserializer.getNextRecord in vertex shop", "shop: reading input"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := between(t, test.stack+" 140")
			if len(r.Analysis.Findings) != 1 {
				t.Fatalf("findings %v", fired(r))
			}
			f := &r.Analysis.Findings[0]
			if f.Rule != test.rule || f.Where != test.where || f.Samples != 140 || f.P != 0.875 || r.Analysis.Verdict.Anchor != f.Anchor {
				t.Errorf("%s %s, %d samples, p %v, and the verdict names %s", f.Rule, f.Where, f.Samples, f.P, r.Analysis.Verdict.Anchor)
			}
			if rows := rowsWith(r, f.ID); !slices.Equal(rows, []string{test.row}) {
				t.Errorf("it is in the rows %q", rows)
			}
		})
	}
}

// TestBetweenTwice: what a rule finds below Kryo's serializer of the user's own is no time of Kryo, and both findings say
// that they share samples.
func TestBetweenTwice(t *testing.T) {
	r := between(t, kryoReads+"com/shop/OrderKryo.read 40", kryoReads+"com/shop/OrderKryo.read;java/util/regex/Pattern.compile 100")
	var got []string
	sum := 0.0
	for _, f := range r.Analysis.Findings {
		got = append(got, f.Rule)
		sum += f.P
		if !strings.Contains(f.Size, "100 of them in R") {
			t.Errorf("%s: %s", f.Rule, f.Size)
		}
	}
	if !slices.Equal(got, []string{"A6", "B1"}) || sum > 1 {
		t.Errorf("%v take %.2f of the vertex", got, sum)
	}
}

// TestBetweenAllocates: what a reader of the user's own allocates is its own.
func TestBetweenAllocates(t *testing.T) {
	cpu := graph(t, deserializes+"com/shop/OrderSerializer.deserialize 400", "TASK;SOURCE 40")
	alloc := graph(t, deserializes+"com/shop/OrderSerializer.deserialize;byte[] 300", "TASK;SOURCE;com/shop/In.next;com/shop/Event 100")
	r := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeAlloc, alloc),
	}})
	f := ruleOf(r.Analysis, "U1")
	if f == nil || !cites(r.Analysis, f, "OrderSerializer.deserialize makes 75 % of the allocation samples, not of the bytes; most of them are byte[].") {
		t.Errorf("%+v", f)
	}
}
