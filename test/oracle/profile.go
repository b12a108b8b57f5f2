package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Profile are the samples of an analysis, to be asked about one by one.
type Profile struct {
	All []Sample

	counter *counter
	facts   map[string]func(*Sample) bool // what was asked for, by id
}

// Sample is N samples with one stack.
type Sample struct {
	JVM, Mode string
	Frames    []string // callers first; in ALLOC and LOCK the last one is a class
	N         int64
	Idle      bool // a thread that has nothing to do; only in WALL
	Waits     bool // it waits, and does not run
	Task      bool // of a task thread
	End       int  // the frame in which it ends: the first that waits, else the last

	walked *walked
}

// ErrNotCounted is the error of a fact whose samples nothing describes.
var ErrNotCounted = errors.New("the fact counts no samples")

// OpenProfile reads the pages of an analysis, by JVM and mode. Those that were lost are left out.
func OpenProfile(analysisJSON []byte, pages func(jvm, mode, key string) (*Page, error)) (*Profile, error) {
	var a analysis
	if err := json.Unmarshal(analysisJSON, &a); err != nil {
		return nil, fmt.Errorf("read the analysis: %w", err)
	}
	if a.Counting == nil {
		return nil, errors.New("the analysis does not say what its counts refer to")
	}
	counter, err := newCounter(&a, pages)
	if err != nil {
		return nil, err
	}
	p := &Profile{counter: counter, facts: map[string]func(*Sample) bool{}}
	for _, c := range a.Captures {
		for _, w := range counter.pages[capture{JVM: c.JVM, Mode: c.Mode}] {
			p.All = append(p.All, sampleOf(c, w))
		}
	}
	return p, nil
}

func sampleOf(c capture, w *walked) Sample {
	out := Sample{JVM: c.JVM, Mode: c.Mode, N: w.n, Idle: w.idle != "", Waits: w.waits, Task: w.task || w.source, End: w.end, walked: w}
	for _, m := range w.frames {
		out.Frames = append(out.Frames, m.name)
	}
	return out
}

// Fact says of a sample whether a fact counts it.
func (p *Profile) Fact(id string) (func(*Sample) bool, error) {
	if in, ok := p.facts[id]; ok {
		return in, nil
	}
	c, ok := p.counter.facts[id]
	if !ok || c.Unit != "" || c.AtMost {
		return nil, fmt.Errorf("%w: %s", ErrNotCounted, id)
	}
	stack, err := p.counter.stackOf(c, 0)
	if err != nil {
		return nil, err
	}
	match := make([]path, len(c.Match))
	for i, text := range c.Match {
		match[i] = p.counter.rules.path(text)
	}
	p.facts[id] = func(x *Sample) bool {
		return x.Mode == c.Mode && slices.Contains(c.JVMs, x.JVM) && p.counter.meets(x.walked, c, match, stack)
	}
	return p.facts[id], nil
}
