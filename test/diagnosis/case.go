// Package diagnosis measures whether Squirrly finds the true bottleneck: jobs with a planted fault and with its fix,
// the known truth about each, and what counts as found.
//
// The package reads cases and recordings and scores analyses; it starts nothing. What runs jobs on a real Flink is
// cmd/diagnosis.
package diagnosis

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.yaml.in/yaml/v3"

	"squirrly.dev/pkg/events"
)

// Case is one job with its truth. The README beside this file describes the fields.
type Case struct {
	Dir        string   `yaml:"-"`
	Name       string   `yaml:"name"`
	Number     int      `yaml:"number"`
	Title      string   `yaml:"title"`
	Job        Job      `yaml:"job"`
	Flink      Flink    `yaml:"flink"`
	Sidecar    *Sidecar `yaml:"sidecar"`
	Neighbours int      `yaml:"neighbours"` // processes that burn CPU beside the bad variant
	Modes      Modes    `yaml:"modes"`      // beside ITIMER and WALL, which are always captured
	Seconds    int      `yaml:"seconds"`    // of one capture
	Warmup     int      `yaml:"warmup"`     // seconds
	Asserts    []Assert `yaml:"asserts"`    // that the fault is there
	Truth      Truth    `yaml:"truth"`
	Good       Good     `yaml:"good"`
	Broken     string   `yaml:"-"` // why the truth cannot be used; only in folders of other people
}

// Job says what to run. Without a jar, it is in the jar of the cases.
type Job struct {
	Main string   `yaml:"main"`
	Args []string `yaml:"args"`
	Jar  string   `yaml:"jar"` // beside the truth file
}

// Flink is the cluster that a case needs. Cases with the same one share it.
type Flink struct {
	TaskManagers int               `yaml:"taskmanagers"`
	Slots        int               `yaml:"slots"`
	Parallelism  int               `yaml:"parallelism"`
	TaskHeap     string            `yaml:"task_heap"`
	JVM          []string          `yaml:"jvm"`
	Config       map[string]string `yaml:"config"`
	SQL          bool              `yaml:"sql"` // with the jars of Flink's SQL
	Jars         []string          `yaml:"-"`   // paths of further jars: those in the folder lib beside the truth
}

// Sidecar is a service in another process that the job calls.
type Sidecar struct {
	Kind  string `yaml:"kind"`  // http
	Delay string `yaml:"delay"` // of each answer
}

// Assert is a part of the profile that must be there, else the case itself has failed.
type Assert struct {
	Frame    Pattern     `yaml:"frame"`
	MinTE    float64     `yaml:"min_te"`    // thread equivalents; in a CPU mode share of the task threads times subtasks
	MinShare float64     `yaml:"min_share"` // of the samples that are not idle
	Mode     events.Mode `yaml:"mode"`
}

// Truth is what is known about the bad variant.
type Truth struct {
	Limit       string          `yaml:"limit"` // vertex, not_limited or any
	Vertex      Pattern         `yaml:"vertex"`
	Rule        RuleIDs         `yaml:"rule"`
	Anchor      Pattern         `yaml:"anchor"`
	Frame       Pattern         `yaml:"frame"`
	Cause       string          `yaml:"cause"`
	Fix         Patterns        `yaml:"fix"`      // any of them
	MustNot     Patterns        `yaml:"must_not"` // in a finding above info, or in the verdict
	Order       RuleIDs         `yaml:"order"`    // rules, most important first
	MaxSeverity events.Severity `yaml:"max_severity"`
}

// Good is what is known about the variant with the fix.
type Good struct {
	MaxSeverity events.Severity   `yaml:"max_severity"`
	Config      map[string]string `yaml:"config"` // the fix, when it is one of the cluster: beside that of the bad variant
}

// Negative reports that nothing is planted: there is nothing to find.
func (t *Truth) Negative() bool { return t.MaxSeverity != "" }

// Statements is the path of the SQL statements beside the truth that are the job, or nothing.
func (c *Case) Statements() []string {
	found, _ := filepath.Glob(filepath.Join(c.Dir, "*.sql")) // the pattern is well formed
	return found[:min(len(found), 1)]
}

// truthFiles are the names under which the truth lies beside a job.
var truthFiles = []string{"truth.yaml", "truth.yml", "truth.json"}

// LoadCases reads the cases below a folder, in the order of their numbers. Strict refuses fields that nobody knows;
// without it the fields of the truth may also stand at the top, and a truth that cannot be read spoils its case alone.
func LoadCases(root string, strict bool) ([]Case, error) {
	var all []Case
	for _, name := range truthFiles {
		paths, err := filepath.Glob(filepath.Join(root, "*", name))
		if err != nil {
			return nil, fmt.Errorf("find cases: %w", err)
		}
		for _, path := range paths {
			c, err := loadCase(path, strict)
			if err != nil && strict {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			if err != nil {
				c.Name, c.Broken = cmp.Or(c.Name, filepath.Base(c.Dir)), err.Error()
			}
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no cases in %s: expected <case>/truth.yaml", root)
	}
	slices.SortStableFunc(all, func(a, b Case) int {
		return cmp.Or(cmp.Compare(a.Number, b.Number), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

func loadCase(path string, strict bool) (Case, error) {
	c := Case{Dir: filepath.Dir(path)}
	text, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("read the truth: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(strict)
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("decode the truth: %w", err)
	}
	if !strict {
		if err := c.flat(text); err != nil {
			return c, err
		}
	}
	c.defaults()
	if !c.Truth.Negative() && c.Truth.Anchor.Regexp == nil && c.Truth.Frame.Regexp == nil && len(c.Truth.Rule) == 0 {
		return c, errors.New("the truth names no rule, anchor or frame, and no max_severity")
	}
	return c, nil
}

// flat reads truths whose fields stand at the top.
func (c *Case) flat(text []byte) error {
	if c.Truth.Anchor.Regexp != nil || len(c.Truth.Rule) > 0 || c.Truth.Limit != "" || c.Truth.Negative() {
		return nil
	}
	if err := yaml.Unmarshal(text, &c.Truth); err != nil {
		return fmt.Errorf("decode the truth: %w", err)
	}
	return nil
}

func (c *Case) defaults() {
	const seconds, warmup = 8, 20
	c.Name = cmp.Or(c.Name, filepath.Base(c.Dir))
	c.Seconds, c.Warmup = cmp.Or(c.Seconds, seconds), cmp.Or(c.Warmup, warmup)
	for _, m := range []events.Mode{events.ModeITimer, events.ModeWall} {
		if !slices.Contains(c.Modes, m) {
			c.Modes = append(c.Modes, m)
		}
	}
	c.Flink.Jars, _ = filepath.Glob(filepath.Join(c.Dir, "lib", "*.jar")) // the pattern is well formed
	c.Flink.TaskManagers, c.Flink.Slots = cmp.Or(c.Flink.TaskManagers, 1), cmp.Or(c.Flink.Slots, 1)
	c.Flink.Parallelism = cmp.Or(c.Flink.Parallelism, c.Flink.TaskManagers*c.Flink.Slots)
	c.Flink.TaskHeap = cmp.Or(c.Flink.TaskHeap, "256m")
	c.Good.MaxSeverity = cmp.Or(c.Good.MaxSeverity, events.SeverityInfo)
	if c.Truth.Limit == "" && c.Truth.Vertex.Regexp != nil {
		c.Truth.Limit = string(events.LimitVertex)
	}
	if c.Truth.Limit == string(events.LimitNone) {
		c.Truth.MaxSeverity = cmp.Or(c.Truth.MaxSeverity, events.SeverityInfo)
	}
	c.Truth.Limit = cmp.Or(c.Truth.Limit, "any")
}
