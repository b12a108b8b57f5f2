// Package input holds what an analysis rests on, and reads it from the folder of a run.
package input

import (
	"slices"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/page"
)

// What is read at most of one part, in bytes.
const (
	MaxPage = 64 << 20
	MaxFile = 1 << 20 // of the user's own, and of a manifest
)

// File is a context file of the user's own.
type File struct {
	Name string
	Text string
}

// Input is what an analysis rests on.
type Input struct {
	Run      string
	Parent   string // the run that this one follows up
	Identity events.Identity
	Pages    []page.Page
	Context  *jobcontext.Context // nil: the pages alone
	Files    []File
	Prompt   string           // Markdown that replaces the configured prompt; empty keeps it
	Missing  []string         // what should be there and is not, in sentences
	Without  []string         // rules that are left out, by id
	Baseline *events.Analysis // of an earlier run to compare with; nil is none
	Force    bool             // pages without any task of Flink, and a baseline of another job, are taken all the same
	Captured time.Time        // when the profiles began; zero is unknown
}

// Miss adds what is missing; an empty text is nothing.
func (in *Input) Miss(text string) {
	if text != "" {
		in.Missing = append(in.Missing, text)
	}
}

// Attach adds one piece of context.
func (in *Input) Attach(ref events.ContextRef, body []byte) error {
	if ref.Kind == events.ContextUser {
		in.Files = append(in.Files, File{Name: ref.Name, Text: string(body)})
		return nil
	}
	var err error
	in.Context, err = jobcontext.Decode(body)
	return err
}

// Join adds what the run captured that this one follows up, so that the result is a whole one. A mode of a JVM that both
// captured counts once.
func (in *Input) Join(first Input) {
	for _, p := range first.Pages {
		if !slices.ContainsFunc(in.Pages, func(own page.Page) bool { return own.Mode == p.Mode && own.JVM == p.JVM }) {
			in.Pages = append(in.Pages, p)
		}
	}
	in.Context = join(first.Context, in.Context)
}

// join adds up what was learned in two windows of time. What stands in both is taken from the later one.
func join(first, second *jobcontext.Context) *jobcontext.Context {
	switch {
	case first == nil:
		return second
	case second == nil:
		return first
	}
	joined := *second
	joined.Windows = slices.Concat(first.Windows, second.Windows)
	joined.Threads = slices.Concat(first.Threads, second.Threads)
	for _, text := range first.Missing {
		if !slices.Contains(joined.Missing, text) {
			joined.Missing = append(slices.Clone(joined.Missing), text)
		}
	}
	return &joined
}
