package intake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/nats-io/nats.go"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

const structured = `{"specversion":"1.0","id":"42","source":"ci/orders","type":"dev.squirrly.profile.requested.v1","data":` + request + `}`

var binary = nats.Header{
	"ce-specversion": {"1.0"}, "CE-Id": {"42"}, "ce-source": {"ci/orders"}, "Ce-Type": {string(events.TypeProfileRequested)},
}

// A request in any of its forms becomes a plan.
func TestHandle_Planned(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	for name, c := range map[string]struct {
		subject   string
		header    nats.Header
		body      string
		requester string
		id        string
	}{
		"plain":                 {events.SubjectRequested, nil, request, "nats", ""},
		"plain with a msg id":   {events.SubjectRequested, nats.Header{events.HeaderMsgID: {"nightly"}}, strings.Replace(request, "orders", "o1", 1), "nats", "nightly"},
		"structured":            {events.SubjectRequested, nil, strings.Replace(structured, `"orders"`, `"o2"`, 1), "ci/orders", "42"},
		"binary":                {events.SubjectRequested, binary, strings.Replace(request, "orders", "o3", 1), "ci/orders", "42"},
		"limited":               {events.SubjectRequested + ".prod.flink.o4", nil, strings.Replace(request, "orders", "o4", 1), "nats", ""},
		"limited, no target":    {events.SubjectRequested + ".prod.flink.o5", nil, `{"reason":"x"}`, "nats", ""},
		"limited, nothing":      {events.SubjectRequested + ".prod.flink.o6", nil, "", "nats", ""},
		"limited, empty binary": {events.SubjectRequested + ".prod.flink.o7", nats.Header{"ce-specversion": {"1.0"}, "ce-id": {"43"}, "ce-source": {"s"}, "ce-type": {string(events.TypeProfileRequested)}}, " ", "s", "43"},
	} {
		if name == "binary" { // the same source and id would be the same run
			c.header = nats.Header{"ce-specversion": {"1.0"}, "CE-Id": {"44"}, "ce-source": {"ci/orders"}, "Ce-Type": {string(events.TypeProfileRequested)}}
			c.id = "44"
		}
		m := send(t, b, c.subject, c.header, c.body)
		id := runOf(t, m)
		e := fact(t, b, events.TypeProfilePlanned, id)
		p, err := events.Data[events.ProfilePlanned](e)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if p.Requester != c.requester || c.id != "" && p.RequestID != c.id || e.CausationID != p.RequestID || e.RunID != id {
			t.Errorf("%s: event %+v, requester %q, request %q", name, e, p.Requester, p.RequestID)
		}
		rec := record(t, b, id)
		if diff := cmp.Diff(rec.Plan, p.Plan); diff != "" || rec.State != events.StatePlanned || rec.Requester != c.requester {
			t.Errorf("%s: record in state %s by %s: %s", name, rec.State, rec.Requester, diff)
		}
	}
	emptied(t, b)
}

func TestHandle_PlanIsComplete(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	m := send(t, b, events.SubjectRequested, nil, `{"target":{"namespace":"flink","deployment":"orders"},"modes":["CPU"],
		"duration":"1500ms","scope":{"maxTaskManagers":2},"context":[{"name":"a.java","text":"class A {}"}],"prompt":"# Hi",
		"reason":"slow","labels":{"team":"a"}}`)
	id := runOf(t, m)
	got := record(t, b, id).Plan
	want := events.Plan{
		Run: id, Identity: orders, Target: events.Target{Namespace: "flink", Deployment: "orders"},
		RestURL: "http://orders-rest.flink:8081", JobID: "aa", JobName: "Orders", Modes: []events.Mode{events.ModeCPU},
		Duration: events.Duration(2 * time.Second), Scope: events.Scope{MaxTaskManagers: 2},
		Context: []events.ContextFile{{Name: "a.java", Text: "class A {}"}}, Prompt: "# Hi", Reason: "slow",
		Labels: map[string]string{"team": "a"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(events.Plan{}, "Deadline", "RequestedAt")); diff != "" {
		t.Error(diff)
	}
	if left := time.Until(got.Deadline); left < 29*time.Minute || left > 30*time.Minute {
		t.Errorf("deadline in %s", left)
	}
	if got.RequestedAt.IsZero() || time.Since(got.RequestedAt) > time.Minute {
		t.Errorf("requested at %s", got.RequestedAt)
	}

	m = send(t, b, events.SubjectRequested, nil, `{"target":{"namespace":"flink","deployment":"defaults"}}`)
	got = record(t, b, runOf(t, m)).Plan
	if diff := cmp.Diff([]events.Mode{events.ModeITimer, events.ModeWall}, got.Modes); diff != "" || got.Duration != events.Duration(30*time.Second) {
		t.Errorf("defaults: %s for %s", got.Modes, time.Duration(got.Duration))
	}
}

// Every bad request has a reason code, a sentence, a record and one event; it leaves nothing in the inbox.
func TestHandle_Rejected(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	target := `"target":{"namespace":"flink","deployment":"orders"}`
	unknown := events.Identity{Cluster: "_", Namespace: "_", Job: "_"}
	named := events.Identity{Cluster: "_", Namespace: "flink", Job: "orders"}
	limited := events.Identity{Cluster: "prod", Namespace: "flink", Job: "billing"}
	for name, c := range map[string]struct {
		subject string
		body    string
		code    events.Code
		says    string
		id      events.Identity
	}{
		"not JSON":           {"", `{"target"`, events.CodeUndecodable, "decode request", unknown},
		"empty":              {"", ``, events.CodeUndecodable, "decode request", unknown},
		"text behind":        {"", `{` + target + `} and more`, events.CodeUndecodable, "text after the JSON value", named},
		"no target":          {"", `{}`, events.CodeInvalidRequest, "field target: expected a url, or a deployment", unknown},
		"misspelt field":     {"", `{` + target + `,"durration":"1s"}`, events.CodeInvalidRequest, "field durration: expected nothing", named},
		"wrong type":         {"", `{"target":"orders"}`, events.CodeInvalidRequest, "field target", unknown},
		"url and deployment": {"", `{"target":{"url":"http://x","deployment":"y"}}`, events.CodeInvalidRequest, "not both", events.Identity{Cluster: "_", Namespace: "_", Job: "y"}},
		"unknown mode":       {"", `{` + target + `,"modes":["CPUS"]}`, events.CodeInvalidRequest, "field modes[0]", named},
		"mode twice":         {"", `{` + target + `,"modes":["WALL","WALL"]}`, events.CodeInvalidRequest, "each mode once", named},
		"negative duration":  {"", `{` + target + `,"duration":"-1s"}`, events.CodeInvalidRequest, "field duration", named},
		"too long for us":    {"", `{` + target + `,"duration":"6m"}`, events.CodeDurationRange, "this server allows at most 5m0s", named},
		"too long for Flink": {"", `{` + target + `,"duration":"3m"}`, events.CodeDurationRange, "this Flink allows at most 2m0s", orders},
		"expired":            {"", `{` + target + `,"expires":"2020-01-01T00:00:00Z"}`, events.CodeExpired, "expired at 2020-01-01", named},
		"wrong event type":   {"", strings.Replace(structured, "profile.requested", "run.failed", 1), events.CodeInvalidRequest, "field type", unknown},
		"two tokens":         {".prod.flink", request, events.CodeInvalidRequest, "<cluster>.<namespace>.<job>", orders},
		"token of no name":   {".prod.flink.Orders_per_day-12345678", `{}`, events.CodeInvalidRequest, "is not a name", events.Identity{Cluster: "prod", Namespace: "flink", Job: "Orders_per_day-12345678"}},
		"limited, not JSON":  {".prod.flink.billing", `{`, events.CodeUndecodable, "decode request", limited},
		"limited, misspelt":  {".prod.flink.billing", `{"durration":"1s"}`, events.CodeInvalidRequest, "field durration", limited},
		"limited, bad mode":  {".prod.flink.billing", `{"modes":["X"]}`, events.CodeInvalidRequest, "field modes[0]", limited},
	} {
		m := send(t, b, events.SubjectRequested+c.subject, nil, c.body)
		id := runOf(t, m)
		o := rejection(t, b, id)
		if o.Code != c.code || !strings.Contains(o.Message, c.says) || o.Hint != c.code.Hint() || o.Hint == "" {
			t.Errorf("%s: rejected with %+v, want %s: …%s…", name, o, c.code, c.says)
		}
		rec := record(t, b, id)
		if o.Identity != c.id || rec.State != events.StateRejected || rec.Plan.Identity != c.id || rec.Plan.Run != id || rec.Outcome == nil || *rec.Outcome != o.Outcome {
			t.Errorf("%s: identity %+v, record %+v", name, o.Identity, rec)
		}
	}
	emptied(t, b)
	letters, err := b.DeadLetters(t.Context(), 100)
	if err != nil || len(letters) != 4 {
		t.Errorf("%d dead letters, %v; want one for each request that could not be read", len(letters), err)
	}
}

// Neither record nor event nor letter of a refused request tells the password that somebody put into a URL.
func TestHandle_NoSecretIsKept(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	m := send(t, b, events.SubjectRequested, nil, `{"target":{"url":"http://user:hunter2@flink:8081/?token=hunter2"}}`)
	id := runOf(t, m)
	e, rec := fact(t, b, events.TypeRunRejected, id), record(t, b, id)
	if strings.Contains(string(e.Data), "hunter2") || strings.Contains(rec.Plan.Target.URL+rec.Outcome.Message, "hunter2") {
		t.Errorf("the password is in %s or %+v", e.Data, rec)
	}
	if rec.Plan.Target.URL != "http://flink:8081" {
		t.Errorf("target %q", rec.Plan.Target.URL)
	}
	for _, target := range []string{
		`{"deployment":"user:hunter2@flink:8081"}`, `{"namespace":"user:hunter2@flink","deployment":"x"}`, `{"url":"user:hunter2@flink:8081"}`,
		`{"url":"http://user:hunter2%zz@flink"}`, `{"url":"http://user:hunter2@flink:8081/#/job/running/x"}`, `{"url":"http://user:hunter2@flink:8081","what":1}`,
	} {
		id := runOf(t, send(t, b, events.SubjectRequested, nil, `{"target":`+target+`}`))
		e, rec := fact(t, b, events.TypeRunRejected, id), record(t, b, id)
		if all := fmt.Sprintf("%s %s %+v", e.Subject, e.Data, rec); strings.Contains(all, "hunter2") {
			t.Errorf("%s: the password is in %s", target, all)
		}
	}
}

// A plan that does not fit into an event is refused before there is a run.
func TestHandle_TooLarge(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	labels := strings.Repeat("x", 63<<10)
	m := send(t, b, events.SubjectRequested, nil, `{"target":{"namespace":"flink","deployment":"orders"},"labels":{"a":"`+labels+`"}}`)
	if o := rejection(t, b, runOf(t, m)); o.Code != events.CodeInvalidRequest || !strings.Contains(o.Message, "the limit is") {
		t.Errorf("rejected with %+v", o)
	}
}

func TestHandle_TargetRefused(t *testing.T) {
	b := bustest.Start(t)
	in := newIntake(t, b)
	in.Target = resolver{refusal.New(events.CodeSeveralJobs, "2 jobs are running")}
	serve(t, b, in)
	m := send(t, b, events.SubjectRequested, nil, request)
	if o := rejection(t, b, runOf(t, m)); o.Code != events.CodeSeveralJobs || o.Identity != orders || o.Message != "2 jobs are running" {
		t.Errorf("rejected with %+v", o)
	}
}

// What may pass is left to the next delivery: nothing is decided, and nobody is told.
func TestHandle_FaultsOfOurOwn(t *testing.T) {
	b := bustest.Start(t)
	in := newIntake(t, b)
	in.Target = resolver{errors.New("the service stops")}
	m := send(t, b, events.SubjectRequested, nil, request)
	err := in.Handle(t.Context(), m)
	var fault *bus.Fault
	if err == nil || errors.As(err, &fault) {
		t.Errorf("got %v, want an error that brings the message back", err)
	}
	if all := facts(t, b, runOf(t, m)); len(all) > 0 {
		t.Errorf("%d events", len(all))
	}
	if _, err := run.New(b).Get(t.Context(), runOf(t, m)); !errors.Is(err, run.ErrNoRecord) {
		t.Errorf("there is a record, or %v", err)
	}
}

// One run at a time profiles a job; whoever comes second is told which. When it is over, the next may start.
func TestHandle_Coalesces(t *testing.T) {
	b := bustest.Start(t)
	serve(t, b, newIntake(t, b))
	first := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	fact(t, b, events.TypeProfilePlanned, first)
	second := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	if o := rejection(t, b, second); o.Code != events.CodeCoalesced || !strings.Contains(o.Message, first) || o.Identity != orders || o.Existing != first {
		t.Errorf("rejected with %+v, want run %s in it", o, first)
	}
	if rec := record(t, b, second); rec.Existing != first {
		t.Errorf("the record names %q as the run that answers", rec.Existing)
	}
	if err := b.Cancel(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	emptied(t, b)
	third := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	fact(t, b, events.TypeProfilePlanned, third)
}

func TestHandle_Cooldown(t *testing.T) {
	b := bustest.Start(t)
	in := newIntake(t, b)
	in.Limits.Cooldown = time.Hour
	serve(t, b, in)
	first := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	fact(t, b, events.TypeProfilePlanned, first)
	if err := run.New(b).AddLatest(t.Context(), orders.Key(), first); err != nil {
		t.Fatal(err)
	}
	if err := b.Cancel(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	emptied(t, b)
	second := runOf(t, send(t, b, events.SubjectRequested, nil, request))
	if o := rejection(t, b, second); o.Code != events.CodeCooldown || !strings.Contains(o.Message, first) || o.Existing != first {
		t.Errorf("rejected with %+v", o)
	}
}
