package diagnose

import (
	"slices"
	"strings"
	"unicode"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/scan"
)

// vertexMap tells which vertices a stack may belong to. A page names none: thread dumps do, and names give hints.
type vertexMap struct {
	loads   []limits.Load
	shapes  []shape
	byFrame map[string][]int // user frames and their classes, seen in task threads
	foreign map[string]bool  // the same of task threads of other jobs
}

func newVertexMap(r *reading) *vertexMap {
	m := &vertexMap{loads: r.loads, byFrame: map[string][]int{}, foreign: map[string]bool{}}
	if r.ctx == nil {
		return m
	}
	for i := range r.ctx.Vertices {
		m.shapes = append(m.shapes, shapeOf(&r.ctx.Vertices[i]))
	}
	twins := twinThreads(r.ctx.Threads)
	for _, thread := range r.ctx.Threads {
		vertices := m.verticesOfThread(thread.Name)
		other := false
		if r.shared(thread.TaskManager) {
			vertices = slices.DeleteFunc(vertices, func(v int) bool { return !m.runs(v, &thread) })
			other = isTaskThread(thread.Frames) && (len(vertices) == 0 || twins[twin{thread.TaskManager, thread.Name}] > 1)
		}
		for _, frame := range thread.Frames {
			if frame = flamegraph.Normalize(frame); r.scanner.IsUser(frame) {
				m.saw(frame, vertices, other)
				m.saw(wording.Class(frame), vertices, other)
			}
		}
	}
	return m
}

func (m *vertexMap) saw(key string, vertices []int, other bool) {
	for _, v := range vertices {
		if !slices.Contains(m.byFrame[key], v) {
			m.byFrame[key] = append(m.byFrame[key], v)
			slices.Sort(m.byFrame[key])
		}
	}
	if other {
		m.foreign[key] = true
	}
}

// verticesOfThread reads the name of a task thread: task name, subtask and attempt, "sine (1/2)#0". Other threads have
// no vertex.
func (m *vertexMap) verticesOfThread(name string) []int {
	name = strings.TrimPrefix(name, legacyThread)
	end := strings.LastIndex(name, " (")
	if end < 0 {
		return nil
	}
	var out []int
	for i := range m.loads {
		if m.loads[i].Name == name[:end] {
			out = append(out, i)
		}
	}
	return out
}

// legacyThread begins the name of the thread in which a legacy source runs.
const legacyThread = "Legacy Source Thread - "

// candidates returns the vertices that a chain of operators may belong to, in the order of the data flow, and whether
// a thread dump says so.
func (m *vertexMap) candidates(s *scan.Scan, chain int32) (vertices []int, dumped bool) {
	if chain < 0 || len(m.loads) == 0 || m.ownerOf(s, chain) == ownerOther {
		return nil, false
	}
	var anchors, operators []string
	root := s.Chains[chain]
	for at := chain; at >= 0; at = s.Chains[at].Parent {
		root = s.Chains[at]
		operators = append(operators, s.Graph.Name(root.Operator))
		if root.Anchor != scan.NoName {
			anchors = append(anchors, s.Graph.Name(root.Anchor))
		}
	}
	shaped := m.shaped(root.Source, operators)
	vertices, dumped = narrow(shaped, anchors, m.seen)
	if !dumped {
		vertices, _ = narrow(shaped, anchors, m.named)
	}
	return vertices, dumped
}

// narrow keeps the vertices that every anchor with a hint allows, and reports whether there was a hint.
func narrow(vertices []int, anchors []string, hint func(string) []int) (kept []int, hinted bool) {
	for _, anchor := range anchors {
		if both := intersect(vertices, hint(anchor)); len(both) > 0 {
			vertices, hinted = both, true
		}
	}
	return vertices, hinted
}

// seen returns the vertices in whose threads a function, or else its class, was seen.
func (m *vertexMap) seen(anchor string) []int {
	if vertices := m.byFrame[anchor]; vertices != nil {
		return vertices
	}
	return m.byFrame[wording.Class(anchor)]
}

// named returns the vertices whose names share a word with a class: "arbitrary-stall" and EvenStallingFunction.
func (m *vertexMap) named(anchor string) []int {
	class := wording.Class(anchor)
	class = class[strings.LastIndexByte(class, '.')+1:]
	var out []int
	for i := range m.loads {
		if wordsMeet(words(class), words(m.loads[i].Name)) {
			out = append(out, i)
		}
	}
	return out
}

func intersect(a, b []int) []int {
	var out []int
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// commonWords say nothing about which vertex is meant.
var commonWords = []string{"function", "source", "sink", "writer", "process", "flat", "stream", "lambda", "operator", "main"}

// words splits a name at case changes and signs, and keeps the words of four letters and more.
func words(name string) []string {
	var out []string
	var word []rune
	flush := func() {
		if w := strings.ToLower(string(word)); len(word) >= 4 && !slices.Contains(commonWords, w) {
			out = append(out, w)
		}
		word = word[:0]
	}
	for _, r := range name {
		if !unicode.IsLetter(r) || (unicode.IsUpper(r) && len(word) > 0 && unicode.IsLower(word[len(word)-1])) {
			flush()
		}
		if unicode.IsLetter(r) {
			word = append(word, r)
		}
	}
	flush()
	return out
}

func wordsMeet(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.HasPrefix(x, y) || strings.HasPrefix(y, x) })
	})
}
