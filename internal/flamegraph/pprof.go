package flamegraph

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// parsePprof reads a profile in the format of pprof
// (https://github.com/google/pprof/blob/main/proto/profile.proto). Its samples
// are counted when it counts them, else its measure is divided by its period.
func parsePprof(head []byte, in *lines, names *names) (*Graph, error) {
	if !looksPprof(head) {
		return nil, errUnrecognized
	}
	raw, err := io.ReadAll(in.in)
	if err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	p, err := profile.ParseUncompressed(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: binary data that is no pprof profile: %w", ErrUnsupported, err)
	}
	if err := p.CheckValid(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	c := pprof{names: names, limits: in.limits, trie: newTrie(names.of("all"))}
	if err := c.addAll(p); err != nil {
		return nil, err
	}
	g, err := c.trie.graph(Pprof, names, in.limits)
	if err == nil {
		g.Title = pprofTitle(p)
		if value, unit := pprofValue(p); unit == 1 && p.SampleType[value].Unit != "count" {
			g.Unit = p.SampleType[value].Unit
		}
	}
	return g, err
}

// looksPprof reports that a file may be a message of pprof: it is binary, and
// begins with one of the fields 1 to 6, which hold lists.
func looksPprof(head []byte) bool {
	return len(head) > 1 && isBinary(head) && head[0]&7 == 2 && head[0]>>3 >= 1 && head[0]>>3 <= 6
}

// pprof adds samples to a trie.
type pprof struct {
	trie   *trie
	names  *names
	limits Limits
	total  uint64
}

func (c *pprof) addAll(p *profile.Profile) error {
	value, unit := pprofValue(p)
	for _, s := range p.Sample {
		if s.Value[value] < 0 {
			return fmt.Errorf("%w: a negative value, as only the difference of two profiles has", ErrUnsupported)
		}
		samples := uint64(s.Value[value]+unit/2) / uint64(unit) //nolint:gosec // neither is negative
		if c.total += samples; samples > maxTotal || c.total > maxTotal {
			return fmt.Errorf("%w: more than %d samples", ErrMalformed, uint64(maxTotal))
		}
		if err := c.add(s, samples); err != nil {
			return err
		}
	}
	return nil
}

// add adds a stack, which pprof gives callee first, with the functions inlined
// into a location callee first as well.
func (c *pprof) add(s *profile.Sample, samples uint64) error {
	node, depth := int32(0), 0
	for _, l := range slices.Backward(s.Location) {
		for _, name := range functions(l) {
			name, kind, stated := splitKind([]byte(name))
			id, err := c.names.id(name)
			if err != nil {
				return err
			}
			if !stated {
				kind = c.names.kindByName(id)
			}
			node = c.trie.child(node, id, kind)
			if depth++; c.trie.nodes.len > c.limits.Frames || depth > c.limits.Depth {
				return fmt.Errorf("%w: more than %d frames or %d levels", ErrTooLarge, c.limits.Frames, c.limits.Depth)
			}
		}
	}
	c.trie.nodes.at(node).self += samples
	return nil
}

// functions returns the names at a location, callers first.
func functions(l *profile.Location) []string {
	var all []string
	for _, line := range slices.Backward(l.Line) {
		if f := line.Function; f != nil && f.Name != "" {
			all = append(all, f.Name)
		}
	}
	if len(all) == 0 {
		all = append(all, "[unknown]")
	}
	return all
}

// pprofValue chooses the value to read: the one that counts, else the last,
// which pprof shows by default. unit is how much of it makes one sample.
func pprofValue(p *profile.Profile) (value int, unit int64) {
	for i, t := range p.SampleType {
		if t.Unit == "count" {
			return i, 1
		}
	}
	value = len(p.SampleType) - 1
	if t := p.SampleType[value]; p.PeriodType != nil && p.PeriodType.Unit == t.Unit && p.Period > 0 {
		return value, p.Period
	}
	return value, 1
}

// pprofTitle is the heading that async-profiler gives to the same kind of
// profile, or none.
func pprofTitle(p *profile.Profile) string {
	var types strings.Builder
	for _, t := range p.SampleType {
		types.WriteString(strings.ToLower(t.Type) + " ")
	}
	if p.PeriodType != nil {
		types.WriteString(strings.ToLower(p.PeriodType.Type))
	}
	for _, kind := range []struct{ word, title string }{
		{"wall", "Wall clock profile"},
		{"alloc", "Allocation profile"},
		{"lock", "Lock profile"},
		{"contention", "Lock profile"},
		{"cpu", "CPU profile"},
	} {
		if strings.Contains(types.String(), kind.word) {
			return kind.title
		}
	}
	return ""
}
