package events

// Count says what was counted for a number, so that anybody can count it again from the pages of the captures and
// [Counting]. It is a list of conditions: those samples count that meet every condition that is set.
//
// A page is a tree of frames with their widths. The stack of a sample is a path of the tree without its root, callers
// first; as many samples end in a frame as its width exceeds the widths of the frames that it calls, and each of them
// counts once, however often its stack meets a condition. Names are compared as [Counting] writes them.
//
// Paths are written as in docs/rules.md: "a > b" is b somewhere below a, "a -> b" is b called by a with nothing
// between, "a $" is a as the last frame, and '*' in a name is any run of characters, dots and spaces included; a step
// holds no spaces. A step @operator,
// @output or @wait is any frame of that kind by [Counting], and @user any Java frame that is of no library. Steps match
// different frames from the root down: "a > a" needs a below a.
type Count struct {
	// Mode is that of the captures. All captures of the mode that Analysis.captures lists for one of JVMs are counted;
	// several of one JVM add up.
	Mode Mode `json:"mode"`
	// JVMs are the ids of the TaskManagers whose captures are counted, as in Analysis.captures.
	JVMs []string `json:"jvms"`
	// Root is the kind of thread that the sample is of.
	Root Root `json:"root,omitempty"`
	// Idle is what is counted of the idle samples: empty takes those that are not idle alone ("active"), "any" makes no
	// difference, "only" takes none but the idle ones, and else it is the id of one of the idle paths, which the sample
	// must be idle by.
	Idle string `json:"idle,omitempty"`
	// State is what the thread did.
	State ThreadState `json:"state,omitempty"`
	// Part is the part of the stack in which Match is looked for.
	Part Part `json:"part,omitempty"`
	// Match are paths: one of them must match in Part. Without any, all samples match.
	Match []string `json:"match,omitempty"`
	// Above are paths: one of them must match in the frames before Part.
	Above []string `json:"above,omitempty"`
	// Without are paths: none of them may match in the whole stack.
	Without []string `json:"without,omitempty"`
	// With are paths: one of them must match in the whole stack.
	With []string `json:"with,omitempty"`
	// Self takes only samples that end in the frame that completes a path of Match, as if the path ended with "$". A
	// sample ends in the first frame of its stack that is a @wait, or else in the last one.
	Self bool `json:"self,omitempty"`
	// Category is a name in Counting.categories: the work must be of it.
	Category string `json:"category,omitempty"`
	// Package is the Java package of the innermost @user frame of the stack, a class being its own package when it has
	// none: everything before the last dot of the class, and the class itself without a dot.
	Package string `json:"package,omitempty"`
	// Stack is how the stack begins: all its frames from the root down, after those of From.
	Stack []string `json:"stack,omitempty"`
	// From is the id of a fact: what its count says of Stack (and its From) comes before this Stack.
	From string `json:"from,omitempty"`
	// Samples is the result. Where Unit is set, it is no number of samples but the sum of their values.
	Samples int64 `json:"samples"`
	// Unit is that of the values of the pages, as in their titles: ns or bytes. Empty: samples.
	Unit string `json:"unit,omitempty"`
	// Of is the whole that a share refers to. The value of a fact in the unit "share" with an Of is Samples over
	// Of.samples.
	Of *Count `json:"of,omitempty"`
	// Rates turn the samples into thread equivalents or cores, one for each of JVMs; their sum is the value of a fact in the
	// unit "te" or "cores".
	Rates []Rate `json:"rates,omitempty"`
	// Busy are the thread equivalents of a vertex that a share refers to: the value of a fact in the unit "share" is the sum of
	// Rates over Busy, and 1 at most.
	Busy float64 `json:"busy,omitempty"`
	// AtMost says that the value is of no more than these samples: a part of them is counted for another finding or belongs to
	// another vertex, or the busy time bounds it.
	AtMost bool `json:"atMost,omitempty"`
}

// Root is a kind of thread, by the frames of its stacks.
type Root string

// The kinds of threads.
const (
	RootTask   Root = "task"   // the stack holds a frame of Counting.taskRoots, and none of Counting.sourceRoots
	RootSource Root = "source" // the stack holds a frame of Counting.sourceRoots
	RootTasks  Root = "tasks"  // one or the other
	RootOther  Root = "other"  // neither
)

// ThreadState is what a thread did in a sample.
type ThreadState string

// The states.
const (
	StateWaiting ThreadState = "waiting" // the stack holds a @wait
	StateRunning ThreadState = "running" // it holds none
)

// Part is a part of a stack.
type Part string

// The parts. An operator is a @operator frame by Counting.operators.
const (
	PartOperator Part = "operator" // from the last operator of the stack on; a stack without one does not count
	PartOwn      Part = "own"      // the same, and a stack with a @output below that operator does not count
)

// What Count.Idle takes beside the ids of idle paths.
const (
	IdleAny  = "any"
	IdleOnly = "only"
)

// Counting is what the counts of an analysis have in common: the names of frames, and which frames are of which kind.
// All lists but the prefixes hold names with '*', as in the paths of [Count].
//
// Names are those of the page after these steps, in this order: an address "/0x1f", ".0x1f" or "+0x1f" that no letter,
// digit or '_' follows goes, and so does a number "$14" or "/1234" right behind "$$Lambda"; what follows "@@" or
// "@GLIBC" goes, with that sign; " tid=12" goes before the "]" of a name in brackets; in a name with '/' that begins
// with neither '/' nor '[' and holds neither "::" nor '(', a number between '/' and '.' goes with its '/', and '/'
// becomes '.'; the digits behind $Proxy, jdk.proxy, GeneratedMethodAccessor, GeneratedConstructorAccessor and
// GeneratedSerializationConstructorAccessor, and the letters, digits and '_' behind $$SpringCGLIB$$,
// $$EnhancerBySpringCGLIB$$, $$FastClassBySpringCGLIB$$, $$EnhancerByCGLIB$$, $$FastClassByCGLIB$$, $ByteBuddy$,
// $HibernateProxy$ and _$$_jvst become '*'; and in a name of one class without a package and one method, digits behind
// '$' in the class become '*', and so do digits behind '$' in the method when the class then holds "$*".
type Counting struct {
	// TaskRoots are the frames in which the thread of a subtask begins.
	TaskRoots []string `json:"taskRoots"`
	// SourceRoots are those of the second thread of a subtask with a source of the old kind.
	SourceRoots []string `json:"sourceRoots"`
	// Operators tells the @operator frames.
	Operators OperatorRule `json:"operators"`
	// Outputs are the @output frames: there an operator hands a record on.
	Outputs []string `json:"outputs"`
	// Waits are the @wait frames: below them a thread does not run.
	Waits []string `json:"waits"`
	// Idle are the idle paths. Nothing is idle but in WALL: what burns CPU, allocates or fights for a lock works.
	Idle []IdlePath `json:"idle"`
	// Categories are the kinds of work. That of a sample is found from its end upward: the first frame that any category
	// knows decides, and of several categories that of @user, or else the first one. A last frame of the kernel, in a
	// sample that does not wait, is of the category "kernel", unless it is the class at the end of ALLOC and LOCK; a sample
	// without any is "other".
	Categories []WorkCategory `json:"categories"`
	// Libraries are prefixes. Of all prefixes here and in NotLibraries with which the name of a Java frame begins, the
	// longest decides; without any, a frame is of a library when its name holds one of Shaded. It is of none and no user's
	// either when its name has no dot, holds one of ":(/[ ", begins with a dot or with "lib", or is that of one class that
	// holds "$*" in no package, and a method. All other Java frames are @user; in ALLOC and LOCK the last frame is a class
	// and never one.
	Libraries []string `json:"libraries"`
	// NotLibraries are prefixes of @user frames, unless a longer one of Libraries fits.
	NotLibraries []string `json:"notLibraries"`
	// Shaded are parts of the names of libraries.
	Shaded []string `json:"shaded"`
}

// OperatorRule tells where Flink hands a record, a watermark or a timer to an operator. Going down a stack, a Java
// frame is an operator when it is one of Entries and none of Except, lies below a task or source root, and no other
// operator lies between it and the last gate above it: the root, a @output, or one of Gates.
type OperatorRule struct {
	Entries []string `json:"entries"`
	Except  []string `json:"except"` // frames of Flink's own machinery with such names
	Gates   []string `json:"gates"`  // where operators are entered anew, as by the loop of the task and by timers
}

// IdlePath is a pattern of samples that are no work and no fault. A sample is idle by the path that is complete first
// when its stack is read from the root, and of several that a frame completes, by the first one of the list.
type IdlePath struct {
	ID           string   `json:"id"`
	Meaning      string   `json:"meaning"`
	Frames       []string `json:"frames"`                 // paths: one of them must match
	NotBelow     []string `json:"notBelow,omitempty"`     // a frame above the end of the match, or that end itself, is none of these
	Native       bool     `json:"native,omitempty"`       // only when no frame up to the end of the match is a Java frame
	OutsideTasks bool     `json:"outsideTasks,omitempty"` // only when no frame up to the end of the match is a task or source root
}

// WorkCategory is a kind of work.
type WorkCategory struct {
	Name   string   `json:"name"`
	Frames []string `json:"frames"` // names with '*', or @user
}
