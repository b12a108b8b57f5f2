package target

import (
	"testing"
	"time"

	"squirrly.dev/internal/flink"
)

func TestDurationLimit(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"5 min": 5 * time.Minute, "300s": 5 * time.Minute, "90000": 90 * time.Second, "1 h": time.Hour, "2 hours": 2 * time.Hour,
		"10 Minutes": 10 * time.Minute, "PT5M": 5 * time.Minute, "PT1H30M": 90 * time.Minute, "P1D": 24 * time.Hour, "PT90.5S": 90 * time.Second,
		"1 d": 24 * time.Hour, "500 ms": 500 * time.Millisecond,
		"soon": 0, "": 0, "P": 0, "PT": 0, "-5 min": 0, "5 fortnights": 0, "999999999999999 d": 0, "0 s": 0,
	} {
		if got := durationLimit(flink.Config{"rest.profiling.duration-max": value}); got != want {
			t.Errorf("%q is %s, want %s", value, got, want)
		}
	}
	if got := durationLimit(flink.Config{}); got != flinkDurationMax {
		t.Errorf("without the key it is %s", got)
	}
}
