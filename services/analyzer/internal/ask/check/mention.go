package check

import (
	"maps"
	"slices"
	"strings"

	"squirrly.dev/internal/lazyregexp"
	"squirrly.dev/pkg/events"
)

// source is what a measured number is about. Empty parts are about nothing in particular.
type source struct {
	id     string   // of the fact or the finding
	frames []string // any of them
	vertex string   // name
	load   string   // busy, idle, pressure or error
	events bool     // it counts allocations or entries of locks, and no time
}

// mention is what a part of a sentence names, so that a number of one thing is not said of another.
type mention struct {
	ids, frames, vertices, loads []string
	all                          []string // loads of the whole sentence
	spends                       bool     // it says where time goes
	time                         bool     // it speaks of time
}

// clauses are the parts of a sentence that say one thing each.
var clauses = lazyregexp.New(`(?:,|;|:|\s[–—-])\s|\s(?:and|while|whereas|but|versus|vs\.?)\s|[()]`)

// loads are words for how a vertex spends its time. A share "of the busy time" is no load.
var loads = map[string]*lazyregexp.Regexp{
	"busy":     lazyregexp.New(`(?i)\b(?:busy|occupied|saturat\w+|utili[sz]\w+)\b`),
	"idle":     lazyregexp.New(`(?i)\bidle\b`),
	"error":    lazyregexp.New(`(?i)±|\b(?:error|uncertain\w*|margin|deviation|accura\w+)\b`),
	"pressure": lazyregexp.New(`(?i)\bback-? ?pressured?\b`),
}

var busyTime = lazyregexp.New(`(?i)\bbusy[ -]time\b|\b(?:when|while) busy\b`)

// spending says where time goes, which is no load of a vertex.
var spending = lazyregexp.New(`(?i)\b(?:takes?|taking|spen[dt]s?|spending|shares?|costs?|of (?:the|its|that) (?:\w+ )?(?:time|vertex|profile))\b`)

// speaksOfTime says that a share is one of time.
var speaksOfTime = lazyregexp.New(`(?i)\btime\b`)

func loadsIn(text string) []string {
	text = busyTime.ReplaceAllString(text, " ")
	var out []string
	for _, name := range slices.Sorted(maps.Keys(loads)) {
		if loads[name].MatchString(text) {
			out = append(out, name)
		}
	}
	return out
}

// about returns what the number at a byte of a sentence is said of: what its clause names, else what the sentence named
// before it, else what it names at all.
func (c *checker) about(sentence string, at int) mention {
	from, to := clauseAt(c.maskVertices(sentence), at)
	clause, before, all := c.named(sentence[from:to]), c.named(sentence[:from]), c.named(sentence)
	return mention{
		ids:      first(clause.ids, before.ids, all.ids),
		frames:   first(clause.frames, before.frames, all.frames),
		vertices: first(clause.vertices, before.vertices, all.vertices),
		loads:    clause.loads,
		all:      all.loads,
		spends:   len(all.frames) > 0 || spending.MatchString(sentence),
		time:     speaksOfTime.MatchString(sentence),
	}
}

// clauseAt returns the bytes of the clause around a byte.
func clauseAt(text string, at int) (from, to int) {
	to = len(text)
	for _, m := range clauses.FindAllStringIndex(text, -1) {
		if m[1] > at {
			to = max(from, m[0])
			break
		}
		from = m[1]
	}
	return from, to
}

func first(lists ...[]string) []string {
	for _, l := range lists {
		if len(l) > 0 {
			return l
		}
	}
	return nil
}

// named returns what a text names of the data. It remembers, since each number of a sentence asks for the same parts.
func (c *checker) named(text string) mention {
	m, ok := c.memo[text]
	if !ok {
		m = c.read(text)
		c.memo[text] = m
	}
	return m
}

func (c *checker) read(text string) mention {
	m := mention{loads: loadsIn(text), vertices: c.verticesIn(text)}
	rest := nameForm.ReplaceAllStringFunc(text, func(name string) string {
		if name = strings.TrimRight(name, "-/."); c.frames.knows(name) {
			m.frames = append(m.frames, name)
		}
		return " "
	})
	for _, name := range camelForm.FindAllString(rest, -1) {
		if c.frames.knows(name) {
			m.frames = append(m.frames, name)
		}
	}
	for _, name := range bareForm.FindAllString(rest, -1) {
		if c.native[name] {
			m.frames = append(m.frames, name)
		}
	}
	m.ids = idForm.FindAllString(rest, -1)
	return m
}

// bareForm is a word that can be the name of a native function.
var bareForm = lazyregexp.New(`[A-Za-z_]\w{3,}`)

// maskNative blanks the names of native functions.
func (c *checker) maskNative(sentence string) string {
	return bareForm.ReplaceAllStringFunc(sentence, func(name string) string {
		if c.native[name] {
			return strings.Repeat("_", len(name))
		}
		return name
	})
}

// verticesIn returns the names of vertices in a text. A name within a longer one that is there too does not count.
func (c *checker) verticesIn(text string) []string {
	var out []string
	for _, v := range c.vertices {
		if containsWord(text, v) {
			out = append(out, v)
			text = strings.ReplaceAll(text, v, " ")
		}
	}
	return out
}

// containsWord reports whether a text contains a name that is not part of a longer word.
func containsWord(text, name string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(name)
		if (at == 0 || !wordByte(text[at-1])) && (end == len(text) || !wordByte(text[end])) {
			return true
		}
		from = end
	}
}

func wordByte(b byte) bool {
	return b == '_' || b == '$' || b >= 0x80 || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
}

// nothing reports that no fact, frame or vertex is named.
func (m mention) nothing() bool { return len(m.ids)+len(m.frames)+len(m.vertices) == 0 }

// fits reports whether a measured number is about what is mentioned.
func (m mention) fits(n number) bool {
	s := n.of
	if s == nil {
		return true
	}
	loose := n.kind == plain || n.kind == samples || n.kind == times
	switch {
	case len(m.ids) > 0 && !loose && !slices.Contains(m.ids, s.id):
		return false
	case len(m.frames) > 0 && len(s.frames) > 0 && !anyFrame(m.frames, s.frames):
		return false
	case len(m.vertices) > 0 && s.vertex != "" && !slices.Contains(m.vertices, s.vertex):
		return false
	case n.kind != percent:
		return true
	case m.time && s.events:
		return false
	case len(m.frames) > 0 && len(s.frames) == 0 && s.id != "" && len(m.loads) == 0:
		return false // how busy a vertex is, or how large a category, says nothing of one function
	case len(m.loads) == 0:
		return s.load == "" || slices.Contains(m.all, s.load) || !m.spends && s.load != "error"
	case s.load == "":
		return len(s.frames) == 0
	}
	return slices.Contains(m.loads, s.load)
}

// anyFrame reports whether one of the names is a part of one of the frames.
func anyFrame(names, frames []string) bool {
	for _, name := range names {
		for _, frame := range frames {
			if strings.Contains("."+dotted(frame)+".", "."+dotted(name)+".") {
				return true
			}
		}
	}
	return false
}

// sourceOf says what a fact is about.
func (c *checker) sourceOf(f events.Fact) *source {
	s := &source{id: f.ID, vertex: c.vertexName(f.Vertex), events: countsEvents(f.Mode)}
	if f.Frame != "" {
		s.frames = append(nameForm.FindAllString(f.Text, -1), f.Frame)
		return s
	}
	return s
}

// countsEvents reports whether samples of the mode are events of a kind, and no time.
func countsEvents(mode events.Mode) bool { return mode == events.ModeAlloc || mode == events.ModeLock }

// loaded returns the source with the load that its clause names, if it is one.
func (s *source) loaded(named []string) *source {
	if len(named) != 1 || len(s.frames) > 0 {
		return s
	}
	with := *s
	with.load = named[0]
	return &with
}

// vertexName returns the name of a vertex that is named by its id.
func (c *checker) vertexName(v string) string {
	for _, load := range c.in.Analysis.Vertices {
		if load.ID == v {
			return load.Short()
		}
	}
	return v
}
