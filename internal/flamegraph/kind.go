package flamegraph

// Kind is the sort of code that a frame ran as. The numbers are those of
// async-profiler, the same in all its versions.
type Kind uint8

// The kinds. In an ALLOC profile the last frame is the allocated class:
// Inlined when it was allocated in a TLAB, Kernel when outside. In a LOCK
// profile the last frame is the class of the lock, of kind Inlined.
const (
	Interpreted Kind = iota
	JIT              // compiled by C2
	Inlined
	Native
	CPP
	Kernel
	C1
)

var kindNames = [...]string{"interpreted", "jit", "inlined", "native", "cpp", "kernel", "c1"}

// IsJava reports whether the frame is a Java method, however it was executed.
func (k Kind) IsJava() bool { return k == Interpreted || k == JIT || k == Inlined || k == C1 }

// String returns the lower-case name of the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// sort puts the four Java kinds into one: two frames with the same caller,
// name and sort are the same frame.
func (k Kind) sort() Kind {
	if k.IsJava() {
		return JIT
	}
	return k
}

// count returns the counts of n samples of one kind.
func (k Kind) count(n uint64) Counts {
	switch k {
	case Interpreted:
		return Counts{Interpreted: n}
	case Inlined:
		return Counts{Inlined: n}
	case C1:
		return Counts{C1: n}
	default:
		return Counts{}
	}
}

// kindOf is the rule by which async-profiler shows one kind for a frame whose
// samples were of several kinds.
func kindOf(sort Kind, c Counts, width uint64) Kind {
	switch {
	case sort != JIT || width == 0:
		return sort
	case c.Inlined >= ceilDiv(width, 3):
		return Inlined
	case c.C1 >= ceilDiv(width, 2):
		return C1
	case c.Interpreted >= ceilDiv(width, 2):
		return Interpreted
	default:
		return JIT
	}
}

func ceilDiv(a, b uint64) uint64 { return a/b + min(a%b, 1) }

// Dialect is the form of a profile file.
type Dialect uint8

// The dialects that Parse understands. A graph made by Merge has the dialect
// Merged.
const (
	Merged    Dialect = iota
	HTML2             // a page of async-profiler up to 2.9
	HTML3             // a page of async-profiler 3 or 4
	Collapsed         // lines "a;b;c 12"
	Pprof             // a compressed profile of pprof
)

var dialectNames = [...]string{"merged", "async-profiler 2 page", "async-profiler 3+ page", "collapsed stacks", "pprof profile"}

// String describes the dialect in a few words.
func (d Dialect) String() string {
	if int(d) < len(dialectNames) {
		return dialectNames[d]
	}
	return "unknown"
}
