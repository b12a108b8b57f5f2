package check

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// longestName is how many characters of the name of a frame a sentence says: those of templates and lambdas have hundreds.
const longestName = 60

// thing is what one side of a relation names. One without a name is nothing that the run has.
type thing struct {
	id       string // of a fact, a finding or an operator; empty for a frame
	name     string // as sentences say it
	operator *diagnose.Operator
	finding  *events.Finding
	fact     *events.Fact // itself, or the one that carries the finding
	paths    []string     // frames
}

// thing resolves an id, or the name of a frame as the call trees show it.
func (c *Checker) thing(said string) thing {
	said = strings.TrimSpace(said)
	if o := c.operator(said); o != nil {
		return thing{id: said, name: fmt.Sprintf("%s (%s)", o.ID, o.Name), operator: o}
	}
	if f := c.finding(said); f != nil {
		return thing{id: said, name: fmt.Sprintf("%s (%s)", f.ID, f.Title), finding: f, fact: c.carrier(f), paths: c.ground.Frames(f.Frame)}
	}
	if f := c.fact(said); f != nil {
		t := thing{id: said, name: f.ID, fact: f}
		switch {
		case f.Frame != "":
			t.name, t.paths = fmt.Sprintf("%s (%s)", f.ID, wording.Middle(wording.Simple(f.Frame), longestName)), c.ground.Frames(f.Frame)
		case f.Vertex != "":
			t.name = fmt.Sprintf("%s (%s)", f.ID, f.Vertex)
		}
		return t
	}
	if paths := c.ground.Frames(said); len(paths) > 0 {
		return thing{name: wording.Middle(wording.Simple(said), longestName), paths: paths}
	}
	return thing{}
}

func (t *thing) known() bool { return t.name != "" }

// carrier is the fact that counts the samples of a finding: the first one of its evidence that does.
func (c *Checker) carrier(f *events.Finding) *events.Fact {
	for _, id := range f.Evidence {
		if fact := c.fact(id); fact != nil && fact.Count != nil && fact.Count.Idle == "" {
			return fact
		}
	}
	return nil
}

// counted is a fact that counts the samples of a thing, in the mode of another fact if that has one; nil where nothing does.
func (c *Checker) counted(t *thing, like *events.Fact) *events.Fact {
	if t.fact != nil && t.fact.Count != nil {
		return t.fact
	}
	if len(t.paths) == 0 {
		return nil
	}
	mode := c.modeOf(t.paths)
	if like != nil && like.Count != nil {
		mode = like.Count.Mode
	}
	return c.frames(t.paths, mode)
}

// frames is a fact that counts the samples in which one of some paths matches, in the captures of a mode.
func (c *Checker) frames(paths []string, mode events.Mode) *events.Fact {
	return c.inMode(&events.Fact{Unit: "samples", Count: &events.Count{Match: paths}}, mode)
}

// inMode is a fact that counts what another one does in the captures of a mode; nil where there are none.
func (c *Checker) inMode(f *events.Fact, mode events.Mode) *events.Fact {
	if f.Count.Mode == mode {
		return f
	}
	var jvms []string
	for _, s := range c.analysis.Captures {
		if s.Mode == mode && s.Samples > 0 && !slices.Contains(jvms, s.JVM) {
			jvms = append(jvms, s.JVM)
		}
	}
	if len(jvms) == 0 {
		return nil
	}
	out, count := *f, *f.Count
	count.Mode, count.JVMs, out.Mode, out.Count = mode, jvms, mode, &count
	return &out
}

// modeOf is the mode that shows most of some frames: one in which threads that run are seen, unless they wait.
func (c *Checker) modeOf(paths []string) events.Mode {
	best, most := events.ModeWall, int64(0)
	for _, mode := range []events.Mode{events.ModeITimer, events.ModeCPU, events.ModeWall} {
		f := c.frames(paths, mode)
		if f == nil {
			continue
		}
		if _, n, ok := c.ground.Both(*f, *f); ok && n > most {
			best, most = mode, n
		}
	}
	return best
}

// ids are those of some things, each once.
func ids(all ...*thing) []string {
	var out []string
	for _, t := range all {
		if t.id != "" && !slices.Contains(out, t.id) {
			out = append(out, t.id)
		}
	}
	return out
}

// each is two lists in one, without what is in both.
func each(ids, more []string) []string {
	for _, id := range more {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
