package scan

import (
	"cmp"
	"slices"
	"sync"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// NoName stands for no frame at all.
const NoName flamegraph.NameID = -1

// Chain says below which operator and which user function a sample lies, and in whose output that operator runs. One that
// is Between lies below no operator's function but below one that runs while a record is read for a task or written to
// another: a serializer of the user's own, or what finds a record's key.
type Chain struct {
	Parent   int32             // the operator upstream in the same stack; -1 is none
	Operator flamegraph.NameID // the frame where Flink enters the operator; Between: of the one that sends, or else the function
	Anchor   flamegraph.NameID // the function: first user frame from the operator on, or NoName
	Source   bool              // the operator is a source
	Between  bool              // the function runs for no operator but between two tasks
	Spot     int32             // of the operator, or of its function
	Active   uint64            // samples below the operator but not below the next one, without idle ones
	Waits    uint64            // of Active: those that wait
	Held     uint64            // of Waits: those that wait for an output buffer
	Running  uint64            // of Active: those that no rule explains, below no output, and that run
	Waiting  uint64            // of Active: those that no rule explains, below no output, and that wait
}

// Reads reports that the function runs while a record is read, above all operators.
func (c *Chain) Reads() bool { return c.Between && c.Parent < 0 }

// Writes reports that the function runs while a record is written that the operator Parent sends.
func (c *Chain) Writes() bool { return c.Between && c.Parent >= 0 }

// Site is a place where a rule matches.
type Site struct {
	Rule    int               // index in the catalogue
	Chain   int32             // -1: below no operator
	Spot    int32             // [NoSpot]: outside the tasks
	Frame   flamegraph.NameID // that matched
	Samples uint64
	Waiting uint64             // of Samples
	Held    uint64             // of Waiting: those that wait for an output buffer
	Example flamegraph.FrameID // one such frame, for its stack
}

// Helper is the work of threads that are no tasks: callbacks of asynchronous clients, fetchers of sources, pools.
type Helper struct {
	Root    flamegraph.NameID // outermost Java frame that is not of the JDK
	Anchor  flamegraph.NameID // first user frame, or NoName in a source's fetcher
	Samples uint64            // active
	Waiting uint64            // of Samples
}

// End is what allocations or contended lock entries end in.
type End struct {
	Class   flamegraph.NameID // that is allocated, or of the lock
	Caller  flamegraph.NameID // innermost user frame, else innermost Java frame above Class, or NoName
	Anchor  flamegraph.NameID // of the [Chain], or NoName
	Reads   bool              // Anchor runs while a record is read: see [Chain.Reads]
	Samples uint64
}

// Scan is what one capture proves. Graph holds normalised names; all counts are samples. Nothing is idle but in WALL:
// what burns CPU, allocates or fights for a lock works, also where a thread of WALL would rest.
type Scan struct {
	Graph       *flamegraph.Graph
	Family      mechanisms.Family
	Total       uint64
	Idle        uint64
	IdleBy      []uint64                     // by idle path of the catalogue; in other modes than WALL these are active
	Task        uint64                       // in the threads of subtasks, idle or not: the denominator of thread equivalents
	SourceRoots uint64                       // in the second threads of legacy sources
	TaskActive  uint64                       // in both kinds of task threads, without idle
	TaskWaiting uint64                       // of TaskActive
	TaskResting uint64                       // of TaskActive, by idle paths: 0 in WALL
	Unresolved  uint64                       // of what is not idle
	Categories  []uint64                     // as [Scanner.Category] names them, the last one is the rest
	User        map[flamegraph.NameID]uint64 // of the category user code, by innermost user frame
	Chains      []Chain
	Spots       []Spot // a parent before its children
	Sites       []*Site
	Helpers     []*Helper // most samples first
	Ends        []*End    // of ALLOC and LOCK only; most samples first
	ActiveWidth []uint64  // by frame: samples below it that are not idle

	names     []nameInfo
	own       [][]ownEnd                      // by chain: where samples end that no rule explains
	operators []flamegraph.FrameID            // frames that are operators, in pre-order
	resting   map[string][]flamegraph.FrameID // by the id of an idle path: the frames below which samples are idle by it
	insides   func() map[partKey]*inside
	places    func() []FramePlace
	category  func(int) string
}

// Active returns the samples that are not idle.
func (s *Scan) Active() uint64 { return s.Total - s.Idle }

func (s *Scanner) newPass(g *flamegraph.Graph, family mechanisms.Family) *pass {
	program := s.programs[family]
	names := s.describe(g, program)
	return &pass{
		scanner: s, graph: g, program: program, names: names,
		sites: map[siteKey]*Site{}, chains: map[Chain]int32{}, spots: map[spotKey]int32{}, helpers: map[[2]flamegraph.NameID]*Helper{},
		ends: map[End]*End{}, classEnds: family == mechanisms.FamilyAlloc || family == mechanisms.FamilyLock,
		out: &Scan{
			Graph: g, Family: family, Total: g.Total(), IdleBy: make([]uint64, len(s.catalogue.Idle)),
			Categories:  make([]uint64, len(s.catalogue.Frames.Categories)+2),
			User:        map[flamegraph.NameID]uint64{},
			ActiveWidth: make([]uint64, g.Len()),
			names:       names,
			resting:     map[string][]flamegraph.FrameID{},
			insides:     sync.OnceValue(func() map[partKey]*inside { return s.insidesOf(g, family) }),
			places:      sync.OnceValue(func() []FramePlace { return s.placesOf(g, family) }),
			category:    s.Category,
		},
	}
}

// Scan reads a graph whose names are normalised, as [flamegraph.Merge] leaves them.
func (s *Scanner) Scan(g *flamegraph.Graph, family mechanisms.Family) *Scan {
	p := s.newPass(g, family)
	p.run(g)
	slices.SortFunc(p.out.Sites, func(a, b *Site) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Example, b.Example))
	})
	slices.SortFunc(p.out.Helpers, func(a, b *Helper) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Root, b.Root), cmp.Compare(a.Anchor, b.Anchor))
	})
	slices.SortFunc(p.out.Ends, func(a, b *End) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Caller, b.Caller),
			cmp.Compare(a.Anchor, b.Anchor))
	})
	return p.out
}
