package collector

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/observe"
)

// crowd gives every vertex one subtask on each TaskManager, with the times that busy says for the TaskManager and the
// milliseconds since now. Flink renews them every 300 ms.
func crowd(f *flinks, busy func(tm int, since int64) (busy, idle int64)) {
	began := time.Now()
	f.instead(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/backpressure") {
			http.Error(w, `{"errors":["Not found"]}`, http.StatusNotFound)
			return
		}
		if !strings.Contains(r.URL.Path, "/vertices/") {
			f.serve(w, r)
			return
		}
		answer := httptest.NewRecorder()
		f.serve(answer, r)
		var v map[string]any
		if json.Unmarshal(answer.Body.Bytes(), &v) != nil || v["subtasks"] == nil {
			reply(w, answer)
			return
		}
		since := time.Since(began).Milliseconds() / 300 * 300
		base, _ := v["subtasks"].([]any)[0].(map[string]any)
		var all []any
		for i := range f.tms {
			s := maps.Clone(base)
			busy, idle := busy(i, since)
			s["subtask"], s["taskmanager-id"], s["status"] = i, flinktest.TaskManagerID(i), "RUNNING"
			s["metrics"] = map[string]any{
				"accumulated-busy-time": busy, "accumulated-idle-time": idle, "accumulated-backpressured-time": 0,
				"read-records": busy, "write-records": busy, "read-records-complete": true, "write-records-complete": true,
			}
			all = append(all, s)
		}
		v["subtasks"] = all
		_ = json.NewEncoder(w).Encode(v)
	})
}

// profiled names the TaskManagers of a run.
func profiled(rec run.Record) []string {
	var all []string
	for _, c := range rec.Captures {
		all = append(all, c.JVM)
	}
	return all
}

const hour = 3_600_000

// The one TaskManager of many that is hot is profiled, although it is the last and others were busy for an hour before. Who was
// left out is kept on the record itself, whose history many captures push out.
func TestChoose_HotNow(t *testing.T) {
	const many, hot = 60, 59
	w := newWorld(t, many, modes(events.ModeWall), func(p *events.Plan) { p.Scope.MaxTaskManagers = 3 })
	crowd(w.flink, func(tm int, since int64) (busy, idle int64) {
		if tm == hot {
			return since, hour
		}
		return hour, since // it was as busy before, and is not now
	})
	rec := w.finish()
	if got := profiled(rec); len(got) != 3 || got[0] != flinktest.TaskManagerID(hot) {
		t.Fatalf("profiled %v: %+v", got, rec.Outcome)
	}
	text := strings.Join(w.context(w.ready()).Missing, "\n")
	for _, want := range []string{
		"TaskManagers: 3 of 60 were profiled, the busiest by what they did between two readings; left out: ", " and 49 more",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "was not profiled, though it runs the busiest") {
		t.Errorf("missing:\n%s", text)
	}
	c := rec.Choice
	if c == nil || c.Of != many || c.Profiled != 3 || c.By != string(observe.BasisReadings) || len(c.LeftOut) != many-3 ||
		slices.Contains(c.LeftOut, flinktest.TaskManagerID(hot)) {
		t.Errorf("the choice is %+v", c)
	}
	if noted(rec, "3 of 60 TaskManagers, the busiest by") == 0 {
		t.Errorf("the history does not say it: %+v", rec.History)
	}
}

// Where nothing is left out, nothing is said and nobody waits.
func TestChoose_Alike(t *testing.T) {
	for most, want := range map[int]string{1: "TaskManagers: 1 of 4 were profiled, the busiest by", 4: ""} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			w := newWorld(t, 4, modes(events.ModeWall), func(p *events.Plan) { p.Scope.MaxTaskManagers = most })
			crowd(w.flink, func(_ int, since int64) (busy, idle int64) { return since, since })
			rec := w.finish()
			if (rec.Choice != nil) != (want != "") {
				t.Errorf("the record's choice: %+v", rec.Choice)
			}
			if got := profiled(rec); len(got) != most || got[0] != flinktest.TaskManagerID(0) {
				t.Fatalf("profiled %v: %+v", got, rec.Outcome)
			}
			text := strings.Join(w.context(w.ready()).Missing, "\n")
			if !strings.Contains(text, want) || want == "" && strings.Contains(text, "left out") {
				t.Errorf("missing:\n%s\nwant %q", text, want)
			}
		})
	}
}

// A scope that names TaskManagers takes those, and says which of them run nothing of the job.
func TestChoose_Named(t *testing.T) {
	w := newWorld(t, 3, modes(events.ModeWall), func(p *events.Plan) {
		p.Scope.TaskManagers = []string{"nobody", flinktest.TaskManagerID(2)}
	})
	crowd(w.flink, func(tm int, since int64) (busy, idle int64) { return since * int64(2-tm), since })
	rec := w.finish()
	if got := profiled(rec); !slices.Equal(got, []string{flinktest.TaskManagerID(2)}) {
		t.Fatalf("profiled %v: %+v", got, rec.Outcome)
	}
	text := strings.Join(w.context(w.ready()).Missing, "\n")
	for _, want := range []string{
		"TaskManager nobody was asked for, and ran nothing of the job", "TaskManagers: 1 of 3 were profiled; left out: " + flinktest.TaskManagerID(0),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing lacks %q:\n%s", want, text)
		}
	}
}

func TestPick_Missing(t *testing.T) {
	some := pick{chosen: []string{"a"}, leftOut: []string{"b", "c", "d"}, basis: observe.BasisRates}
	for name, c := range map[string]struct {
		pick    pick
		carried observe.Carried
		want    []string
	}{
		"all": {pick{chosen: []string{"a"}}, observe.Carried{Known: true, Busy: 1, Records: 1}, nil},
		"some": {some, observe.Carried{Known: true, Busy: 0.25, Records: 0.5}, []string{
			"TaskManagers: 1 of 4 were profiled, the busiest by Flink's rates of the last minute; left out: b, c, d. They carry 75 % of the job's busy time and 50 % of its records",
		}},
		"nothing is known": {some, observe.Carried{}, []string{
			"TaskManagers: 1 of 4 were profiled, the busiest by Flink's rates of the last minute; left out: b, c, d; how much of the job they carry is not known",
		}},
		"one is unknown": {pick{chosen: []string{"a"}, unknown: []string{"x"}}, observe.Carried{}, []string{"TaskManager x was asked for, and ran nothing of the job"}},
	} {
		if got := c.pick.missing(c.carried); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
