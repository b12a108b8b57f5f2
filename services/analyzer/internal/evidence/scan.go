package evidence

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/rules"
)

// NoName stands for no frame at all.
const NoName flamegraph.NameID = -1

// Chain says below which operator and which user function a sample lies, and in whose output that operator runs.
type Chain struct {
	Parent   int32             // the operator upstream in the same stack; -1 is none
	Operator flamegraph.NameID // the frame where Flink enters the operator
	Anchor   flamegraph.NameID // first user frame below it, or NoName
	Source   bool              // the operator is a source
	Active   uint64            // samples below the operator but not below the next one, without idle ones
	Waits    uint64            // of Active: those that wait
	Running  uint64            // of Active: those that no rule explains and that run in user code
	Waiting  uint64            // of Active: those that no rule explains and that wait in user code
}

// Site is a place where a rule matches.
type Site struct {
	Rule    int               // index in the catalogue
	Chain   int32             // -1: below no operator
	Frame   flamegraph.NameID // that matched
	Samples uint64
	Waiting uint64             // of Samples
	Example flamegraph.FrameID // one such frame, for its stack
}

// Scan is what one capture proves. Graph holds normalised names; all counts are samples.
type Scan struct {
	Graph       *flamegraph.Graph
	Family      rules.Family
	Total       uint64
	Idle        uint64
	IdleBy      []uint64 // by idle path of the catalogue
	Task        uint64   // in the threads of subtasks, idle or not: the denominator of thread equivalents
	SourceRoots uint64   // in the second threads of legacy sources
	TaskActive  uint64   // in both kinds of task threads, without idle
	TaskWaiting uint64   // of TaskActive
	Unresolved  uint64   // of what is not idle
	Categories  []uint64 // by category of the catalogue, the last one is the rest
	Chains      []Chain
	Sites       []*Site
	Helpers     map[flamegraph.NameID]uint64 // active samples outside tasks by their first user frame
	ActiveWidth []uint64                     // by frame: samples below it that are not idle

	names  []nameInfo
	leaves map[leafKey]uint64
}

// Active returns the samples that are not idle.
func (s *Scan) Active() uint64 { return s.Total - s.Idle }

// leafKey counts where the unexplained samples of a chain end.
type leafKey struct {
	chain   int32
	waiting bool
	java    flamegraph.NameID // innermost Java frame
	leaf    flamegraph.NameID
}

// Scan reads a graph whose names are normalised, as [flamegraph.Merge] leaves them.
func (s *Scanner) Scan(g *flamegraph.Graph, family rules.Family) *Scan {
	names := s.describe(g)
	p := pass{
		scanner: s, program: s.programs[family], names: names,
		sites: map[siteKey]*Site{}, chains: map[Chain]int32{},
		out: &Scan{
			Graph: g, Family: family, Total: g.Total(), IdleBy: make([]uint64, len(s.catalogue.Idle)),
			Categories:  make([]uint64, len(s.catalogue.Frames.Categories)+1),
			Helpers:     map[flamegraph.NameID]uint64{},
			ActiveWidth: make([]uint64, g.Len()),
			leaves:      map[leafKey]uint64{},
			names:       names,
		},
	}
	p.run(g)
	slices.SortFunc(p.out.Sites, func(a, b *Site) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Example, b.Example))
	})
	return p.out
}

// Hottest returns where most of the unexplained samples of a chain end: the innermost Java frame, the last frame
// (the same, or a native one), and their number.
func (s *Scan) Hottest(chain int32, waiting bool) (java, leaf flamegraph.NameID, samples uint64) {
	java, leaf = NoName, NoName
	for key, n := range s.leaves {
		if key.chain != chain || key.waiting != waiting {
			continue
		}
		if n > samples || (n == samples && (key.java < java || (key.java == java && key.leaf < leaf))) {
			java, leaf, samples = key.java, key.leaf, n
		}
	}
	return java, leaf, samples
}
