package flamegraph

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// WriteCollapsed writes the graph as collapsed stacks, one line for each frame
// with samples of its own, in the order of the graph. Parse reads them back to
// the same tree and widths; only the shares of Counts below the kind shown,
// and Native against CPP, do not survive. Characters that would break a line
// apart become spaces and commas.
func (g *Graph) WriteCollapsed(w io.Writer) error {
	out := bufio.NewWriter(w)
	var line []byte
	var ends []int // of the frames in line, by level
	for id, f := range g.All() {
		if f.Level > 0 {
			line = line[:ends[f.Level-1]]
			if f.Level > 1 {
				line = append(line, ';')
			}
			line = appendCollapsed(line, g.NameOf(id), f.Kind)
		}
		ends = append(ends[:f.Level], len(line))
		if f.Self == 0 {
			continue
		}
		sample := strconv.AppendUint(append(line, ' '), f.Self, 10)
		if _, err := out.Write(append(sample, '\n')); err != nil {
			return fmt.Errorf("write collapsed stacks: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write collapsed stacks: %w", err)
	}
	return nil
}

var collapsedSafe = strings.NewReplacer(";", ",", "\n", " ", "\r", " ")

// appendCollapsed writes a name, with a suffix unless the name tells its kind.
func appendCollapsed(line []byte, name string, kind Kind) []byte {
	start := len(line)
	line = append(line, collapsedSafe.Replace(name)...)
	if kind == Native || kind == CPP || (kind == JIT && guessKind(string(line[start:])) == JIT) {
		return line
	}
	return append(line, kindSuffix[kind]...)
}
