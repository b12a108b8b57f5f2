package analyzer

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"squirrly.dev/internal/flamegraph"
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
	Body      []byte      // nil when the capture was lost
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

// Parse reads the page, once. The body is not needed for an analysis any more, only for a prompt with whole pages.
func (p *Page) Parse() (*flamegraph.Graph, error) {
	if p.graph != nil || p.fault != nil || p.Body == nil {
		return p.graph, p.fault
	}
	p.graph, p.fault = flamegraph.Parse(bytes.NewReader(p.Body), flamegraph.Limits{})
	if p.fault != nil {
		p.fault = fmt.Errorf("%s: %w", p.name(), p.fault)
	}
	return p.graph, p.fault
}

// name is what a message calls the page.
func (p *Page) name() string {
	if p.File != "" {
		return p.File
	}
	return p.JVM + " " + string(p.Mode)
}

// readPages are the pages of an analysis, as far as they can be read.
type readPages struct {
	captures []diagnose.Capture
	names    []string // of the captures
	tasks    uint64   // samples in threads of tasks, of all captures
	bad      []error
}

// parse reads the pages, several at once; one that cannot be read counts as lost.
func parse(pages []Page) readPages {
	profiles := make([]intake.Profile, len(pages))
	faults := make([]error, len(pages))
	var wg sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0)) // more would take memory and no less time
	for i := range pages {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			profiles[i], faults[i] = pages[i].fit()
		})
	}
	wg.Wait()
	var read readPages
	for i := range pages {
		read.add(&pages[i], profiles[i], faults[i])
	}
	return read
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

func (r *readPages) add(p *Page, profile intake.Profile, fault error) {
	c := diagnose.Capture{
		JVM: p.JVM, Mode: p.Mode, Requested: p.Requested, Seconds: p.Seconds,
		Bytes: int64(len(p.Body)), Status: p.Status, Key: p.Key, Graph: profile.Graph,
		Code: p.Code, Note: p.Note, Hint: p.Hint, Notes: slices.Concat(p.Notes, profile.Notes),
	}
	if fault != nil {
		r.bad = append(r.bad, fault)
		c.Graph, c.Status = nil, "unreadable"
		c.Notes = append(c.Notes, fault.Error())
	}
	r.captures = append(r.captures, c)
	r.names = append(r.names, p.name())
	r.tasks += profile.Tasks
}

func (r *readPages) usable() int {
	n := 0
	for i := range r.captures {
		if g := r.captures[i].Graph; g != nil && !g.Empty() {
			n++
		}
	}
	return n
}

// noTasks returns [ErrNoTask] when there are samples, and none of them in a task of Flink. LOCK proves nothing here: tasks
// that wait for no lock are not in it.
func (r *readPages) noTasks() error {
	if r.tasks > 0 {
		return nil
	}
	var graphs []*flamegraph.Graph
	var names []string
	for i := range r.captures {
		c := &r.captures[i]
		if c.Mode != events.ModeLock && c.Graph != nil && !c.Graph.Empty() {
			graphs, names = append(graphs, c.Graph), append(names, r.names[i])
		}
	}
	if len(graphs) == 0 {
		return nil
	}
	return intake.NoTask(names, graphs)
}

// sentence makes the text of an error one.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
