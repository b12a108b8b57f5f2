package flamegraph

import (
	"bytes"
	"fmt"
)

// parseCollapsed reads lines "a;b;c 12": a stack, callers first, and how many
// samples ended there. A name may end in _[j], _[i], _[k], _[0] or _[1] for
// JIT, inlined, kernel, interpreted and C1; otherwise it tells the kind.
func parseCollapsed(head []byte, in *lines, names *names) (*Graph, error) {
	if !looksCollapsed(head) {
		return nil, errUnrecognized
	}
	c := collapsed{names: names, limits: in.limits, trie: newTrie(names.of("all"))}
	for {
		line, err := in.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			return c.trie.graph(Collapsed, names, in.limits)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := c.add(line); err != nil {
			return nil, err
		}
	}
}

// looksCollapsed reports that the first line that is not blank is a stack
// with its number.
func looksCollapsed(head []byte) bool {
	head = bytes.TrimLeft(head, "\r\n")
	line, _, whole := bytes.Cut(head, []byte("\n"))
	if !whole && len(head) == headLen {
		return bytes.IndexByte(line, ';') > 0 && bytes.IndexByte(line, 0) < 0 // longer than the head
	}
	_, _, err := splitCollapsed(bytes.TrimSuffix(line, []byte("\r")))
	return err == nil && bytes.IndexByte(line, 0) < 0
}

func splitCollapsed(line []byte) (stack []byte, samples uint64, err error) {
	space := bytes.LastIndexByte(line, ' ')
	if space < 0 {
		return nil, 0, fmt.Errorf("%w: a stack without a number of samples", ErrMalformed)
	}
	samples, rest, ok := number(line[space+1:])
	if !ok || len(rest) > 0 || samples > maxTotal {
		return nil, 0, fmt.Errorf("%w: a stack without a number of samples", ErrMalformed)
	}
	return line[:space], samples, nil
}

// collapsed adds stacks to a trie. Neighbouring lines share most of their
// callers, so the path of the last line is kept and only the rest looked up.
type collapsed struct {
	trie   *trie
	names  *names
	limits Limits
	total  uint64
	last   []byte
	path   []pathStep
}

type pathStep struct {
	node int32
	kind Kind
	end  int // of the frame in last
}

func (c *collapsed) add(line []byte) error {
	stack, samples, err := splitCollapsed(line)
	if err != nil {
		return err
	}
	if c.total += samples; c.total > maxTotal {
		return fmt.Errorf("%w: more than %d samples", ErrMalformed, uint64(maxTotal))
	}
	c.path = c.path[:c.shared(stack)]
	if err := c.extend(stack); err != nil {
		return err
	}
	c.last = append(c.last[:0], stack...)
	leaf := int32(0)
	for _, s := range c.path {
		leaf = s.node
		if s.kind != JIT && s.kind.IsJava() {
			c.trie.nodes.at(leaf).counts.add(s.kind.count(samples))
		}
	}
	c.trie.nodes.at(leaf).self += samples
	return nil
}

// shared returns how many frames the stack has in common with the last one.
func (c *collapsed) shared(stack []byte) int {
	same, n := 0, min(len(stack), len(c.last))
	for same < n && stack[same] == c.last[same] {
		same++
	}
	for i, s := range c.path {
		if s.end > same || (s.end < len(stack) && stack[s.end] != ';') {
			return i
		}
	}
	return len(c.path)
}

// extend walks the frames of the stack behind the shared path.
func (c *collapsed) extend(stack []byte) error {
	node, start := int32(0), 0
	if k := len(c.path); k > 0 {
		node, start = c.path[k-1].node, c.path[k-1].end+1
	}
	for start < len(stack) {
		end := len(stack)
		if i := bytes.IndexByte(stack[start:], ';'); i >= 0 {
			end = start + i
		}
		name, kind := splitKind(stack[start:end])
		id, err := c.names.id(name)
		if err != nil {
			return err
		}
		node = c.trie.child(node, id, kind)
		if c.trie.nodes.len > c.limits.Frames || len(c.path) >= c.limits.Depth {
			return fmt.Errorf("%w: more than %d frames or %d levels", ErrTooLarge, c.limits.Frames, c.limits.Depth)
		}
		c.path = append(c.path, pathStep{node, kind, end})
		start = end + 1
	}
	return nil
}

var kindSuffix = [...]string{Interpreted: "_[0]", JIT: "_[j]", Inlined: "_[i]", Kernel: "_[k]", C1: "_[1]"}

// splitKind splits a name from its suffix, or tells the kind from the name by
// the rule of async-profiler.
func splitKind(name []byte) ([]byte, Kind) {
	if n := len(name) - 4; n >= 0 && name[n] == '_' && name[n+1] == '[' && name[n+3] == ']' {
		for kind, suffix := range kindSuffix {
			if suffix != "" && suffix[2] == name[n+2] {
				return name[:n], Kind(kind)
			}
		}
	}
	return name, guessKind(name)
}

func guessKind(name []byte) Kind {
	switch {
	case bytes.Contains(name, []byte("::")), bytes.HasPrefix(name, []byte("-[")), bytes.HasPrefix(name, []byte("+[")):
		return CPP
	case len(name) > 0 && name[0] != '[' && bytes.IndexByte(name, '/') > 0,
		len(name) > 0 && name[0] >= 'A' && name[0] <= 'Z' && bytes.IndexByte(name, '.') > 0:
		return JIT
	default:
		return Native
	}
}
