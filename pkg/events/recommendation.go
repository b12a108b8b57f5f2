package events

import (
	"slices"
	"time"
)

// Limits of recommendation.ready: it stands alone, since outsiders have no store, and stays below MaxEventBytes.
const (
	MaxEventFindings = 10
	MaxEventFacts    = 8
	MaxEventChanges  = 15
	MaxEventDoubts   = 5
	MaxEventReadings = 5
)

// RecommendationReady is the result of a run for everybody.
type RecommendationReady struct {
	Run          string            `json:"run"`
	Parent       string            `json:"parent,omitempty"` // the run that this one follows up
	Identity     Identity          `json:"identity"`
	JobID        string            `json:"jobId,omitempty"`
	JobName      string            `json:"jobName,omitempty"`
	FlinkVersion string            `json:"flinkVersion,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"` // of the request
	CreatedAt    time.Time         `json:"createdAt"`
	Verdict      Verdict           `json:"verdict"`
	Severity     Severity          `json:"severity"`
	Degraded     bool              `json:"degraded"`
	DegradedWhy  []string          `json:"degradedWhy,omitempty"`
	Comparison   *Comparison       `json:"comparison,omitempty"`
	Findings     []FindingExcerpt  `json:"findings"`
	Doubts       []Doubt           `json:"doubts,omitempty"`   // of the LLM about findings that are told here
	Readings     []Reading         `json:"readings,omitempty"` // what the LLM says in its own words, about them or the job: nobody has verified it
	Others       []Brief           `json:"others,omitempty"`   // findings that did not fit
	Changes      []FindingTold     `json:"changes,omitempty"`  // what became of findings since they were last told; written where the event leaves Squirrly, not on the bus
	Looked       *Looked           `json:"looked,omitempty"`   // what the run looked at; nil: not told, by an older version
	Truncated    bool              `json:"truncated"`          // the analysis holds more than fits here
	Provenance   Provenance        `json:"provenance"`
	Analysis     ObjectRef         `json:"analysis"`
	ReportURL    string            `json:"reportUrl,omitempty"`
}

// FindingExcerpt is a finding with the facts it rests on.
type FindingExcerpt struct {
	Finding
	Facts []Fact `json:"facts"`
}

// EventType implements Payload.
func (RecommendationReady) EventType() Type { return TypeRecommendationReady }

// Validate implements Payload.
func (r RecommendationReady) Validate() error {
	if err := requireRun(r.Run); err != nil {
		return err
	}
	switch {
	case r.Verdict.Headline == "":
		return field("verdict.headline", "a sentence", "")
	case r.Verdict.Limit == "": // one of a later version is none of ours, and no error
		return field("verdict.limit", "a verdict, for example vertex or not_limited", "")
	case r.Severity == "":
		return field("severity", "none, info, warning or critical", "")
	}
	return within("analysis", r.Analysis.Validate())
}

// Excerpt makes the event from a whole analysis: the first findings, each with its first facts, as many as fit. A verdict
// that is none of [Limits] is an error.
func Excerpt(a Analysis, stored ObjectRef, reportURL string) (RecommendationReady, error) {
	if !a.Verdict.Limit.Valid() {
		return RecommendationReady{}, field("verdict.limit", "one of the verdicts, for example vertex", string(a.Verdict.Limit))
	}
	facts := make(map[string]Fact, len(a.Evidence))
	for _, f := range a.Evidence {
		facts[f.ID] = f
	}
	r := RecommendationReady{
		Run: a.Run, Parent: a.Parent, Identity: a.Identity, JobID: a.JobID, JobName: a.JobName, FlinkVersion: a.FlinkVersion,
		CreatedAt: a.CreatedAt, Verdict: a.Verdict, Severity: a.Grade(), Degraded: a.Degraded,
		DegradedWhy: a.DegradedWhy, Comparison: a.Comparison, Findings: []FindingExcerpt{}, Looked: looked(a),
		Provenance: a.Provenance, Analysis: stored, ReportURL: reportURL,
	}
	if c := a.Comparison; c != nil && len(c.Changes) > MaxEventChanges {
		short := *c
		short.Changes = c.Changes[:MaxEventChanges]
		r.Comparison, r.Truncated = &short, true
	}
	for _, f := range a.Findings {
		if len(r.Findings) == MaxEventFindings {
			r.Truncated = true
			r.Others = append(r.Others, brief(f))
			continue
		}
		r.Findings = append(r.Findings, excerpt(f, facts))
	}
	r.addRemarks(a)
	return fit(r)
}

// addRemarks adds the first doubts and readings about the findings that are told here, and about the job.
func (r *RecommendationReady) addRemarks(a Analysis) {
	for _, d := range a.Doubts {
		if r.tells(d.Finding) && len(r.Doubts) < MaxEventDoubts {
			r.Doubts = append(r.Doubts, d)
		}
	}
	for _, x := range a.Readings {
		if (x.About == "" || r.tells(x.About)) && len(r.Readings) < MaxEventReadings {
			x.Text = atMost(MaxReading, x.Text)
			r.Readings = append(r.Readings, x)
		}
	}
	if len(r.Doubts) < len(a.Doubts) || len(r.Readings) < len(a.Readings) {
		r.Truncated = true
	}
}

// tells reports whether a finding is told here.
func (r *RecommendationReady) tells(finding string) bool {
	return slices.ContainsFunc(r.Findings, func(f FindingExcerpt) bool { return f.ID == finding })
}

func excerpt(f Finding, facts map[string]Fact) FindingExcerpt {
	x := FindingExcerpt{Finding: f, Facts: []Fact{}}
	x.Evidence = list(x.Evidence)
	for _, id := range f.Evidence {
		if fact, ok := facts[id]; ok && len(x.Facts) < MaxEventFacts {
			fact.Count = nil // for those who have the pages, and they have the whole analysis
			x.Facts = append(x.Facts, fact)
		}
	}
	return x
}
