package scan

import (
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// mask is a set of rules.
type mask [mechanisms.MaxMechanisms / 64]uint64

func (m *mask) add(i int)          { m[i/64] |= 1 << (i % 64) }
func (m *mask) drop(i int)         { m[i/64] &^= 1 << (i % 64) }
func (m *mask) has(i int) bool     { return m[i/64]&(1<<(i%64)) != 0 }
func (m *mask) join(o *mask)       { m[0] |= o[0]; m[1] |= o[1] }
func (m *mask) meets(o *mask) bool { return m[0]&o[0] != 0 || m[1]&o[1] != 0 }

// purpose is what the end of a path means.
type purpose uint8

const (
	pathMatches purpose = iota // the rule matches
	pathBlocks                 // the rule does not match below
	pathEnds                   // the rule's match goes no further down
	pathIdles                  // the subtree is idle
	pathNoIdle                 // the idle path does not match below
)

// path is a compiled path: segments of frames that call each other directly.
type path struct {
	purpose  purpose
	index    int // of the rule or of the idle path
	segments [][]step
	leaf     bool
}

// step is a glob id, or a class of frames when it is negative.
type step int32

const (
	classUser step = -1 - iota
	classOperator
	classOutput
	classWait
)

var classSteps = map[string]step{
	"@user": classUser, "@operator": classOperator, "@output": classOutput, "@wait": classWait,
}

// program is what runs over the graphs of one family.
type program struct {
	paths   []path
	ends    map[step][]end // by glob
	classes [4][]end       // by class of frames: see ofClass
	moves   [4]moves       // the same for all at once
	begun   []int32        // the paths of the segments that are not the last, by their numbers
}

func newProgram() program { return program{ends: map[step][]end{}} }

// ofClass returns the segments that end with a class of frames.
func (p *program) ofClass(class step) []end { return p.classes[-1-class] }

// ofGlobs returns the segments that end with one of some globs.
func (p *program) ofGlobs(globs []step) []end {
	var all []end
	for _, glob := range globs {
		all = append(all, p.ends[glob]...)
	}
	return all
}

// Scanner holds the compiled catalogue. It is safe for concurrent use.
type Scanner struct {
	catalogue    *mechanisms.Catalogue
	globs        *globSet
	flagsOf      map[int32]nameFlags
	categoryOf   map[int32]int16
	stageOf      map[int32]mechanisms.Stage
	isStep       map[int32]bool
	userCategory int8
	programs     map[mechanisms.Family]*program
	overriddenBy []mask // by rule: the rules that take its samples
}

// NewScanner compiles a catalogue.
func NewScanner(c *mechanisms.Catalogue) *Scanner {
	s := &Scanner{
		catalogue: c, globs: newGlobSet(), flagsOf: map[int32]nameFlags{}, categoryOf: map[int32]int16{},
		stageOf: map[int32]mechanisms.Stage{},
		isStep:  map[int32]bool{}, userCategory: -1, programs: map[mechanisms.Family]*program{},
		overriddenBy: make([]mask, len(c.Mechanisms)),
	}
	for flag, globs := range map[nameFlags][]string{
		isTaskRoot: c.Frames.Roots.Task, isSourceRoot: c.Frames.Roots.Source,
		isEntry: c.Frames.Operators.Entries, isExcept: c.Frames.Operators.Except, isGate: c.Frames.Operators.Gates,
		isSource: c.Frames.Sources, isOutput: c.Frames.Outputs, isWait: c.Frames.Waits, isUnresolved: c.Frames.Unresolved,
		isGenerated: c.Frames.Generated,
	} {
		for _, glob := range globs {
			s.flagsOf[s.globs.add(glob)] |= flag
		}
	}
	s.compileCategories()
	for stage, globs := range c.Frames.Stages {
		for _, glob := range globs {
			s.stageOf[s.globs.add(glob)] = stage
		}
	}
	s.compileOverrides()
	for _, family := range []mechanisms.Family{mechanisms.FamilyCPU, mechanisms.FamilyWall, mechanisms.FamilyAlloc, mechanisms.FamilyLock} {
		s.programs[family] = s.compile(family)
	}
	return s
}

func (s *Scanner) compileCategories() {
	for i, category := range s.catalogue.Frames.Categories {
		for _, glob := range category.Frames {
			if glob == "@user" {
				s.userCategory = int8(i)
				continue
			}
			id := s.globs.add(glob)
			if _, ok := s.categoryOf[id]; !ok {
				s.categoryOf[id] = int16(i)
			}
		}
	}
}

func (s *Scanner) compileOverrides() {
	for i := range s.catalogue.Mechanisms {
		for j := range s.catalogue.Mechanisms {
			if s.catalogue.Mechanisms[i].TakesFrom(&s.catalogue.Mechanisms[j]) {
				s.overriddenBy[j].add(i)
			}
		}
	}
}

func (s *Scanner) compile(family mechanisms.Family) *program {
	p := newProgram()
	for i, r := range s.catalogue.Mechanisms {
		if !r.Sees(family) {
			continue
		}
		frames := r.Frames
		switch family {
		case mechanisms.FamilyLock:
			frames = r.LockFrames
		case mechanisms.FamilyAlloc:
			frames = r.AllocFrames
		}
		s.addPaths(&p, pathEnds, i, r.Until) // first: a frame may end a match and begin another
		s.addPaths(&p, pathMatches, i, frames)
		s.addPaths(&p, pathBlocks, i, r.NotBelow)
	}
	for i, idle := range s.catalogue.Idle {
		s.addPaths(&p, pathIdles, i, idle.Frames)
		s.addPaths(&p, pathNoIdle, i, idle.NotBelow)
	}
	for i, ends := range p.classes {
		p.moves[i] = p.movesOf(ends)
	}
	return &p
}

func (s *Scanner) addPaths(p *program, why purpose, index int, texts []string) {
	add := func(glob string) step {
		id := s.globs.add(glob)
		s.isStep[id] = true
		return step(id)
	}
	for _, text := range texts {
		if err := p.add(why, index, text, add); err != nil {
			panic(err) // a catalogue is checked when it is loaded
		}
	}
}

// add compiles a path; glob numbers the globs.
func (p *program) add(why purpose, index int, text string, glob func(string) step) error {
	parsed, err := mechanisms.ParsePath(text)
	if err != nil {
		return err
	}
	compiled := path{purpose: why, index: index, leaf: parsed[len(parsed)-1].Leaf}
	for _, st := range parsed {
		id, ok := classSteps[st.Glob]
		if !ok {
			id = glob(st.Glob)
		}
		if !st.Direct {
			compiled.segments = append(compiled.segments, nil)
		}
		last := len(compiled.segments) - 1
		compiled.segments[last] = append(compiled.segments[last], id)
	}
	number := int32(len(p.paths)) //nolint:gosec // a few hundred paths
	p.paths = append(p.paths, compiled)
	after := int32(-1)
	for i, segment := range compiled.segments {
		e := end{path: number, segment: int32(i), after: after, begins: -1}
		if i < len(compiled.segments)-1 {
			e.begins = int32(len(p.begun)) //nolint:gosec // a few hundred segments
			p.begun = append(p.begun, number)
		}
		after = e.begins
		if st := segment[len(segment)-1]; st < 0 {
			p.classes[-1-st] = append(p.classes[-1-st], e)
		} else {
			p.ends[st] = append(p.ends[st], e)
		}
	}
	return nil
}
