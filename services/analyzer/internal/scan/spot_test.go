package scan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const (
	oneInput = task + ";org/apache/flink/streaming/runtime/io/StreamOneInputProcessor.processInput;" + fromNetwork
	twoInput = task + ";org/apache/flink/streaming/runtime/io/StreamMultipleInputProcessor.processInput;" +
		"org/apache/flink/streaming/runtime/io/StreamOneInputProcessor.processInput;" + fromNetwork
	fromNetwork = "org/apache/flink/streaming/runtime/io/AbstractStreamTaskNetworkInput.emitNext"
	keyedOp     = "org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement"
	groupAgg    = "org/apache/flink/table/runtime/operators/aggregate/GroupAggFunction.processElement"
	send        = "org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect"
	outer       = "org/apache/flink/streaming/runtime/streamrecord/StreamElementSerializer"
)

// spots lists the spots with samples as paths of class and method.
func spots(s *Scan) map[string]uint64 {
	got := map[string]uint64{}
	for i, spot := range s.Spots {
		if spot.Active == 0 {
			continue
		}
		var path []string
		for _, at := range s.PathTo(int32(i)) {
			name := s.Graph.Name(at.Frame)
			parts := strings.Split(name, ".")
			part := strings.Join(parts[max(0, len(parts)-2):], ".")
			if at.Keyed {
				part += "!"
			}
			path = append(path, part)
		}
		got[strings.Join(path[1:], " ")] = spot.Active
	}
	return got
}

// TestSpots: what the stacks say of the place in the task, and no more.
func TestSpots(t *testing.T) {
	s := scan(t, mechanisms.FamilyCPU,
		task+" 1",
		task+";org/apache/flink/streaming/runtime/tasks/StreamTask.performCheckpoint;X.y 2",
		oneInput+";"+outer+".deserialize;com/shop/ASerializer.deserialize;com/shop/BSerializer.deserialize 3",
		twoInput+";org/apache/flink/streaming/api/operators/co/CoStreamMap.processElement1;com/shop/A.map1 4",
		oneInput+";"+keyedOp+";"+groupAgg+";org/apache/flink/runtime/state/heap/StateTable.get 5",
		oneInput+";"+keyedOp+";"+groupAgg+";"+chain+";"+opMap+";com/shop/A.map 6",
		oneInput+";"+opMap+";com/shop/A.map;"+send+";"+outer+".serialize;com/shop/ASerializer.serialize 7",
		task+";org/apache/flink/streaming/runtime/tasks/mailbox/Mail.run;"+keyedOp+" 8",
		"com/shop/Pool.run;"+send+" 9",
	)
	want := map[string]uint64{
		"":                             1,
		"StreamTask.performCheckpoint": 2,
		"AbstractStreamTaskNetworkInput.emitNext ASerializer.deserialize":                                                                                              3,
		"StreamMultipleInputProcessor.processInput AbstractStreamTaskNetworkInput.emitNext CoStreamMap.processElement1":                                                4,
		"AbstractStreamTaskNetworkInput.emitNext KeyedProcessOperator.processElement! GroupAggFunction.processElement":                                                 5,
		"AbstractStreamTaskNetworkInput.emitNext KeyedProcessOperator.processElement! GroupAggFunction.processElement ChainingOutput.collect StreamMap.processElement": 6,
		"AbstractStreamTaskNetworkInput.emitNext StreamMap.processElement RecordWriterOutput.collect ASerializer.serialize":                                            7,
		"Mail.run KeyedProcessOperator.processElement":                                                                                                                 8,
	}
	if diff := cmp.Diff(want, spots(s)); diff != "" {
		t.Error(diff)
	}
	var sum uint64
	for _, spot := range s.Spots {
		sum += spot.Active
	}
	if sum != s.TaskActive {
		t.Errorf("spots hold %d samples of %d", sum, s.TaskActive)
	}
	for _, c := range s.Chains {
		if c.Spot < 0 || s.Spots[c.Spot].Stage < mechanisms.StageOperator && !c.Reads() {
			t.Errorf("the chain of %s is at no operator", s.Graph.Name(c.Operator))
		}
	}
}
