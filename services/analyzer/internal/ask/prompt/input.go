package prompt

import (
	"fmt"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// Input is what a prompt is built from.
type Input struct {
	Analysis events.Analysis
	Trees    []Tree
	Pages    []Page            // the flame graphs as captured; only their sizes matter to BlockCompact
	Files    []File            // the user's context files
	Settings map[string]string // configuration of the JobManager
	Machines Machines
	Keys     []string  // configuration keys that an answer may name
	Links    []string  // documentation that an answer may link
	Template *Template // nil is the default
	Block    Block     // empty is BlockCompact
	Budget   Budget
}

// Block is a form of the profile in a prompt.
type Block string

// The forms of the profile.
const (
	BlockCompact Block = "compact" // pruned call trees, at most MaxProfileTokens
	BlockHTML    Block = "html"    // the pages as captured, as long as they fit the model
)

// Validate checks the name of the form.
func (b Block) Validate() error {
	switch b {
	case "", BlockCompact, BlockHTML:
		return nil
	}
	return fmt.Errorf("profile block %q: choose %s or %s", string(b), BlockCompact, BlockHTML)
}

// Page is a flame graph as it was captured.
type Page struct {
	Name string
	Body []byte
}

// Machines is what the job runs on, for the block of metrics.
type Machines struct {
	Java         string // version
	TaskManagers []jobcontext.TaskManager
	Checkpoints  *jobcontext.Checkpoints
	Exceptions   []string // first lines
}

// Tree is the pruned call tree of one mode, all JVMs merged.
type Tree struct {
	Mode  events.Mode
	Lines []Line
}

// Line is one node of a call tree in depth-first order.
type Line struct {
	ID    string // for example T17
	Depth int
	Frame string
	Share float64 // with its callees, of the tree without idle frames, 0 to 1
	Self  float64 // without its callees, 0 to 1
	TE    float64 // thread equivalents; 0 is unknown
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
	Profile int // default and maximum 4,000
	Context int // default 6,000; negative sends no files
	Window  int // of the whole prompt; default 120,000
}

// Default budgets in tokens.
const (
	MaxProfileTokens     = 4000
	DefaultContextTokens = 6000
	DefaultWindowTokens  = 120_000
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
