package oracle

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// Frame is one frame of a stack.
type Frame struct {
	Name   string // as [Canonical] writes it
	Java   bool
	Kernel bool
}

// Stack is a stack, callers first, and how many samples (or what value) ended in its last frame.
type Stack struct {
	Frames []Frame
	N      int64
}

// Page is what one capture holds.
type Page struct {
	Title  string
	Stacks []Stack
}

// ReadPage reads a flame graph of async-profiler 2 or 3 to 4, or collapsed stacks; either may be gzipped.
func ReadPage(path string) (*Page, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a page: %w", err)
	}
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if text, err = io.ReadAll(z); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	p, err := ParsePage(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

var heading = regexp.MustCompile(`<h1>(.*)</h1>`)

// ParsePage is ReadPage of a text.
func ParsePage(text string) (*Page, error) {
	p := &Page{}
	var err error
	switch {
	case !strings.Contains(text[:min(len(text), 1000)], "<html"):
		p.Stacks, err = collapsed(text)
		return p, err
	case strings.Contains(text, "\nconst cpool = ["):
		p.Stacks, err = newer(text)
	default:
		p.Stacks, err = older(text)
	}
	if m := heading.FindStringSubmatch(text); m != nil {
		p.Title = m[1]
	}
	return p, err
}

// node is a frame of a tree in the order of the page: each after its caller.
type node struct {
	level int
	width int64
	frame Frame
}

// kind tells of the types of frames of async-profiler: 0 interpreted, 1 compiled, 2 inlined, 6 compiled by C1, 5 kernel.
func kind(name string, code int) Frame {
	return Frame{Name: Canonical(name), Java: code <= 2 || code == 6, Kernel: code == 5}
}

var errNoFrames = errors.New("no frames: this is no flame graph")

// stacks are the stacks of a tree, without its root. What is left of the width of a frame below itself ended in it.
func stacks(tree []node) ([]Stack, error) {
	if len(tree) == 0 {
		return nil, errNoFrames
	}
	var all []Stack
	var path []Frame
	var self []int64
	leave := func(level int) {
		for len(path) > level {
			last := len(path) - 1
			if self[last] > 0 && last > 0 {
				all = append(all, Stack{Frames: append([]Frame{}, path[1:]...), N: self[last]})
			}
			path, self = path[:last], self[:last]
		}
	}
	for i, n := range tree {
		if n.level > len(path) || (n.level == 0) != (i == 0) {
			return nil, fmt.Errorf("frame %d, %q, is at level %d below one of level %d", i, n.frame.Name, n.level, len(path)-1)
		}
		leave(n.level)
		if n.level > 0 {
			self[n.level-1] -= n.width
		}
		path, self = append(path, n.frame), append(self, n.width)
	}
	leave(0)
	return all, nil
}

var olderFrame = regexp.MustCompile(`^f\((\d+),(\d+),(\d+),(\d+),'(.*)'(?:,\d+,\d+,\d+)?\)$`)

// older reads the pages of async-profiler 2: f(level,left,width,type,'name').
func older(text string) ([]Stack, error) {
	var tree []node
	for line := range strings.Lines(text) {
		m := olderFrame.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil {
			continue
		}
		level, _ := strconv.Atoi(m[1])
		width, _ := strconv.ParseInt(m[3], 10, 64)
		code, _ := strconv.Atoi(m[4])
		tree = append(tree, node{level, width, kind(strings.ReplaceAll(m[5], `\'`, `'`), code)})
	}
	return stacks(tree)
}

// newer reads the pages of async-profiler 3 and 4: names in a pool, and frames by key, level and differences.
func newer(text string) ([]Stack, error) {
	_, rest, _ := strings.Cut(text, "\nconst cpool = [")
	list, rest, ok := strings.Cut(rest, "\n];")
	if !ok {
		return nil, errors.New("the list of names does not end")
	}
	names, err := pool(list)
	if err != nil {
		return nil, err
	}
	var tree []node
	var level int
	var width int64
	for line := range strings.Lines(rest) {
		call, numbers, ok := arguments(line)
		if !ok {
			continue
		}
		at := 1 // where the width is, if it is there
		switch call {
		case 'f':
			level, at = int(numbers[1]), 3
		case 'u':
			level++
		}
		if len(numbers) > at && numbers[at] != 0 {
			width = numbers[at]
		}
		key := numbers[0]
		if int(key>>3) >= len(names) {
			return nil, fmt.Errorf("there is no name %d", key>>3)
		}
		tree = append(tree, node{level, width, kind(strings.ToValidUTF8(names[key>>3], "\uFFFD"), int(key&7))})
	}
	return stacks(tree)
}

// pool reads the list of names, each but the first with the length of the prefix that it shares with the one before it.
func pool(list string) ([]string, error) {
	var names []string
	for line := range strings.SplitSeq(strings.Trim(list, "\n"), "\n") {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\r"), ",")
		if len(line) < 2 {
			return nil, fmt.Errorf("name %d is no string", len(names))
		}
		packed := strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(line[1 : len(line)-1])
		if len(names) == 0 {
			names = append(names, packed)
			continue
		}
		before := names[len(names)-1]
		keep := -1
		if packed != "" {
			keep = int(packed[0]) - ' '
		}
		if keep < 0 || keep > len(before) {
			return nil, fmt.Errorf("name %d, %q, keeps %d bytes of %d", len(names), packed, keep, len(before))
		}
		names = append(names, before[:keep]+packed[1:])
	}
	return names, nil
}

// arguments are those of a line such as f(1,2,3).
func arguments(line string) (call byte, numbers []int64, ok bool) {
	line = strings.TrimRight(line, "\r\n")
	if len(line) < 4 || line[1] != '(' || line[len(line)-1] != ')' || !strings.Contains("fun", line[:1]) {
		return 0, nil, false
	}
	for part := range strings.SplitSeq(line[2:len(line)-1], ",") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil {
			return 0, nil, false
		}
		numbers = append(numbers, n)
	}
	return line[0], numbers, line[0] != 'f' || len(numbers) >= 3
}

// collapsed reads lines "a;b;c 7". The kind of a frame is in its suffix, as in b_[j]; without one, a name with a '/' or with
// a dot before its last one is Java.
func collapsed(text string) ([]Stack, error) {
	var all []Stack
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		space := strings.LastIndexByte(line, ' ')
		n, err := strconv.ParseInt(line[space+1:], 10, 64)
		if space < 0 || err != nil {
			continue
		}
		s := Stack{N: n}
		for name := range strings.SplitSeq(line[:space], ";") {
			s.Frames = append(s.Frames, suffixed(name))
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return nil, errNoFrames
	}
	return all, nil
}

func suffixed(name string) Frame {
	if len(name) > 4 && name[len(name)-1] == ']' && name[len(name)-4:len(name)-2] == "_[" {
		bare, c := name[:len(name)-4], name[len(name)-2]
		switch c {
		case 'j', 'i', '0', '1':
			return Frame{Name: Canonical(bare), Java: true}
		case 'k':
			return Frame{Name: Canonical(bare), Kernel: true}
		}
	}
	java := strings.ContainsAny(name, "/.") && !strings.ContainsAny(name, "[(: ") && !strings.Contains(name, ".so")
	return Frame{Name: Canonical(name), Java: java}
}
