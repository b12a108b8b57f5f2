package channel

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel/safe"
)

// Limits of what people are told at once, in characters; the report has the rest.
const (
	maxItems   = 10
	maxTitle   = 150
	maxVerdict = 600
	maxAdvice  = 400
	maxWorth   = 200
	maxName    = 120
	maxRemark  = 300
)

// note is what people are told of the end of a run: single lines of plain text, bounded, without control characters. Every
// channel for people writes this; how it is laid out, and what has to be escaped for the receiver, is the channel's.
type note struct {
	Title    string // one line that says it all
	Job      string
	Where    string // cluster/namespace/job
	Run      string
	Severity string
	Code     string // of the reason of an end without a result
	Verdict  string // what limits the job; of an end without a result, why there is none
	Items    []item // what changed, most important first
	Left     int    // further changes, for which there was no room
	Remarks  []string
	Link     string // of the report; empty when there is none
	Command  string // that prints the report
}

// item is one finding.
type item struct {
	ID       string // of the finding over all runs; empty when only the run knows it
	News     string // what became of it: "Worse, up to 3.5×, before up to 2×"; empty when nothing did
	Title    string
	Severity string
	Where    string // the function
	Advice   string // what to change
	Worth    string // what that gains
	Sure     string // proven, or supported, not proven
	Suggests string // the model's own words, which nobody has verified
	Dismiss  string // the command by which a reader says that they want to hear of it no more
	Open     bool   // it is there, and nobody said that it may stay
}

// newNote reads a run.
func newNote(r Run) note {
	n := note{
		Where: plain(r.Identity.String(), maxName), Run: plain(r.ID, maxName), Severity: plain(string(r.Severity()), maxName),
		Job: plain(r.Identity.Job, maxName), Command: "squirrly runs get " + plain(r.ID, maxName),
	}
	if r.Ready == nil {
		n.outcome(r)
		return n
	}
	n.Job, n.Link = cmp.Or(plain(r.Ready.JobName, maxName), n.Job), safe.Link(r.Ready.ReportURL)
	n.Verdict = plain(r.Ready.Verdict.Text(), maxVerdict)
	n.items(r)
	if r.Recovered != "" {
		n.Remarks = append(n.Remarks, again(r))
	}
	for _, reading := range r.Ready.Readings {
		if reading.About == "" {
			n.Remarks = append(n.Remarks, suggestion(reading))
		}
	}
	if r.Ready.Degraded {
		n.Remarks = append(n.Remarks, "A part of the analysis could not be done.")
		for _, why := range r.Ready.DegradedWhy[:min(len(r.Ready.DegradedWhy), 2)] { //nolint:mnd // the report has all.
			n.Remarks = append(n.Remarks, plain(why, maxRemark))
		}
	}
	n.Title = n.title()
	if r.Recovered != "" && len(r.Changes) == 0 {
		n.Title = safe.Cut(n.Job+": Runs again: "+n.Verdict, maxTitle)
	}
	return n
}

// again says that a job can be profiled again.
func again(r Run) string {
	return "Runs again: those before failed (" + plain(string(r.Recovered), maxName) + ")."
}

// Lead is the verdict, unless the title says it.
func (n note) Lead() string {
	if strings.HasSuffix(n.Title, n.Verdict) {
		return ""
	}
	return n.Verdict
}

// items are what changed, or the first findings when a channel is told of everything and nothing did.
func (n *note) items(r Run) {
	for _, c := range r.Changes {
		n.Items = append(n.Items, changed(r, c))
	}
	if len(r.Changes) == 0 {
		for _, f := range r.Ready.Findings {
			i := item{Title: plain(f.Title, maxTitle), Severity: string(f.Severity), Open: true}
			i.of(f.Finding, r.Ready.Readings)
			n.Items = append(n.Items, i)
		}
	}
	n.Left = max(len(n.Items)-maxItems, 0)
	n.Items = n.Items[:len(n.Items)-n.Left]
}

// changed is what is told of a change.
func changed(r Run, c Change) item {
	i := item{
		ID: plain(c.ID, maxName), News: plain(c.Headline(), maxTitle), Title: plain(c.Title, maxTitle), Severity: plain(string(c.Severity), maxName),
		Where: plain(wording.Simple(c.Anchor), maxName), Open: c.State == events.LifeStateOpen,
		Sure: sure(events.Finding{Proof: c.Proof}),
	}
	if i.Open {
		i.Advice, i.Dismiss = plain(c.Advice, maxAdvice), plain(c.Dismiss, maxRemark)
		if c.Now != nil {
			i.Worth = worth(*c.Now)
		}
	}
	if c.Finding != nil && i.Open {
		i.of(c.Finding.Finding, r.Ready.Readings)
	}
	return i
}

// of adds what the run says about the finding.
func (i *item) of(f events.Finding, readings []events.Reading) {
	i.Where = cmp.Or(i.Where, plain(wording.Simple(f.Anchor), maxName))
	i.Advice = cmp.Or(i.Advice, plain(f.Recommendation.Change, maxAdvice))
	i.Worth = cmp.Or(plain(f.Recommendation.Impact, maxWorth), i.Worth, worth(f.Gain()))
	i.Sure = sure(f)
	if at := slices.IndexFunc(readings, func(r events.Reading) bool { return r.About == f.ID }); at >= 0 {
		i.Suggests = suggestion(readings[at])
	}
}

// sure says how well a finding is proven, in the words of the report.
func sure(f events.Finding) string {
	switch {
	case f.Proven():
		return "proven"
	case f.Proof == events.ProofSupported:
		return "supported, not proven"
	}
	return "not proven"
}

func suggestion(r events.Reading) string {
	return "The model suggests (not verified): " + plain(r.Text, events.MaxReading)
}

// worth is a gain as a sentence.
func worth(g events.Gain) string {
	size := wording.Gain(g)
	switch {
	case g.Value == 0:
		return ""
	case strings.HasPrefix(size, "up to"):
		return size + " the throughput"
	case g.Unit == events.GainShare:
		return size + " of what limits the job"
	}
	return size + "; the job gets no faster"
}

// title says in one line what is new, or how the run ended.
func (n *note) title() string {
	if len(n.Items) == 0 || n.Items[0].News == "" {
		return safe.Cut(n.Job+": "+n.Verdict, maxTitle)
	}
	rest := ""
	if others := len(n.Items) + n.Left - 1; others > 0 {
		rest = fmt.Sprintf(" (and %d more)", others)
	}
	return safe.Cut(n.Job+": "+n.Items[0].News+": "+n.Items[0].Title, maxTitle-len(rest)) + rest
}

// outcome is an end without a result.
func (n *note) outcome(r Run) {
	n.Code, n.Verdict = plain(string(r.Outcome.Code), maxName), plain(r.Outcome.Message, maxVerdict)
	n.Title = safe.Cut(n.Job+": "+verb(r.Event.Type)+": "+n.Verdict, maxTitle)
	if hint := plain(r.Outcome.Hint, maxRemark); hint != "" {
		n.Remarks = append(n.Remarks, hint)
	}
}

// verb says how a run ended that has no result, or what became of a channel.
func verb(t events.Type) string {
	return map[events.Type]string{
		events.TypeRunRejected: "Rejected", events.TypeRunFailed: "Failed", events.TypeRunCancelled: "Cancelled",
		events.TypeNotificationFailed: "Channel down", events.TypeNotificationSent: "Channel up",
	}[t]
}

// plain is a line of at most so many characters.
func plain(s string, most int) string { return safe.Cut(safe.Line(s), most) }

// others says how much is left out.
func (n note) others() string {
	return "And " + wording.Plural(n.Left, "more finding") + " in the report."
}
