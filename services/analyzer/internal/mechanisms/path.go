package mechanisms

import (
	"errors"
	"fmt"
	"strings"
)

// Step is one frame of a path.
type Step struct {
	Glob   string // of the normalised name, or a class of frames: @user, @operator, @output, @wait
	Direct bool   // called by the frame of the step before, with nothing between
	Leaf   bool   // calls nothing
}

// Class reports that the step names a class of frames and is no glob.
func (s Step) Class() bool { return strings.HasPrefix(s.Glob, "@") }

var classes = map[string]bool{"@user": true, "@operator": true, "@output": true, "@wait": true}

// ParsePath reads a path of frames, callers first:
//
//	a > b     b somewhere below a
//	a -> b    b called by a
//	a $       a as the last frame
func ParsePath(text string) ([]Step, error) {
	var path []Step
	rest, leaf := strings.CutSuffix(text, " $")
	for part := range strings.SplitSeq(strings.ReplaceAll(rest, " -> ", " > -"), " > ") {
		glob, direct := strings.CutPrefix(part, "-")
		step := Step{Glob: strings.TrimSpace(glob), Direct: direct}
		if err := checkGlob(step); err != nil {
			return nil, fmt.Errorf("path %q: %w", text, err)
		}
		path = append(path, step)
	}
	path[len(path)-1].Leaf = leaf
	if path[0].Direct {
		return nil, fmt.Errorf("path %q starts with an arrow", text)
	}
	return path, nil
}

func checkGlob(s Step) error {
	switch {
	case s.Glob == "":
		return errors.New("a step is empty")
	case s.Class() && !classes[s.Glob]:
		return fmt.Errorf("no class of frames is called %s", s.Glob)
	case strings.Trim(s.Glob, "*.") == "":
		return errors.New("a step matches everything")
	}
	return nil
}

// Match reports whether a glob matches a whole name. '*' stands for any run of characters.
func Match(glob, name string) bool {
	head, rest, ok := strings.Cut(glob, "*")
	if !ok {
		return glob == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, more, again := strings.Cut(rest, "*")
		if !again {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}
