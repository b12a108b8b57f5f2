package diagnose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
)

// FuzzDiagnose: whatever a page holds, there is a result that can be written.
func FuzzDiagnose(f *testing.F) {
	profiles, err := filepath.Glob(filepath.Join("testdata", "rules", "*.txt"))
	if err != nil || len(profiles) == 0 {
		f.Fatalf("no profiles: %v", err)
	}
	for _, name := range profiles {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(short.Replace(string(text)))
	}
	context := sampleJob().Context
	f.Fuzz(func(t *testing.T, text string) {
		g, err := flamegraph.Parse(strings.NewReader(text), flamegraph.Limits{})
		if err != nil {
			return
		}
		for _, mode := range modeOrder {
			one := Capture{JVM: recordedTM, Mode: mode, Seconds: seconds, Graph: g}
			other := one
			other.JVM = "taskmanager-2:6122"
			in := Input{Captures: []Capture{one, other, one}, PricePerCoreHour: 0.05}
			for _, m := range modeOrder {
				if m != mode {
					in.Captures = append(in.Captures, Capture{JVM: recordedTM, Mode: m, Seconds: seconds, Graph: g})
				}
			}
			if mode != events.ModeLock {
				in.Context = context
			}
			r, err := Diagnose(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []any{r, r.Explain()} {
				if _, err := json.Marshal(part); err != nil {
					t.Error(err)
				}
			}
			for _, finding := range r.Analysis.Findings {
				if finding.P < 0 || finding.P > 1 || finding.Share > 1 || finding.Bound < 0 {
					t.Errorf("%+v", finding)
				}
			}
		}
	})
}
