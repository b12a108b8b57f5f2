package flink_test

import (
	"testing"
	"time"

	"squirrly.dev/internal/flink"
)

// TestParseDuration holds what TimeUtils.parseDuration of Flink 1.20.5 and 2.3.0 said; ISO 8601 is of 2.3.0 alone.
func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"1 min": time.Minute, "1m": time.Minute, "1 Min": time.Minute, "3 minutes": 3 * time.Minute,
		"10 s": 10 * time.Second, "3 secs": 3 * time.Second, "500ms": 500 * time.Millisecond, "3 millis": 3 * time.Millisecond,
		"1 d": day, "4 days": 4 * day, "2 hours": 2 * time.Hour, "7": 7 * time.Millisecond, "0": 0,
		"5 µs": 5 * time.Microsecond, " 9 ns ": 9, "1\tmicro": time.Microsecond,
		"PT10S": 10 * time.Second, "pt10s": 10 * time.Second, "P1D": day, "PT0.5S": 500 * time.Millisecond,
		"P2DT3H4M5.5S": 2*day + 3*time.Hour + 4*time.Minute + 5500*time.Millisecond,
	} {
		if got, err := flink.ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %s, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{
		"", " ", "s", "3 us", "1.5 s", "1h30m", "-5s", "-PT5S", "2 mins", "P", "PT", "P1DT", "soon", "1 min 5 s",
		"9223372036854775807 d", "99999999999999999999", "P999999D",
	} {
		if got, err := flink.ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %s, want an error", text, got)
		}
	}
}

func TestConfig_Limits(t *testing.T) {
	for text, want := range map[string]time.Duration{"5 min": 5 * time.Minute, "300": 300 * time.Millisecond, "soon": 0, "0": 0} {
		if got := (flink.Config{"rest.profiling.duration-max": text}).MaxProfile(); got != want {
			t.Errorf("MaxProfile of %q = %s, want %s", text, got, want)
		}
	}
	if got := (flink.Config{}).MaxProfile(); got != 5*time.Minute {
		t.Errorf("MaxProfile by default = %s", got)
	}
	for text, want := range map[string]time.Duration{
		"1 min": time.Minute, "2000": 2 * time.Second, "5 s": 5 * time.Second, "500ms": 500 * time.Millisecond,
		"PT2S": 2 * time.Second, "0": 10 * time.Second, "soon": 10 * time.Second,
	} {
		if got := (flink.Config{"metrics.fetcher.update-interval": text}).MetricsInterval(); got != want {
			t.Errorf("MetricsInterval of %q = %s, want %s", text, got, want)
		}
	}
	if got := flink.Config(nil).MetricsInterval(); got != 10*time.Second {
		t.Errorf("MetricsInterval by default = %s", got)
	}
}

func TestHasProfiler(t *testing.T) {
	for version, want := range map[string]bool{
		"1.18.1": false, "1.9.0": false, "0.10": false, "1.18-SNAPSHOT": false, "1.19.0": true, "1.20-vvr-11.1-SNAPSHOT": true,
		"2.0.0": true, "2.3.0": true, "10.1": true, "": true, "unknown": true,
	} {
		if got := flink.HasProfiler(version); got != want {
			t.Errorf("HasProfiler(%q) = %t, want %t", version, got, want)
		}
	}
}
