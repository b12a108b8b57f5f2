package api_test

import (
	"context"
	"net/http"
	"testing"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// decided has one record, of whatever run is asked for, from a number of looks on.
type decided struct {
	rec   run.Record
	after *int
}

func (d decided) Get(_ context.Context, id string) (run.Record, error) {
	if *d.after--; *d.after >= 0 {
		return run.Record{}, run.ErrNoRecord
	}
	d.rec.Run = id
	return d.rec, nil
}

// Who waits for the decision is told of it; a refused request names the run that answers instead.
func TestRequest_Prefer(t *testing.T) {
	refused := func(code events.Code, existing string) run.Record {
		return run.Record{
			State: events.StateRejected, Existing: existing,
			Outcome: &events.Outcome{Code: code, Message: "why", Hint: "what to do"},
		}
	}
	type answer struct{ Run, State, Code, Message, Existing string }
	for name, c := range map[string]struct {
		prefer   string
		rec      run.Record
		after    int
		status   int
		want     answer
		location string
	}{
		"planned":          {"respond-async, wait=5", run.Record{State: events.StatePlanned}, 1, 202, answer{State: "planned"}, ""},
		"coalesced":        {"wait=5", refused(events.CodeCoalesced, "other"), 2, 409, answer{Code: "coalesced", Message: "why", Existing: "other"}, "/v1/runs/other"},
		"cooldown":         {"Wait = 5", refused(events.CodeCooldown, "other"), 0, 409, answer{Code: "cooldown", Message: "why", Existing: "other"}, "/v1/runs/other"},
		"forbidden":        {"wait=5", refused(events.CodeForbidden, ""), 0, 403, answer{Code: "forbidden", Message: "why"}, ""},
		"unknown":          {"wait=5", refused(events.CodeUnknownTarget, ""), 0, 422, answer{Code: "unknown_target", Message: "why"}, ""},
		"not in time":      {"wait=1", refused(events.CodeCoalesced, "other"), 1 << 20, 202, answer{}, ""},
		"does not wait":    {"", refused(events.CodeCoalesced, "other"), 0, 202, answer{}, ""},
		"waits for no one": {"wait=0", refused(events.CodeCoalesced, "other"), 0, 202, answer{}, ""},
		"no number":        {"wait=soon", refused(events.CodeCoalesced, "other"), 0, 202, answer{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := newAPI()
			a.Records = decided{c.rec, &c.after}
			header := map[string]string{"Idempotency-Key": "deploy-42"}
			if c.prefer != "" {
				header["Prefer"] = c.prefer
			}
			res := call{method: http.MethodPost, path: "/v1/profiles", body: body, header: header}.to(t, a)
			got := decode[answer](t, res)
			c.want.Run = events.RunIDFromEvent("squirrly/http", "deploy-42")
			if c.location == "" && c.status == http.StatusAccepted {
				c.location = "/v1/runs/" + c.want.Run
			}
			if res.Code != c.status || got != c.want || res.Header().Get("Location") != c.location {
				t.Errorf("HTTP %d %+v, Location %q; want %d %+v, %q", res.Code, got, res.Header().Get("Location"), c.status, c.want, c.location)
			}
		})
	}
}

// The record of a refused request shows the run that answers it.
func TestRun_Existing(t *testing.T) {
	a, _ := newAPI()
	a.Records = decided{run.Record{State: events.StateRejected, Existing: "other"}, new(int)}
	got := decode[struct{ State, Existing string }](t, call{method: http.MethodGet, path: "/v1/runs/mine"}.to(t, a))
	if got.State != "rejected" || got.Existing != "other" {
		t.Errorf("%+v", got)
	}
}

func (decided) Search(context.Context, run.Query) (run.Page, error) { return run.Page{}, nil }
