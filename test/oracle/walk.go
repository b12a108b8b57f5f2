package oracle

import (
	"slices"
	"strings"
)

// The modes whose last frame is a class, not code.
func classAtEnd(mode string) bool { return mode == "ALLOC" || mode == "LOCK" }

// marks are what is known of a frame by its name alone.
type marks struct {
	name                            string
	java, kernel                    bool
	user, output, wait, entry, gate bool
	taskRoot, sourceRoot            bool
	categories                      []known // that know the frame, in their order
	globs                           map[string]bool
}

// known is a category that knows a frame, and by which of its names.
type known struct{ name, frame string }

// rules are a Counting made ready, with what was found out about each frame.
type rules struct {
	counting
	frames map[Frame]*marks
	idle   []idleRule
	paths  map[string]path
}

type idleRule struct {
	idlePath
	paths []path
}

func newRules(c *counting) *rules {
	r := &rules{counting: *c, frames: map[Frame]*marks{}, paths: map[string]path{}}
	for _, p := range c.Idle {
		rule := idleRule{idlePath: p}
		for _, f := range p.Frames {
			rule.paths = append(rule.paths, parsePath(f))
		}
		r.idle = append(r.idle, rule)
	}
	return r
}

func (r *rules) path(text string) path {
	p, ok := r.paths[text]
	if !ok {
		p = parsePath(text)
		r.paths[text] = p
	}
	return p
}

func (r *rules) marks(f Frame) *marks {
	if m, ok := r.frames[f]; ok {
		return m
	}
	m := &marks{name: f.Name, java: f.Java, kernel: f.Kernel, globs: map[string]bool{}}
	r.frames[f] = m
	m.user = f.Java && r.isUser(f.Name)
	m.output, m.wait = m.any(r.Outputs), m.any(r.Waits)
	m.entry = f.Java && m.any(r.Operators.Entries) && !m.any(r.Operators.Except)
	m.gate = m.any(r.Operators.Gates)
	m.taskRoot, m.sourceRoot = m.any(r.TaskRoots), m.any(r.SourceRoots)
	for _, c := range r.Categories {
		for _, name := range c.Frames {
			if m.is(name) {
				m.categories = append(m.categories, known{c.Name, name})
			}
		}
	}
	return m
}

// isUser tells of the name of a Java frame whether it is of a user: of no library and not generated.
func (r *rules) isUser(name string) bool {
	library, known := longest(r.Libraries, name), longest(r.NotLibraries, name)
	switch {
	case library > known:
		return false
	case known > library:
		return true
	case slices.ContainsFunc(r.Shaded, func(part string) bool { return strings.Contains(name, part) }):
		return false
	}
	class, method, ok := strings.Cut(name, ".")
	generated := strings.Contains(class, "$*") && !strings.Contains(method, ".")
	return ok && !generated && !strings.ContainsAny(name, ":(/[ ") && class != "" && !strings.HasPrefix(name, "lib")
}

// longest is the length of the longest of the prefixes with which a name begins, -1 without one.
func longest(prefixes []string, name string) int {
	most := -1
	for _, p := range prefixes {
		if strings.HasPrefix(name, p) {
			most = max(most, len(p))
		}
	}
	return most
}

// any reports whether the frame is one of the names, which may hold '*' or be a kind of frame.
func (m *marks) any(names []string) bool { return slices.ContainsFunc(names, m.is) }

func (m *marks) is(name string) bool {
	switch name {
	case "@user":
		return m.user
	case "@output":
		return m.output
	case "@wait":
		return m.wait
	}
	yes, ok := m.globs[name]
	if !ok {
		yes = glob(name, m.name)
		m.globs[name] = yes
	}
	return yes
}

// glob compares a name with a pattern in which '*' is any run of characters.
func glob(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(name, first) || !strings.HasSuffix(name[len(first):], last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return true
}

// walked is a stack and what the rules say of it.
type walked struct {
	frames   []*marks
	n        int64
	class    bool   // the last frame is one
	operator []bool // by frame
	last     int    // the last operator, -1 without one
	own      bool   // no output below it
	task     bool
	source   bool
	end      int // the frame in which the sample ends
	waits    bool
	idle     string // the path by which it is idle, or empty
	category string
	pkg      string
}

func (r *rules) walk(s *Stack, mode string) *walked {
	w := &walked{n: s.N, class: classAtEnd(mode), last: -1, end: len(s.Frames) - 1, operator: make([]bool, len(s.Frames))}
	for i, f := range s.Frames {
		m := r.marks(f)
		w.frames = append(w.frames, m)
		if m.wait && !w.waits {
			w.waits, w.end = true, i
		}
		w.task, w.source = w.task || m.taskRoot, w.source || m.sourceRoot
		if w.user(m, i, len(s.Frames)) {
			w.pkg = packageOf(m.name)
		}
	}
	w.findOperators()
	if mode == "WALL" {
		w.idle = r.idleBy(w)
	}
	w.category = r.categoryOf(w)
	return w
}

// findOperators goes down the stack: behind each gate below a root, the first entry is an operator.
func (w *walked) findOperators() {
	rooted, open := false, false
	for i, m := range w.frames {
		root := m.taskRoot || m.sourceRoot
		rooted = rooted || root
		if m.entry && open && rooted && (!w.class || i < len(w.frames)-1) {
			w.operator[i], w.last, w.own, open = true, i, true, false
		}
		w.own = w.own && !m.output
		open = open || root || m.output || m.gate
	}
}

// user reports whether a frame is of no library: a Java frame, and not the class at the end.
func (w *walked) user(m *marks, i, n int) bool { return m.user && (!w.class || i < n-1) }

func (w *walked) isUser(i int) bool { return w.user(w.frames[i], i, len(w.frames)) }

func packageOf(name string) string {
	class := name[:strings.LastIndexByte(name, '.')]
	if dot := strings.LastIndexByte(class, '.'); dot >= 0 {
		return class[:dot]
	}
	return class
}

// idleBy is the idle path that is complete first.
func (r *rules) idleBy(w *walked) string {
	best, id := len(w.frames), ""
	for i := range r.idle {
		rule := &r.idle[i]
		for _, p := range rule.paths {
			for at := range p.ends(w, 0) {
				if at >= best {
					break
				}
				if rule.holds(w, at) {
					best, id = at, rule.ID
				}
				break
			}
		}
	}
	return id
}

// holds reports whether nothing up to the end of the match forbids it.
func (rule *idleRule) holds(w *walked, end int) bool {
	for _, m := range w.frames[:end+1] {
		if m.any(rule.NotBelow) || rule.Native && m.java || rule.OutsideTasks && (m.taskRoot || m.sourceRoot) {
			return false
		}
	}
	return true
}

// categoryOf is the kind of work of a sample, from its end upward.
func (r *rules) categoryOf(w *walked) string {
	last := w.frames[len(w.frames)-1]
	if last.kernel && !w.waits && !w.class {
		return "kernel"
	}
	for i := w.end; i >= 0; i-- {
		known := w.frames[i].categories
		for _, c := range known {
			if c.frame == "@user" && w.isUser(i) {
				return c.name
			}
		}
		for _, c := range known {
			if c.frame != "@user" {
				return c.name
			}
		}
	}
	return "other"
}
