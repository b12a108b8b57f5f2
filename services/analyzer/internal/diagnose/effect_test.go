package diagnose

import (
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
)

// What a collection in a value state writes is written because of it, in the same function and nowhere else.
func TestWritesOfCollections(t *testing.T) {
	const state = "org/apache/flink/contrib/streaming/state/RocksDBValueState"
	const operator = "TASK;org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;"
	const reads = operator + "com/shop/Cart.processElement;" + state + ".value;org/apache/flink/api/common/typeutils/base/MapSerializer.deserialize 100\n"
	for function, fires := range map[string]bool{"com/shop/Cart": false, "com/shop/Other": true} {
		page := reads + operator + function + ".processElement;" + state + ".update;org/rocksdb/RocksDB.put 400"
		r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, page))}})
		if got := fired(r); !slices.Contains(got, "C6") || slices.Contains(got, "C2") != fires {
			t.Errorf("%s: fired %v, C2 wanted: %v", function, got, fires)
		}
	}
}

// Threads that wait wherever a collection stopped them are no fault of the code they were in.
func TestWaitsOfCollections(t *testing.T) {
	const waits = "TASK;MAP;com/shop/Visits.map;java/util/HashMap.put;__futex_abstimed_wait_common 100\n"
	const work = "TASK;MAP;com/shop/Visits.map 100\n"
	const collects = "thread_native_entry;GangWorker::run;G1ParEvacuateFollowersClosure::do_void 400"
	wall := capture("tm-1", events.ModeWall, graph(t, waits+work+"IDLE 10"))
	for _, c := range []struct {
		cpu   string
		fires bool
	}{{work + collects, false}, {work + "TASK;MAP;com/shop/Visits.map;java/util/HashMap.put 300", true}} {
		r := diagnoseOK(t, Input{Captures: []Capture{wall, capture("tm-1", events.ModeITimer, graph(t, c.cpu))}})
		if got := fired(r); slices.Contains(got, "U2") != c.fires {
			t.Errorf("fired %v, U2 wanted: %v", got, c.fires)
		}
	}
}
