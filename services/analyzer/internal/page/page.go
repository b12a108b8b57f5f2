// Package page reads flame graphs as they were captured and makes them fit for a diagnosis. What cannot be read is told and
// counts as lost.
package page

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/panics"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/intake"
)

// Page is one flame graph as it was captured.
type Page struct {
	JVM       string
	Mode      events.Mode
	Requested events.Mode // when the profiler replaced it
	Seconds   float64     // duration of the profile; 0 is unknown
	Body      []byte      // nil when the capture was lost, or parsed while it was read
	Bytes     int64       // size of the page; 0 is that of Body
	Key       string      // of the artifact
	Status    string      // stored or lost
	Code      events.Code // why it was lost, or taken in another mode
	Note      string      // the same for people
	Hint      string      // what to do about it
	File      string      // that it was read from, for messages; empty is JVM and mode
	Notes     []string    // what is odd about it, in a few words each

	graph *flamegraph.Graph // once it is parsed
	fault error             // why it cannot be
}

// Of is the page of a stored or lost capture, without its body.
func Of(c events.CaptureRef, d time.Duration) Page {
	return Page{
		JVM: c.JVM, Mode: c.Mode, Requested: c.Requested, Seconds: d.Seconds(), Key: c.Key, Status: string(c.Status),
		Code: c.Code, Note: c.Note, Hint: c.Hint,
	}
}

// Lost says what a page that there is none of would have been, and why there is none; empty when it is there.
func (p *Page) Lost() string {
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

// ParseFrom reads the page as it comes, so that its body is never in memory. It may be called again, and the last call counts.
func (p *Page) ParseFrom(body io.Reader) {
	p.graph, p.fault = flamegraph.Parse(body, flamegraph.Limits{})
	if p.fault != nil {
		p.Unreadable(p.fault)
	}
}

// Unreadable says why the page cannot be parsed, without trying.
func (p *Page) Unreadable(why error) {
	p.graph, p.fault = nil, fmt.Errorf("%s: %w", p.name(), why)
}

// There reports whether there is a page, readable or not.
func (p *Page) There() bool { return p.Body != nil || p.graph != nil || p.fault != nil }

// Parse reads the page, once. The body is not needed any more.
func (p *Page) Parse() (*flamegraph.Graph, error) {
	if p.graph != nil || p.fault != nil || p.Body == nil {
		return p.graph, p.fault
	}
	p.ParseFrom(bytes.NewReader(p.Body))
	return p.graph, p.fault
}

// name is what a message calls the page.
func (p *Page) name() string {
	if p.File != "" {
		return p.File
	}
	return p.JVM + " " + string(p.Mode)
}

// Set is the pages of an analysis, as far as they can be read.
type Set struct {
	Captures []diagnose.Capture
	Bad      []error // why pages cannot be read

	names []string // of the captures
	tasks uint64   // samples in threads of tasks, of all captures
}

// Read parses the pages, several at once; one that cannot be read counts as lost. It remembers in each page what it read.
func Read(pages []Page) Set {
	profiles := make([]intake.Profile, len(pages))
	faults := make([]error, len(pages))
	var wg panics.Group
	room := make(chan struct{}, runtime.GOMAXPROCS(0)) // more would take memory and no less time
	for i := range pages {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			profiles[i], faults[i] = pages[i].fit()
		})
	}
	wg.Wait()
	var set Set
	for i := range pages {
		set.add(&pages[i], profiles[i], faults[i])
	}
	return set
}

// fit parses a page and makes it fit for the rules.
func (p *Page) fit() (intake.Profile, error) {
	g, err := p.Parse()
	if g == nil || err != nil {
		return intake.Profile{}, err
	}
	profile, err := intake.Fit(g)
	if err != nil {
		err = fmt.Errorf("%s: %w", p.name(), err)
	}
	return profile, err
}

func (s *Set) add(p *Page, profile intake.Profile, fault error) {
	c := diagnose.Capture{
		JVM: p.JVM, Mode: p.Mode, Requested: p.Requested, Seconds: p.Seconds,
		Bytes: cmp.Or(p.Bytes, int64(len(p.Body))), Status: p.Status, Key: p.Key, Graph: profile.Graph,
		Code: p.Code, Note: p.Note, Hint: p.Hint, Notes: slices.Concat(p.Notes, profile.Notes),
	}
	if fault != nil {
		s.Bad = append(s.Bad, fault)
		c.Graph, c.Status = nil, "unreadable"
		c.Notes = append(c.Notes, fault.Error())
	}
	s.Captures = append(s.Captures, c)
	s.names = append(s.names, p.name())
	s.tasks += profile.Tasks
}

// Usable counts the pages with samples.
func (s *Set) Usable() int {
	n := 0
	for i := range s.Captures {
		if g := s.Captures[i].Graph; g != nil && !g.Empty() {
			n++
		}
	}
	return n
}

// NoTasks returns [intake.ErrNoTask] when there are samples, and none of them in a task of Flink. LOCK proves nothing here: tasks
// that wait for no lock are not in it.
func (s *Set) NoTasks() error {
	if s.tasks > 0 {
		return nil
	}
	var graphs []*flamegraph.Graph
	var names []string
	for i := range s.Captures {
		c := &s.Captures[i]
		if c.Mode != events.ModeLock && c.Graph != nil && !c.Graph.Empty() {
			graphs, names = append(graphs, c.Graph), append(names, s.names[i])
		}
	}
	if len(graphs) == 0 {
		return nil
	}
	return intake.NoTask(names, graphs)
}
