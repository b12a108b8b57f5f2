package keys

import "testing"

func TestType_Equal(t *testing.T) {
	for _, test := range []struct {
		kind Type
		a, b string
		want bool
	}{
		{Boolean, "true", "TRUE", true},
		{Boolean, "true", "false", false},
		{Duration, "2 s", "2000 ms", true},
		{Duration, "2 s", "2000", true},
		{Duration, "2 s", "2 min", false},
		{MemorySize, "512m", "512 mb", true},
		{MemorySize, "512m", "536870912", true},
		{MemorySize, "512m", "512", false},
		{Float, "0.6", "0.60", true},
		{Integer, "4", "04", true},
		{Long, "9223372036854775807", "9223372036854775806", false},
		{"Enum(HEAP|ROCKSDB)", "heap", "HEAP", true},
		{"Enum(HEAP|ROCKSDB)", "heap", "ROCKSDB", false},
		{"List(String)", "a;b", "[a, b]", true},
		{"List(String)", "a;b", "b;a", false},
		{"String", "a", "A", false},
		{Integer, "many", "many", true}, // what Flink would refuse is still what is set
	} {
		if got := test.kind.equal(test.a, test.b); got != test.want {
			t.Errorf("%s: %q and %q: %t", test.kind, test.a, test.b, got)
		}
	}
}

// TestDefaults shows that Flink's own defaults are values of their types.
func TestDefaults(t *testing.T) {
	for _, major := range []string{"1", "2"} {
		n := 0
		for _, key := range All(major) {
			o, ok := lookup(key, major)
			if !ok {
				t.Errorf("%s stands for no option of Flink %s", key, major)
			}
			if o.value == "" {
				continue
			}
			n++
			if _, err := o.kind.parse(o.value); err != nil {
				t.Errorf("Flink %s: %s: %v", major, key, err)
			}
		}
		if n < 500 {
			t.Errorf("Flink %s has %d defaults", major, n)
		}
	}
}
