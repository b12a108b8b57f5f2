package trial

import (
	"fmt"
	"slices"
	"time"

	"squirrly.dev/pkg/events"
)

// Result is what was counted in a trial.
type Result struct {
	Options Options       `json:"options"`
	Took    time.Duration `json:"took"`
	Blows   []Blow        `json:"blows"`

	Asked    int                  `json:"asked"`    // requests that the server said are stored
	States   map[events.State]int `json:"states"`   // of the records
	Ends     map[int]int          `json:"ends"`     // how many runs ended so often: exactly once is right
	Failed   map[events.Code]int  `json:"failed"`   // runs without a result, by reason
	Dead     map[string]int       `json:"dead"`     // dead letters, by service and reason
	Wrong    []string             `json:"wrong"`    // what must not be, one line each
	Profiles int                  `json:"profiles"` // that Flink started
	Doubled  int                  `json:"doubled"`  // profiles beyond one by JVM and mode
	Results  int                  `json:"results"`  // recommendations beyond one by run
	Lost     int                  `json:"lost"`     // stored requests of which nothing became
	Stuck    int                  `json:"stuck"`    // runs that never ended
	Buried   int                  `json:"buried"`   // dead letters of the inbox
	Refused  int                  `json:"refused"`  // messages of the inbox that ended as a rejected run
	Adopted  int                  `json:"adopted"`  // captures that another collector began
	Again    int                  `json:"again"`    // webhooks that came again, under the same id
	Untold   int                  `json:"untold"`   // ends of which no webhook came
	Crashes  int                  `json:"crashes"`  // owners that left no outcome, as the records say

	Log   Log      `json:"log"`
	Exits []string `json:"exits"` // services that ended though nobody killed them
	Late  []string `json:"late"`  // services that did not end within their grace after SIGTERM

	RunTimes []time.Duration `json:"runTimes"` // from request to end, sorted
	Recovery []time.Duration `json:"recovery"` // from a blow to the first end of a run after it was mended, sorted
}

// wrong notes what must not be.
func (r *Result) wrong(format string, args ...any) {
	r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
}

// recovery measures, for each blow, the time from it to the first end of a run after it was mended. Blows after which
// no run ended, since all were over, have none.
func recovery(blows []Blow, ends []time.Time) []time.Duration {
	slices.SortFunc(ends, time.Time.Compare)
	var all []time.Duration
	for _, b := range blows {
		if i := slices.IndexFunc(ends, b.To.Before); i >= 0 {
			all = append(all, ends[i].Sub(b.From))
		}
	}
	slices.Sort(all)
	return all
}

// quantile is the value below which so many of the sorted ones are; 0 of none.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
