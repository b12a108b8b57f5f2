package flink_test

import (
	"testing"

	"squirrly.dev/internal/flink"
)

func TestParseMemorySize(t *testing.T) {
	for text, want := range map[string]int64{
		"64 mb": 64 << 20, "1536m": 1536 << 20, "1 GB": 1 << 30, "4kibibytes": 4 << 10, "7": 7, " 8 b ": 8, "2 tb": 2 << 40, "0 bytes": 0,
	} {
		if got, err := flink.ParseMemorySize(text); err != nil || got != want {
			t.Errorf("ParseMemorySize(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", " ", "mb", "1.5 gb", "-1 mb", "1 mib", "1 gb 2 mb", "99999999999999999999", "9999999999 gb"} {
		if got, err := flink.ParseMemorySize(text); err == nil {
			t.Errorf("ParseMemorySize(%q) = %d, want an error", text, got)
		}
	}
}
