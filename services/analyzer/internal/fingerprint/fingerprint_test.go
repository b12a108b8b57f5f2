package fingerprint_test

import (
	"testing"

	"squirrly.dev/services/analyzer/internal/fingerprint"
)

func TestFold(t *testing.T) {
	for name, want := range map[string]string{
		"com.shop.Job.lambda$main$0":             "com.shop.Job.lambda$main",
		"com.shop.Job.lambda$main$7d6f98a$1":     "com.shop.Job.lambda$main",
		"com.shop.Job$12.map":                    "com.shop.Job$*.map",
		"com.shop.Job$1$3.map":                   "com.shop.Job$*$*.map",
		"com.shop.Job$1Helper.run":               "com.shop.Job$*Helper.run",
		"com.shop.Job$Inner.map":                 "com.shop.Job$Inner.map",
		"com.shop.Job$.$anonfun$main$4":          "com.shop.Job$.$anonfun$main$*",
		"StreamExecCalc$*.processElement":        "StreamExecCalc$*.processElement",
		"StreamExecCalc$17.processElement":       "StreamExecCalc$*.processElement",
		"com.shop.Sha256$Digest.update":          "com.shop.Sha256$Digest.update",
		"java.util.regex.Pattern.compile":        "java.util.regex.Pattern.compile",
		"com.shop.Job.lambda$enrich$lambda$3$00": "com.shop.Job.lambda$enrich",
	} {
		got := fingerprint.Fold(name)
		if got != want {
			t.Errorf("%s folds to %s, want %s", name, got, want)
		}
		if again := fingerprint.Fold(got); again != got {
			t.Errorf("%s folds again to %s", got, again)
		}
	}
}

func TestOf(t *testing.T) {
	const operator = "org.apache.flink.streaming.api.operators.StreamMap.processElement"
	first := fingerprint.Of("A1", "com.shop.Job.lambda$main$0", operator, "wall")
	if len(first) != 16 {
		t.Errorf("fingerprint %q", first)
	}
	if fingerprint.Of("A1", "com.shop.Job.lambda$main$7d6f98a$1", operator, "wall") != first {
		t.Error("the number of a lambda changes the fingerprint")
	}
	for _, other := range [][4]string{
		{"A2", "com.shop.Job.lambda$main$0", operator, "wall"},
		{"A1", "com.shop.Job.lambda$open$0", operator, "wall"},
		{"A1", "com.shop.Job.lambda$main$0", "StreamFilter.processElement", "wall"},
		{"A1", "com.shop.Job.lambda$main$0", operator, "cpu"},
	} {
		if fingerprint.Of(other[0], other[1], other[2], other[3]) == first {
			t.Errorf("%v is another problem", other)
		}
	}
}
