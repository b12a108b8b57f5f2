package flamegraph

import (
	"bytes"
	"fmt"
	"strings"
)

// parseCollapsed reads lines "a;b;c 12": a stack, callers first, and how many
// samples ended there. A name may end in _[j], _[i], _[k], _[0] or _[1] for
// JIT, inlined, kernel, interpreted and C1; otherwise it tells the kind.
func parseCollapsed(head []byte, in *lines, names *names) (*Graph, error) {
	if !looksCollapsed(head) {
		return nil, errUnrecognized
	}
	if isDifference(head) {
		return nil, fmt.Errorf("%w: the difference of two profiles (difffolded.pl: two numbers on each line); "+
			"compare the two collapsed files: squirrly diff BEFORE AFTER", ErrUnsupported)
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
	_, _, err := splitCollapsed(line)
	return err == nil && bytes.IndexByte(line, 0) < 0
}

// isDifference reports that each whole line has two numbers.
func isDifference(head []byte) bool {
	found := false
	for line := range bytes.Lines(head) {
		text, whole := bytes.CutSuffix(line, []byte("\n"))
		if !whole && len(head) == headLen || len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		stack, _, err := splitCollapsed(text)
		if err == nil {
			_, _, err = splitCollapsed(stack)
		}
		if err != nil {
			return false
		}
		found = true
	}
	return found
}

// splitCollapsed splits a stack from its number of samples, behind a space or
// a tab.
func splitCollapsed(line []byte) (stack []byte, samples uint64, err error) {
	line = bytes.TrimRight(line, " \t\r")
	space := bytes.LastIndexAny(line, " \t")
	if space < 0 {
		return nil, 0, fmt.Errorf("%w: a stack without a number of samples", ErrMalformed)
	}
	samples, rest, ok := number(line[space+1:])
	if !ok || len(rest) > 0 || samples > maxTotal {
		return nil, 0, fmt.Errorf("%w: a stack without a number of samples", ErrMalformed)
	}
	return bytes.TrimRight(line[:space], " \t"), samples, nil
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
		if s.end > same || (s.end < len(stack) && (stack[s.end] != ';' || bytes.HasPrefix(stack[s.end:], perfMap))) {
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
		end := start + frameLen(stack[start:])
		name, kind, stated := splitKind(stack[start:end])
		id, err := c.names.id(name)
		if err != nil {
			return err
		}
		if !stated {
			kind = c.names.kindByName(id)
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

// perfMap parts class and method in a perf map: Lcom/acme/A;::map.
var perfMap = []byte(";::")

// frameLen returns how long the first frame of a stack is. The semicolons of a
// signature and of a perf map are part of the name.
func frameLen(stack []byte) int {
	end := bytes.IndexByte(stack, ';')
	if end < 0 {
		return len(stack)
	}
	if bytes.HasPrefix(stack[end:], perfMap) {
		next := bytes.IndexByte(stack[end+1:], ';')
		if next < 0 {
			return len(stack)
		}
		end += 1 + next
	}
	open := bytes.IndexByte(stack[:end], '(')
	if open < 0 || bytes.IndexByte(stack[open:end], ')') >= 0 && !endsInClass(stack[open:end]) {
		return end
	}
	if n := descriptorLen(stack[open:]); n > 0 && (open+n == len(stack) || stack[open+n] == ';') {
		return open + n
	}
	return end
}

// endsInClass reports that a signature up to a semicolon has a class as its
// result, which that semicolon ends.
func endsInClass(signature []byte) bool {
	_, result, _ := bytes.Cut(signature, []byte(")"))
	return len(bytes.TrimLeft(result, "[")) > 0 && bytes.TrimLeft(result, "[")[0] == 'L'
}

// descriptorLen returns the length of "(ILjava/lang/String;)V" at the start of
// b, or 0.
func descriptorLen(b []byte) int {
	for i := 1; i < len(b); {
		if b[i] == ')' {
			if n := typeLen(b[i+1:]); n > 0 {
				return i + 1 + n
			}
			return 0
		}
		n := typeLen(b[i:])
		if n == 0 {
			return 0
		}
		i += n
	}
	return 0
}

// typeLen returns the length of a type as the JVM writes it, or 0.
func typeLen(b []byte) int {
	i := 0
	for i < len(b) && b[i] == '[' {
		i++
	}
	switch {
	case i == len(b):
		return 0
	case b[i] == 'L':
		if end := bytes.IndexByte(b[i:], ';'); end > 0 {
			return i + end + 1
		}
	case bytes.IndexByte([]byte("VZBCSIJFD"), b[i]) >= 0:
		return i + 1
	}
	return 0
}

var kindSuffix = [...]string{Interpreted: "_[0]", JIT: "_[j]", Inlined: "_[i]", Kernel: "_[k]", C1: "_[1]"}

// splitKind splits a name from its suffix. It reports whether there was one.
func splitKind(name []byte) ([]byte, Kind, bool) {
	if n := len(name) - 4; n >= 0 && name[n] == '_' && name[n+1] == '[' && name[n+3] == ']' {
		for kind, suffix := range kindSuffix {
			if suffix != "" && suffix[2] == name[n+2] {
				return name[:n], Kind(kind), true
			}
		}
	}
	return name, Native, false
}

// guessKind tells the kind from a name by the rule of async-profiler, and Java
// methods also where they have dots, or another style that [plainName] knows.
func guessKind(name string) Kind {
	method := plainName(name)
	switch {
	case isJavaMethod(method):
		return JIT
	case strings.Contains(name, "::"), strings.HasPrefix(name, "-["), strings.HasPrefix(name, "+["):
		return CPP
	case strings.IndexByte(name, '/') > 0 && name[0] != '[' && !strings.Contains(name, " "),
		name != "" && name[0] >= 'A' && name[0] <= 'Z' && strings.IndexByte(name, '.') > 0 && !strings.Contains(name, " "):
		return JIT
	default:
		return Native
	}
}
