// Package mechanisms is the catalogue of what the analyzer knows: the mechanisms by which jobs lose time, the idle paths, and
// what the frames of a TaskManager are. All of it is data in the YAML files beside this one, checked when it is loaded.
//
// The package holds the data and its schema, and decides conditions over a [Situation] that others know. It reads no profile:
// the matching is the scan package's, and the weighing against the load of the job that of the diagnose package.
package mechanisms

import (
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
)

// Family groups the profiler's modes by what a sample of them means.
type Family string

// The families.
const (
	FamilyCPU     Family = "cpu"     // ITIMER and CPU: the thread ran. WALL shows the same frames
	FamilyWall    Family = "wall"    // WALL: the thread existed, running or waiting
	FamilyAlloc   Family = "alloc"   // ALLOC: the thread allocated
	FamilyLock    Family = "lock"    // LOCK: the thread had to wait for a lock
	FamilyMetrics Family = "metrics" // no profile at all
)

// FamilyOf returns the family of a mode.
func FamilyOf(mode events.Mode) Family {
	switch mode {
	case events.ModeWall:
		return FamilyWall
	case events.ModeAlloc:
		return FamilyAlloc
	case events.ModeLock:
		return FamilyLock
	default:
		return FamilyCPU
	}
}

// Scope says where in a stack a rule looks.
type Scope string

// The scopes.
const (
	ScopeOperator Scope = "operator" // below an operator of a task, or below the user's own code that reads or writes records
	ScopeTask     Scope = "task"     // anywhere in a task thread
	ScopeProcess  Scope = "process"  // in any thread
)

// Role says what a match means.
type Role string

// The roles.
const (
	RoleCulprit Role = ""       // it takes the time
	RoleVictim  Role = "victim" // it waits for a culprit elsewhere, and is never blamed
)

// Basis says what the thresholds of a rule refer to.
type Basis string

// The bases.
const (
	BasisVertex Basis = ""      // p: thread equivalents over those of the limiting vertex
	BasisCPU    Basis = "cpu"   // share of all samples of the CPU profile without idle ones
	BasisRatio  Basis = "ratio" // busiest subtask over the median
)

// Mechanism is a known way in which a job loses time: what must be so for it to be possible, what alone proves it, what
// refutes it, and the changes that are known to help. Its id is what findings call their rule.
//
// What the application does silences no cause of another layer: both take the samples, and stand side by side. The other way
// it may, where a setting takes the work away whatever the application does.
type Mechanism struct {
	ID       string       `yaml:"id"` // letter of the group and number
	Title    string       `yaml:"title"`
	Layer    events.Layer `yaml:"layer"`
	Category string       `yaml:"category"`
	Needs    []Condition  `yaml:"needs"` // all of these must be so, or not known to be otherwise
	Fires    `yaml:"fires"`
	Refutes  []Condition `yaml:"refutes"` // any of these kills it

	Role      Role     `yaml:"role"`
	Overrides []string `yaml:"overrides"` // mechanisms that yield samples which both match; an application's only to its own layer
	Broad     bool     `yaml:"broad"`     // it says where the time goes and not why: it yields to each that is not broad
	EffectOf  []string `yaml:"effectOf"`  // those that explain what it sees when they are critical in the same function or the process: it is silent then
	Systemic  bool     `yaml:"systemic"`  // it slows everything down alike: it explains no vertex, and stands first where none is to blame
	Exchange  bool     `yaml:"exchange"`  // its samples are the price of two tasks where one would do
	Outranks  []string `yaml:"outranks"`  // those whose findings come after its own of the same severity
	Whole     bool     `yaml:"whole"`     // all that it takes in a vertex is one problem, in whichever functions: one setting changes it

	Cause   string   `yaml:"cause"`   // a template, as [Render] reads it
	Changes []Change `yaml:"changes"` // the best one first
}

// Fires is what alone proves a mechanism where it is possible: frames as [ParsePath] reads them, or what a detector finds.
type Fires struct {
	By          string          `yaml:"by"`          // a detector of the diagnose package
	Modes       []Family        `yaml:"modes"`       // the first one is the family of the fingerprint
	Below       Scope           `yaml:"below"`       // where in a stack the frames are looked for
	Frames      []string        `yaml:"frames"`      // any of these
	LockFrames  []string        `yaml:"lockFrames"`  // instead of Frames in the family lock
	AllocFrames []string        `yaml:"allocFrames"` // instead of Frames in the family alloc
	NotBelow    []string        `yaml:"notBelow"`    // single frames: nothing below them matches
	When        []Condition     `yaml:"when"`        // of the job, beside the frames: all of these must be known to be so
	Until       []string        `yaml:"until"`       // frames at which a match ends: what is below belongs to others
	Waiting     bool            `yaml:"waiting"`     // only samples in which the thread waited count
	Beside      []string        `yaml:"beside"`      // in other threads, what may be its work as well where it is found: told, and part of the bound
	After       int             `yaml:"after"`       // seconds: in a younger job what matches is its start, and no finding
	Warning     float64         `yaml:"warning"`
	Critical    float64         `yaml:"critical"` // 0 is never
	Cap         events.Severity `yaml:"cap"`      // highest severity; empty is none
	Of          Basis           `yaml:"of"`       // what the thresholds refer to
}

// TakesFrom reports that samples which both match are this one's. A wait for somebody else is nobody's work.
func (r *Mechanism) TakesFrom(other *Mechanism) bool {
	return r.Role == RoleVictim && other.Role != RoleVictim || other.Broad && !r.Broad || slices.Contains(r.Overrides, other.ID)
}

// Sees reports that the rule looks at captures of a family: what shows in the CPU shows in WALL as well.
func (r *Mechanism) Sees(f Family) bool {
	return slices.Contains(r.Modes, f) || f == FamilyWall && slices.Contains(r.Modes, FamilyCPU)
}

// Unexplained reports that the rule is that of code which no pattern explains: it is hot, or it waits.
func (r *Mechanism) Unexplained() bool {
	return strings.HasPrefix(r.By, "running") || strings.HasPrefix(r.By, "waiting")
}

// Severity returns how severe the rule's size x is, or SeverityNone below its first threshold.
func (r *Mechanism) Severity(x float64) events.Severity {
	severity := events.SeverityNone
	switch {
	case r.Critical > 0 && x >= r.Critical:
		severity = events.SeverityCritical
	case x >= r.Warning:
		severity = events.SeverityWarning
	}
	if r.Cap != "" && severity.AtLeast(r.Cap) {
		return r.Cap
	}
	return severity
}

// Idle is a path that is no work and no fault.
type Idle struct {
	ID           string   `yaml:"id"`
	Meaning      string   `yaml:"meaning"`
	Frames       []string `yaml:"frames"`
	NotBelow     []string `yaml:"notBelow"`
	Native       bool     `yaml:"native"`       // only in threads without a Java frame
	OutsideTasks bool     `yaml:"outsideTasks"` // only outside task threads
	Pool         bool     `yaml:"pool"`         // of workers of thread pools, whose owner no frame names
}

// Frames says what the frames of a TaskManager are. Each list holds patterns of single frames, but for the prefixes
// in Libraries and NotLibraries and the parts of names in Shaded.
type Frames struct {
	Roots struct {
		Task   []string `yaml:"task"`   // one thread for each subtask
		Source []string `yaml:"source"` // a second thread of a subtask with a legacy source
	} `yaml:"roots"`
	Operators    Operators          `yaml:"operators"`
	Sources      []string           `yaml:"sources"`
	Outputs      []string           `yaml:"outputs"`
	Stages       map[Stage][]string `yaml:"stages"`
	Libraries    []string           `yaml:"libraries"`
	Shaded       []string           `yaml:"shaded"`
	Generated    []string           `yaml:"generated"`
	NotLibraries []string           `yaml:"notLibraries"`
	Waits        []string           `yaml:"waits"`
	Unresolved   []string           `yaml:"unresolved"`
	Categories   []Category         `yaml:"categories"`
}

// Operators tells by structure which frames are operators: one of Entries and none of Except, with no other operator
// between it and the last gate above it. The root of a task and every output are gates, too.
type Operators struct {
	Entries []string `yaml:"entries"`
	Except  []string `yaml:"except"`
	Gates   []string `yaml:"gates"`
}

// Category is a kind of work; the first category with a matching frame counts.
type Category struct {
	Name   string   `yaml:"name"`
	Frames []string `yaml:"frames"`
}
