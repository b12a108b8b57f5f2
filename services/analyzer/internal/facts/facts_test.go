package facts_test

import (
	"math"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/facts"
)

func TestPrint(t *testing.T) {
	for want, f := range map[string]events.Fact{
		"97.0 %":              {Value: 0.97, Unit: "share"},
		"0.4 %":               {Value: 0.004, Unit: "share"},
		"100 %":               {Value: 1, Unit: "share"},
		"1.94 TE":             {Value: 1.94, Unit: "te"},
		"1,180 samples":       {Value: 1180, Unit: "samples"},
		"12,345,678":          {Value: 12345678, Unit: "count"},
		"-1,000 ms":           {Value: -1000, Unit: "ms"},
		"1,235 records/s":     {Value: 1234.6, Unit: "records/s"},
		"2":                   {Value: 2},
		"unknown cores":       {Value: math.NaN(), Unit: "cores"},
		"0.33 cores":          {Value: 0.333, Unit: "cores"},
		"100,000,000 samples": {Value: 1e8, Unit: "samples"},
	} {
		if got := facts.Print(f); got != want {
			t.Errorf("Print(%v %s) = %q, want %q", f.Value, f.Unit, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for frame, want := range map[string]string{
		"java.lang.Thread.sleep":       "Thread.sleep",
		"java/lang/Thread.sleep":       "Thread.sleep",
		"demo.Job$Inner.map":           "Job$Inner.map",
		"Thread.sleep":                 "Thread.sleep",
		"java.lang.Object":             "java.lang.Object",
		"main":                         "main",
		"rocksdb::DBImpl::Get":         "rocksdb::DBImpl::Get",
		"std::vector<a.b>::push(x.y)":  "std::vector<a.b>::push(x.y)",
		"com.acme.Foo.<init>":          "Foo.<init>",
		"com.acme.Foo$$Lambda.0x1.run": "0x1.run",
	} {
		if got := facts.Short(frame); got != want {
			t.Errorf("Short(%q) = %q, want %q", frame, got, want)
		}
	}
}

func TestLibrary(t *testing.T) {
	for frame, want := range map[string]bool{
		"java.lang.Thread.sleep": true, "org.apache.flink.X.y": true, "com.acme.Foo.map": false,
		"rocksdb::DBImpl::Get": true, "start_thread": true, "org.acme.Y.z": false,
	} {
		if got := facts.Library(frame); got != want {
			t.Errorf("Library(%q) = %t", frame, got)
		}
	}
}
