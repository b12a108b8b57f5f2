package diagnose

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// condition is a case of testdata/conditions.yaml.
type condition struct {
	Name    string       `yaml:"name"`
	Rule    string       `yaml:"rule"`
	Stack   string       `yaml:"stack"`
	Job     conditionJob `yaml:"job"`
	Silent  bool         `yaml:"silent"`  // no finding of the rule
	Change  string       `yaml:"change"`  // in the first change
	Setting string       `yaml:"setting"` // among its settings; empty is none at all
}

// conditionJob is what is known about the job of a case.
type conditionJob struct {
	Vertex      string            `yaml:"vertex"`
	Description string            `yaml:"description"`
	Backend     string            `yaml:"backend"`
	State       int64             `yaml:"state"`
	Heap        int64             `yaml:"heap"`
	Live        int64             `yaml:"live"`
	Config      map[string]string `yaml:"config"`
}

func (j *conditionJob) context() *jobcontext.Context {
	sample := func(at int64) jobcontext.Sample {
		return jobcontext.Sample{AtMillis: at, TaskManagers: []jobcontext.JVMCounter{{ID: "tm-1", HeapUsed: j.Live, CPUNanos: -1, GCMillis: -1}}}
	}
	return &jobcontext.Context{
		Version: jobcontext.Version, FlinkVersion: "1.20.5", Config: j.Config,
		Vertices:     []jobcontext.Vertex{{ID: "v", Name: j.Vertex, Description: j.Description, Parallelism: 1}},
		TaskManagers: []jobcontext.TaskManager{{ID: "tm-1", HeapMax: j.Heap}},
		Checkpoints:  &jobcontext.Checkpoints{LastSizeBytes: j.State, Config: &jobcontext.CheckpointConfig{StateBackend: j.Backend}},
		Windows:      []jobcontext.Window{{Mode: string(events.ModeITimer), Seconds: 10, Samples: []jobcontext.Sample{sample(0), sample(10_000)}}},
	}
}

func TestConditions(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "conditions.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []condition
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			mode := events.ModeITimer
			if mechanisms.Default().Mechanism(c.Rule).Modes[0] == mechanisms.FamilyWall {
				mode = events.ModeWall
			}
			page := graph(t, c.Stack+" 300", "TASK;SOURCE 100")
			r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", mode, page)}, Context: c.Job.context()})
			i := slices.IndexFunc(r.Analysis.Findings, func(f events.Finding) bool { return f.Rule == c.Rule })
			if c.Silent {
				if i >= 0 {
					t.Errorf("found: %s", r.Analysis.Findings[i].Cause)
				}
				if p := possibleAt(r.Ground(), c.Rule); p != nil && !strings.Contains(p.Why, "not known") {
					t.Errorf("possible: %s", p.Why)
				}
				return
			}
			if i < 0 {
				t.Fatalf("only %v", fired(r))
			}
			c.check(t, r.Analysis.Findings[i].Recommendation)
		})
	}
}

func (c *condition) check(t *testing.T, r events.Recommendation) {
	t.Helper()
	if !strings.Contains(r.Change, c.Change) {
		t.Errorf("change %q, want one with %q", r.Change, c.Change)
	}
	var settings []string
	for _, s := range r.Config {
		settings = append(settings, s.Key+": "+s.Value)
	}
	if (c.Setting == "") != (len(settings) == 0) || c.Setting != "" && !slices.Contains(settings, c.Setting) {
		t.Errorf("settings %v, want %q", settings, c.Setting)
	}
}
