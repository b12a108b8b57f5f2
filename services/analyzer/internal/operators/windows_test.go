package operators_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/operators"
)

// TestWindows reads descriptions as Flink 1.20 and 2.3 write them.
func TestWindows(t *testing.T) {
	t.Parallel()
	const minute, hour = time.Minute, time.Hour
	for description, want := range map[string][]operators.Window{
		// The DataStream API.
		"Window(TumblingEventTimeWindows(3600000), EventTimeTrigger, AddTips)": {{Kind: operators.Tumbling, Size: hour, Slide: hour, Copies: 1}},
		"TriggerWindow(TumblingEventTimeWindows(3600000), ReducingStateDescriptor{name=window-contents, defaultValue=null, serializer=a.B@592ddbe8}, EventTimeTrigger(), AllWindowedStream.reduce(AllWindowedStream.java:246))": {
			{Kind: operators.Tumbling, Size: hour, Slide: hour, Copies: 1},
		},
		"Window(SlidingProcessingTimeWindows(2500, 500), ProcessingTimeTrigger, SummingReducer, PassThroughWindowFunction)\n+- Sink: Writer": {
			{Kind: operators.Sliding, Size: 2500 * time.Millisecond, Slide: 500 * time.Millisecond, Copies: 5},
		},
		"Source: in\n+- Window(SlidingEventTimeWindows(60000, 7000), EventTimeTrigger, Sum)": {{Kind: operators.Sliding, Size: minute, Slide: 7 * time.Second, Copies: 9}},
		"Window(EventTimeSessionWindows(30000), EventTimeTrigger, Sum)":                      {{Kind: operators.Session, Size: 30 * time.Second}},
		"Window(DynamicEventTimeSessionWindows(), EventTimeTrigger, Sum)":                    nil,
		"Window(GlobalWindows(), CountTrigger, Sum)":                                         {{Kind: operators.Global, Copies: 1}},
		"Window(com.shop.HourlyWindows(3600000), EventTimeTrigger, Sum)":                     nil,
		"WindowedAggregationPerLocation":                                                     nil,
		"my TumblingEventTimeWindows(5)":                                                     nil,

		// SQL's table functions.
		"[1]:TableSourceScan(table=[[default_catalog, default_database, bids]], fields=[bidder])\n+- [5]:LocalWindowAggregate(groupBy=[bidder], window=[HOP(time_col=[ts], size=[10 s], slide=[1 s])], select=[bidder, slice_end('w$) AS $slice_end])": {
			{Node: "LocalWindowAggregate[5]", Kind: operators.Sliding, Size: 10 * time.Second, Slide: time.Second, Copies: 1},
		},
		"[7]:GlobalWindowAggregate(groupBy=[auction], window=[HOP(slice_end=[$slice_end], size=[10 s], slide=[2 s])], select=[auction])\n+- [9]:Calc(select=[window_start AS starttime])\n   +- [10]:LocalWindowAggregate(window=[HOP(win_start=[starttime], win_end=[endtime], size=[10 s], slide=[2 s])], select=[MAX(num) AS max$0])": {
			{Node: "GlobalWindowAggregate[7]", Kind: operators.Sliding, Size: 10 * time.Second, Slide: 2 * time.Second, Copies: 1},
			{Node: "LocalWindowAggregate[10]", Kind: operators.Sliding, Size: 10 * time.Second, Slide: 2 * time.Second, Copies: 1},
		},
		"[14]:WindowJoin(leftWindow=[HOP(win_start=[window_start], win_end=[window_end], size=[10 s], slide=[2 s])], rightWindow=[HOP(win_start=[window_start], win_end=[window_end], size=[10 s], slide=[2 s])], joinType=[InnerJoin])": {
			{Node: "WindowJoin[14]", Kind: operators.Sliding, Size: 10 * time.Second, Slide: 2 * time.Second, Copies: 1},
		},
		"[4]:WindowTableFunction(window=[HOP(time_col=[ts], size=[90 s], slide=[1 s])])": {{Node: "WindowTableFunction[4]", Kind: operators.Sliding, Size: 90 * time.Second, Slide: time.Second, Copies: 90}},
		"[4]:WindowTableFunction(window=[TUMBLE(time_col=[ts], size=[90 min])])":         {{Node: "WindowTableFunction[4]", Kind: operators.Tumbling, Size: 90 * minute, Slide: 90 * minute, Copies: 1}},
		"[6]:GlobalWindowAggregate(groupBy=[k], window=[TUMBLE(slice_end=[$slice_end], size=[1 d], offset=[8 h])], select=[k])": {
			{Node: "GlobalWindowAggregate[6]", Kind: operators.Tumbling, Size: 24 * hour, Slide: 24 * hour, Copies: 1},
		},
		"[6]:WindowAggregate(groupBy=[k], window=[CUMULATE(time_col=[p], max_size=[1 min], step=[1 s])], select=[k])": {
			{Node: "WindowAggregate[6]", Kind: operators.Cumulating, Size: minute, Slide: time.Second, Copies: 1},
		},
		"[6]:WindowRank(window=[CUMULATE(win_start=[window_start], win_end=[window_end], max_size=[1 min], step=[1 s])], rankType=[ROW_NUMBER])": {
			{Node: "WindowRank[6]", Kind: operators.Cumulating, Size: minute, Slide: time.Second, Copies: 1},
		},
		"[6]:WindowAggregate(groupBy=[k], window=[SESSION(time_col=[ts], gap=[1 s], partition keys=[k])], select=[k])": {
			{Node: "WindowAggregate[6]", Kind: operators.Session, Size: time.Second},
		},

		// SQL's GROUP BY.
		"[5]:GroupWindowAggregate(window=[TumblingGroupWindow('w$, log_time, 60000)], properties=[w$start], select=[SUM(size) AS total_size])": {
			{Node: "GroupWindowAggregate[5]", Kind: operators.Tumbling, Size: minute, Slide: minute, Copies: 1},
		},
		"[5]:GroupWindowAggregate(groupBy=[k], window=[SlidingGroupWindow('w$, ts, 10000, 1000)], select=[k])": {
			{Node: "GroupWindowAggregate[5]", Kind: operators.Sliding, Size: 10 * time.Second, Slide: time.Second, Copies: 1},
		},
		"[5]:GroupWindowAggregate(groupBy=[k], window=[SessionGroupWindow('w$, ts, 1000)], select=[k])": {{Node: "GroupWindowAggregate[5]", Kind: operators.Session, Size: time.Second}},

		"[11]:Calc(select=[w$start AS window_start, 'HOP(size=[1 s])' AS x])":                                     nil,
		"[6]:WindowAggregate(groupBy=[k], window=[HOP(time_col=[ts], size=[eternity], slide=[0 s])], select=[k])": {{Node: "WindowAggregate[6]", Kind: operators.Sliding, Copies: 1}},
		"[4]:WindowTableFunction(window=[HOP(time_col=[ts], size=[9 s], slide=[0 s])])":                           {{Node: "WindowTableFunction[4]", Kind: operators.Sliding, Size: 9 * time.Second}},
		"Window(SlidingEventTimeWindows(999999999999999999, 1), EventTimeTrigger, Sum)":                           {{Kind: operators.Sliding, Slide: time.Millisecond}},
		"": nil,
	} {
		got := operators.Windows(&jobcontext.Vertex{Description: description})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", description, diff)
		}
	}
}

// TestAsynchronous reads what both versions say of asynchronous operators; they differ in how a lookup join does.
func TestAsynchronous(t *testing.T) {
	t.Parallel()
	const lookup = "[3]:Calc(select=[k])\n+- [4]:LookupJoin(table=[default_catalog.default_database.d], joinType=[LeftOuterJoin], lookup=[k=k], select=[k, k0, v]"
	for description, want := range map[string][]operators.Async{
		lookup + ", async=[ORDERED, 180000ms, 100])": {{Node: "LookupJoin[4]", Capacity: 100, Ordered: true, Timeout: 3 * time.Minute, Lookup: true}},
		lookup + ", async=[UNORDERED, KEY_ORDERED: false, 90000ms, 300], retry=[lookup_miss, FIXED_DELAY, 10000ms, 3])": {
			{Node: "LookupJoin[4]", Capacity: 300, Timeout: 90 * time.Second, Lookup: true},
		},
		lookup + ")": nil, // it waits for each answer
		"[3]:AsyncCalc(select=[af(k) AS EXPR$0])":                                                   {{Node: "AsyncCalc[3]"}},
		"Source: Integers-generating Source\n+- async wait operator\n   +- Sink: Print to Std. Out": {{Node: "async wait operator"}},
		"enrich": nil,
	} {
		got := operators.Asynchronous(&jobcontext.Vertex{Description: description})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", description, diff)
		}
	}
}

func TestIsSQL(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		vertex jobcontext.Vertex
		want   bool
	}{
		"by its description":   {jobcontext.Vertex{Name: "x", Description: "[14]:GlobalGroupAggregate(groupBy=[bidder])\n+- sums[15]: Writer"}, true},
		"by its name":          {jobcontext.Vertex{Name: "Source: bids[1] -> Calc[2] -> (LocalGroupAggregate[12], Calc[13])"}, true},
		"a single node":        {jobcontext.Vertex{Name: "GlobalWindowAggregate[12]"}, true},
		"a sink":               {jobcontext.Vertex{Name: "avg_request_size_1m[7]: Writer"}, true},
		"the DataStream API":   {jobcontext.Vertex{Name: "Source: numbers -> random-integers", Description: "Source: numbers\n+- random-integers"}, false},
		"an array in its name": {jobcontext.Vertex{Name: "map to byte[] -> a[b]"}, false},
		"nothing":              {jobcontext.Vertex{}, false},
	} {
		if got := operators.IsSQL(&test.vertex); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
