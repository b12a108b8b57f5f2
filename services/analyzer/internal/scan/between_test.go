package scan

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const (
	read = oneInput + ";org/apache/flink/runtime/io/network/api/serialization/SpillingAdaptiveSpanningRecordDeserializer.getNextRecord;" +
		"org/apache/flink/runtime/plugable/NonReusingDeserializationDelegate.read;" + outer + ".deserialize"
	emit    = oneInput + ";" + opMap + ";" + send + ";org/apache/flink/runtime/io/network/api/writer/ChannelSelectorRecordWriter.emit"
	write   = emit + ";org/apache/flink/runtime/io/network/api/writer/RecordWriter.serializeRecord;" + outer + ".serialize"
	channel = emit + ";org/apache/flink/streaming/runtime/partitioner/KeyGroupStreamPartitioner.selectChannel"
	kryo    = "org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer"
	pojo    = "org/apache/flink/api/java/typeutils/runtime/PojoSerializer"
	compile = "java/util/regex/Pattern.compile"
)

// between is what a scan says of the code between the tasks: by its function, "how Operator/Running", and what rules take.
func between(s *Scan) (chains map[string]string, taken map[string]uint64, unexplained uint64) {
	chains, taken = map[string]string{}, map[string]uint64{}
	for _, c := range s.Chains {
		unexplained += c.Running + c.Waiting
		if c.Running == 0 {
			continue
		}
		how := "operator"
		switch {
		case c.Reads():
			how = "reads"
		case c.Writes():
			how = "writes"
		}
		name := s.Graph.Name(c.Operator)
		if c.Anchor != NoName {
			name = s.Graph.Name(c.Anchor)
		}
		chains[name] = how
	}
	for _, site := range s.Sites {
		if site.Samples > 0 {
			taken[mechanisms.Default().Mechanisms[site.Rule].ID] += site.Samples
		}
	}
	return chains, taken, unexplained
}

// TestBetween: the user's own code that reads or writes records is user code, wherever Flink calls it, and no sample is
// taken twice.
func TestBetween(t *testing.T) {
	for _, test := range []struct {
		name, stack string
		chains      map[string]string
		taken       map[string]uint64
	}{
		{"serializer that reads", read + ";com/shop/ASerializer.deserialize", map[string]string{"com.shop.ASerializer.deserialize": "reads"}, nil},
		{
			"nested in one of Flink's", read + ";org/apache/flink/api/java/typeutils/runtime/TupleSerializer.deserialize;com/shop/A.read",
			map[string]string{"com.shop.A.read": "reads"},
			nil,
		},
		{"key of what is read", oneInput + ";com/shop/ByUser.getKey", map[string]string{"com.shop.ByUser.getKey": "reads"}, nil},
		{
			"key of what is read, as a lambda", oneInput + ";com/shop/Job$$Lambda$14/0x0008.getKey;com/shop/Job.lambda$main$0",
			map[string]string{"com.shop.Job.lambda$main$0": "reads"},
			nil,
		},
		{"serializer that writes", write + ";com/shop/ASerializer.serialize", map[string]string{"com.shop.ASerializer.serialize": "writes"}, nil},
		{"key of what is written", channel + ";com/shop/ByUser.getKey", map[string]string{"com.shop.ByUser.getKey": "writes"}, nil},
		{"rule below a reader", read + ";com/shop/ASerializer.deserialize;" + compile, nil, map[string]uint64{"A6": 10}},
		{"rule below a writer", write + ";com/shop/ASerializer.serialize;" + compile, nil, map[string]uint64{"A6": 10}},
		{"Flink's reader", read + ";" + pojo + ".deserialize", nil, map[string]uint64{"B3": 10}},
		{"Flink's writer", write + ";" + kryo + ".serialize", nil, map[string]uint64{"B1": 10}},
		{"no reader at all", read, nil, map[string]uint64{"B11": 10}},
		{"constructor of a POJO", read + ";" + pojo + ".deserialize;com/shop/A.<init>", nil, map[string]uint64{"B3": 10}},
		{"Kryo's serializer of the user's that reads", read + ";" + kryo + ".deserialize;com/shop/AKryo.read", nil, map[string]uint64{"B1": 10}},
		{"Kryo's serializer of the user's that writes", write + ";" + kryo + ".serialize;com/shop/AKryo.write", nil, map[string]uint64{"B1": 10}},
		{"rule below that", write + ";" + kryo + ".serialize;com/shop/AKryo.write;" + compile, nil, map[string]uint64{"A6": 10}},
		{"Kryo below a reader", read + ";com/shop/ASerializer.deserialize;" + kryo + ".deserialize", nil, map[string]uint64{"B1": 10}},
		{"operator", oneInput + ";" + opMap + ";com/shop/A.map", map[string]string{"com.shop.A.map": "operator"}, nil},
		{
			"serializer that an operator calls", oneInput + ";" + opMap + ";com/shop/A.map;com/shop/ASerializer.serialize",
			map[string]string{"com.shop.A.map": "operator"},
			nil,
		},
		{
			"key that an operator sets", oneInput + ";org/apache/flink/streaming/api/operators/AbstractStreamOperator.setKeyContextElement1;com/shop/ByUser.getKey",
			map[string]string{"com.shop.ByUser.getKey": "operator"},
			nil,
		},
		{"operator below the user's own input", oneInput + ";com/shop/Input.emit;" + opMap + ";com/shop/A.map", map[string]string{"com.shop.A.map": "operator"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := scan(t, mechanisms.FamilyCPU, test.stack+" 10")
			chains, taken, unexplained := between(s)
			if test.chains == nil {
				test.chains = map[string]string{}
			}
			if test.taken == nil {
				test.taken = map[string]uint64{}
			}
			if diff := cmp.Diff(test.chains, chains); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.taken, taken); diff != "" {
				t.Error(diff)
			}
			sum := unexplained
			for _, n := range taken {
				sum += n
			}
			if sum != 10 {
				t.Errorf("%d samples of 10 are told", sum)
			}
		})
	}
}

// TestBetweenParents: what writes a record hangs below the operator that sends it, and an operator below none of it.
func TestBetweenParents(t *testing.T) {
	s := scan(t, mechanisms.FamilyCPU,
		oneInput+";"+opMap+";com/shop/A.map;"+send+";"+outer+".serialize;com/shop/ASerializer.serialize 1",
		oneInput+";com/shop/Input.emit;"+opMap+";com/shop/B.map 2",
	)
	got := map[string]string{}
	for _, c := range s.Chains {
		if c.Active == 0 {
			continue
		}
		parent := "-"
		if c.Parent >= 0 {
			parent = s.Graph.Name(s.Chains[c.Parent].Anchor)
		}
		got[s.Graph.Name(c.Anchor)] = parent + " " + s.Graph.Name(c.Operator)
	}
	const op = "org.apache.flink.streaming.api.operators.StreamMap.processElement"
	want := map[string]string{"com.shop.ASerializer.serialize": "com.shop.A.map " + op, "com.shop.B.map": "- " + op}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
