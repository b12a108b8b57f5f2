package run

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"squirrly.dev/pkg/events"
)

// MaxSummary bounds a stored [Summary], in bytes.
const MaxSummary = 1 << 10

// summaryVersion is by which rules a summary was made. A stored one of an older version is made again.
const summaryVersion = 1

// Summary is what a list says about a run. That of a run that is over is stored beside its record and is made of the record
// alone, which changes no more in what a summary says: it may be missing for a while, and is never wrong.
type Summary struct {
	Version   int             `json:"v,omitempty"` // set where it is stored
	Run       string          `json:"run"`
	State     events.State    `json:"state"`
	Identity  events.Identity `json:"identity"`
	JobID     string          `json:"jobId,omitempty"`
	JobName   string          `json:"jobName,omitempty"`
	Requester string          `json:"requester,omitempty"`
	Created   time.Time       `json:"created"`
	Updated   time.Time       `json:"updated"`

	Severity events.Severity `json:"severity,omitempty"` // of a run with a result
	Verdict  string          `json:"verdict,omitempty"`  // in a few words
	Findings int             `json:"findings,omitempty"`

	Code     events.Code `json:"code,omitempty"`     // why a run ended without a result
	Message  string      `json:"message,omitempty"`  // the same in words
	Existing string      `json:"existing,omitempty"` // the run that answers a request that was rejected

	Step     string      `json:"step,omitempty"` // of a run that is under way: what is being done
	Percent  int         `json:"percent"`
	WaitsFor events.Code `json:"waitsFor,omitempty"`
}

// Limits of the texts of a summary, in bytes.
const (
	maxSummaryName = 120
	maxSummaryText = 200
)

// Summarize says of a record what a list needs. Texts are cut.
func Summarize(rec Record) Summary {
	s := Summary{
		Run: rec.Run, State: rec.State, Identity: rec.Plan.Identity, JobID: rec.Plan.JobID, JobName: head(rec.Plan.JobName, maxSummaryName),
		Requester: head(rec.Requester, maxSummaryName), Created: rec.Created, Updated: rec.Updated, Existing: rec.Existing,
		Step: head(rec.Step, maxSummaryText), Percent: rec.Percent, WaitsFor: rec.WaitsFor,
	}
	if c := rec.Conclusion; c != nil {
		s.Severity, s.Verdict, s.Findings = c.Severity, head(c.Verdict, maxSummaryText), c.Findings
	}
	if o := rec.Outcome; o != nil {
		s.Code, s.Message = o.Code, head(o.Message, maxSummaryText)
	}
	return s
}

// stored is the summary as it is kept, within [MaxSummary]: where that is too little, texts go first, and never what a list
// chooses by.
func (s Summary) stored() Summary {
	s.Version = summaryVersion
	for _, cut := range []func(){
		func() { s.Requester = "" },
		func() { s.Message, s.Verdict = head(s.Message, maxSummaryText/2), head(s.Verdict, maxSummaryText/2) }, //nolint:mnd // half
		func() { s.Step = "" },
		func() { s.Message, s.Verdict = "", "" },
		func() { s.JobName, s.JobID = "", "" },
	} {
		if b, err := json.Marshal(s); err == nil && len(b) <= MaxSummary {
			break
		}
		cut()
	}
	return s
}

// head cuts a text to a number of bytes, at a space if there is one late enough, and says so by an ellipsis.
func head(text string, most int) string {
	const ellipsis = "…"
	if len(text) <= most {
		return text
	}
	cut := most - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	if space := strings.LastIndexByte(text[:cut], ' '); space > cut/2 { //nolint:mnd // not for a short first word
		cut = space
	}
	return text[:cut] + ellipsis
}
