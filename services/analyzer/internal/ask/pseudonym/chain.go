package pseudonym

import (
	"regexp"
	"slices"
	"strings"
)

// generic are words of Flink's own names of operators, those of SQL among them.
var generic = strings.Fields("Source Sink Map Filter Flat Process KeyedProcess Unnamed Collection Custom Writer Committer " +
	"Timestamps Watermarks Window Reduce Aggregate Join CoGroup Union Async Wait Operator Calc Sort Limit Rank Exchange " +
	"to Print Std Out Sequence Generator Data Stream TableSource TableSink ConstraintEnforcer WatermarkAssigner " +
	"AsyncCalc AsyncCorrelate AsyncMLPredict BatchExec ChangelogNormalize Correlate DataGeneratorSource Deduplicate DeltaJoin DropUpdateBefore Expand " +
	"GlobalGroupAggregate GlobalWindowAggregate GlobalWindows GroupAggregate GroupTableAggregate GroupWindowAggregate " +
	"GroupWindowTableAggregate IncrementalGroupAggregate IntervalJoin InputConversion LocalGroupAggregate LocalWindowAggregate " +
	"LookupJoin Match MiniBatchAssigner MultiJoin OverAggregate ProcessTableFunction PythonCalc PythonCorrelate SinkConversion " +
	"SinkUpsertMaterializer SlicingWindow SlidingEventTimeWindows SlidingProcessingTimeWindows SortLimit SortRank TableSourceScan " +
	"TemporalJoin TemporalSort TumblingEventTimeWindows TumblingProcessingTimeWindows EventTimeSessionWindows Values " +
	"WindowAggregate WindowDeduplicate WindowJoin WindowRank WindowTableFunction WindowedStream")

// rows are what a map calls what is no operator of the plan.
var rows = []string{"reading input", "network", "mailbox", "checkpoint", "threads beside the tasks", "operator"}

// between stands between the parts of names of vertices and operators: "Source: orders[1] -> (Calc[2], Calc[3])".
var between = regexp.MustCompile(`\s*\[\d+\](?: or )?|\s*(?:->|[:,/()]|…)\s*| or `)

// common is a word that our own sentences may hold as well.
var common = regexp.MustCompile(`^[a-z]+$`)

// Keep learns the simple name of a class that is none of the user's: names of operators may hold it.
func (m *Map) Keep(class string) { m.kept[class] = true }

// Chain learns the name of a vertex or of an operator and returns it masked: what Flink calls it stays, and each part that is
// the user's has one mask in all names: Source: orders[1] becomes Source: name1[1].
func (m *Map) Chain(name string) string {
	if known, ok := m.masks[name]; ok {
		return known
	}
	var out strings.Builder
	last := 0
	add := func(end int) { out.WriteString(m.part(name[last:end], name)) }
	for _, at := range between.FindAllStringIndex(name, -1) {
		add(at[0])
		out.WriteString(name[at[0]:at[1]])
		last = at[1]
	}
	add(len(name))
	masked := out.String()
	if masked != name {
		m.learn(name, masked)
	}
	return masked
}

// part masks a part of a name.
func (m *Map) part(part, name string) string {
	words := strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(" .{}0123456789", r) })
	if m.kept[part] || slices.Contains(rows, part) || !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(generic, w) }) {
		return part
	}
	if known, ok := m.masks[part]; ok {
		return known
	}
	masked := m.number("name", part)
	m.real[masked] = part
	if part == name || !common.MatchString(part) {
		m.alias(part, masked)
	}
	return masked
}
