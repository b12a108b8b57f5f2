package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/explain"
)

// Page is one flame graph as it was captured.
type Page struct {
	JVM       string
	Mode      events.Mode
	Requested events.Mode // when the profiler replaced it
	Seconds   float64     // duration of the profile; 0 is unknown
	Body      []byte      // nil when the capture was lost
	Key       string      // of the artifact
	Status    string      // stored or lost
	Code      events.Code // why it was lost, or taken in another mode
	Note      string      // the same for people
	Hint      string      // what to do about it
}

// pageOf is the page of a stored or lost capture, without its body.
func pageOf(c events.CaptureRef, d time.Duration) Page {
	return Page{
		JVM: c.JVM, Mode: c.Mode, Requested: c.Requested, Seconds: d.Seconds(), Key: c.Key, Status: string(c.Status),
		Code: c.Code, Note: c.Note, Hint: c.Hint,
	}
}

// lost says what a page that there is none of would have been, and why there is none.
func (p Page) lost() string {
	if p.Status != string(events.CaptureLost) || p.Note == "" {
		return ""
	}
	why := p.Note
	if p.Code == events.CodeModeRefused {
		why = "refused: " + why
	}
	if !strings.HasSuffix(why, "?") {
		why = strings.TrimRight(why, ". ") + "."
	}
	return strings.TrimSpace(fmt.Sprintf("The %s profile of %s: %s %s", p.Mode, p.JVM, why, p.Hint))
}

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
	Pages    []Page
	Context  *jobcontext.Context // nil: the pages alone
	Files    []File
	Prompt   string           // Markdown that replaces the configured prompt; empty keeps it
	Block    string           // form of the profile in the prompt, compact or html; empty keeps the configured one
	Missing  []string         // what should be there and is not, in sentences
	Without  []string         // rules that are left out, by id
	Baseline *events.Analysis // of an earlier run to compare with; nil is none
}

func (in *Input) miss(text string) {
	if text != "" {
		in.Missing = append(in.Missing, text)
	}
}

// compare sets an analysis beside the baseline, if there is one.
func (in *Input) compare(a *events.Analysis) {
	if in.Baseline != nil {
		c := compare.Compare(*in.Baseline, *a)
		a.Comparison = &c
	}
}

// ErrNoProfile says that none of the pages is a flame graph with samples.
var ErrNoProfile = errors.New("no usable profile")

// diagnosis parses the pages and applies the rules.
func (s *Service) diagnosis(in Input) (diagnose.Result, error) {
	captures, bad := parse(in.Pages)
	if len(captures) == 0 || usable(captures) == 0 {
		return diagnose.Result{}, errors.Join(append([]error{ErrNoProfile}, bad...)...)
	}
	res, err := diagnose.Diagnose(diagnose.Input{
		Captures: captures, Context: in.Context, PricePerCoreHour: s.cfg.CorePrice, Currency: s.cfg.Currency,
		Without: in.Without,
	})
	if err != nil {
		return res, fmt.Errorf("diagnose: %w", err)
	}
	a := &res.Analysis
	a.Schema, a.Run, a.Parent, a.Identity, a.CreatedAt = events.AnalysisSchema, in.Run, in.Parent, in.Identity, time.Now().UTC()
	if in.Context != nil {
		a.JobID, a.JobName, a.FlinkVersion = in.Context.Job.ID, in.Context.Job.Name, in.Context.FlinkVersion
	}
	a.Provenance.Squirrly = s.cfg.Version
	a.Missing = append(a.Missing, in.Missing...)
	for _, err := range bad {
		a.Missing = append(a.Missing, err.Error())
	}
	in.compare(a) // the LLM is told of it
	return res, nil
}

// parse reads the pages; one that cannot be read counts as lost.
func parse(pages []Page) ([]diagnose.Capture, []error) {
	var captures []diagnose.Capture
	var bad []error
	for _, p := range pages {
		c := diagnose.Capture{
			JVM: p.JVM, Mode: p.Mode, Requested: p.Requested, Seconds: p.Seconds,
			Bytes: int64(len(p.Body)), Status: p.Status, Key: p.Key, Code: p.Code, Note: p.Note, Hint: p.Hint,
		}
		if p.Body != nil {
			g, err := flamegraph.Parse(bytes.NewReader(p.Body), flamegraph.Limits{})
			if err != nil {
				bad = append(bad, fmt.Errorf("%s %s: %w", p.JVM, p.Mode, err))
				c.Status = "unreadable"
			}
			c.Graph = g
		}
		captures = append(captures, c)
	}
	return captures, bad
}

func usable(captures []diagnose.Capture) int {
	n := 0
	for _, c := range captures {
		if c.Graph != nil && !c.Graph.Empty() {
			n++
		}
	}
	return n
}

// Analyze analyses pages in memory, without bus or store. An LLM that fails leaves the rules' result, marked degraded.
func (s *Service) Analyze(ctx context.Context, in Input) (events.Analysis, error) {
	res, err := s.diagnosis(in)
	if err != nil {
		return events.Analysis{}, err
	}
	if s.provider == nil {
		return s.byRules(res.Analysis), nil
	}
	ask, err := s.question(in, res)
	if err != nil {
		return res.Analysis, err
	}
	a, err := explain.Explain(ctx, s.provider, ask)
	if err != nil {
		s.deps.Logger.WarnContext(ctx, "the LLM gave no usable answer", "error", err)
	}
	in.compare(&a)      // with what the LLM found
	return a, ctx.Err() //nolint:wrapcheck // the caller's own context.
}
