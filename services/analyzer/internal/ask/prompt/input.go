package prompt

import (
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// Input is what a prompt is built from.
type Input struct {
	Analysis  events.Analysis
	Operators []diagnose.Operator
	Edges     []Edge
	Windows   []Window
	Trees     []Tree
	Java      string   // version
	Failures  []string // first lines of recent exceptions
	Settings  []Setting
	Keys      []Key     // that a change may name
	Files     []File    // the user's context files
	Template  *Template // nil is the default
	Budget    Budget
}

// Edge is one of the plan, between vertices by their names as the analysis has them.
type Edge struct {
	From, To string
	Ship     string // HASH, FORWARD, REBALANCE …; empty is unknown
}

// Window is how the windows of operators of a vertex lie, as the plan describes them. What is 0 is unknown.
type Window struct {
	Vertex      string // name, as the analysis has it
	Node        string // operator in the plan; empty where the plan does not number them
	Kind        string // tumbling, sliding …
	Size, Slide time.Duration
	Copies      int // windows of each record
}

// Setting is a value of Flink's configuration.
type Setting struct {
	Key   string
	Value string
	From  string // "job": it is in force for this job; "cluster" and "default": code of the job may have set another; "plan"
}

// Key is one that a change may name, since it can act in this job.
type Key struct {
	Name       string
	Type       string
	InForce    string   // empty is unknown
	Turn       string   // what the mechanisms do with it: "true", "raise", "lower" …
	Bounds     string   // in words; empty is none
	Mechanisms []string // ids
}

// Tree is the pruned call tree of one mode, all JVMs merged.
type Tree struct {
	Mode  events.Mode
	Lines []Line
}

// Line is one node of a call tree in depth-first order.
type Line struct {
	ID       string // for example T17
	Depth    int
	Frame    string
	Callers  []string // those left out above it that tell most, the outermost first
	Operator string   // id of the one that the line and all below it lie in; empty where that of the line above says it, or none does
	Share    float64  // with its callees, of the tree without idle frames, 0 to 1
	Self     float64  // without its callees, 0 to 1
	TE       float64  // thread equivalents; 0 is unknown
	Worth    float64  // beside other lines, 0 to 1; never more than that of the line above
}

// Fact returns the line as a fact that can be cited.
func (l Line) Fact(mode events.Mode) events.Fact {
	return events.Fact{
		ID: l.ID, Text: l.Frame + " and its callees", Value: l.Share, Unit: "share", Frame: l.Frame, Mode: mode,
	}
}

// File is one context file of the user.
type File struct {
	Name string
	Text string
}

// Budget limits the parts of a prompt, in tokens of o200k_base. Zero is the default.
type Budget struct {
	Profile int // default and maximum [MaxProfileTokens]
	Context int // default [DefaultContextTokens]; negative sends no files
	Window  int // of the whole prompt; default [DefaultWindowTokens]
}

// Default budgets in tokens.
const (
	MaxProfileTokens     = 4000
	MaxMapTokens         = 7500 // of all blocks but the context files: the profile gets what the others leave
	DefaultContextTokens = 6000
	DefaultWindowTokens  = 120_000
)

// The most tokens that the blocks beside the profile may have.
const (
	maxJobTokens        = 700
	maxGraphTokens      = 1800
	maxMetricsTokens    = 1200
	maxComparisonTokens = 800
	maxSettingsTokens   = 1200
)

func (b Budget) withDefaults() Budget {
	if b.Profile <= 0 || b.Profile > MaxProfileTokens {
		b.Profile = MaxProfileTokens
	}
	if b.Context == 0 {
		b.Context = DefaultContextTokens
	}
	if b.Window <= 0 {
		b.Window = DefaultWindowTokens
	}
	return b
}
