package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/api"
)

const (
	token = "s3cret"
	body  = `{"target":{"namespace":"flink","deployment":"orders"}}`
)

// inbox keeps what it is given.
type inbox struct {
	err       error
	requests  []events.Event
	cancelled []string
}

func (i *inbox) Request(_ context.Context, _, _, _ string, body []byte) error {
	e, err := events.DecodeEvent(body)
	i.requests = append(i.requests, e)
	return errors.Join(i.err, err)
}

func (i *inbox) Cancel(_ context.Context, id string) error {
	i.cancelled = append(i.cancelled, id)
	return i.err
}

// records has two runs: going and over.
type records struct{ err error }

func (r records) Get(_ context.Context, id string) (run.Record, error) {
	switch {
	case r.err != nil:
		return run.Record{}, r.err
	case id == "going":
		return run.Record{
			Run: id, State: events.StateProfiling, Ownership: run.Ownership{Owner: "secret-owner"}, Percent: 30,
			Plan:      events.Plan{JobName: "Orders", Prompt: "private prompt", Context: []events.ContextFile{{Text: "private source"}}},
			Collected: run.Collected{Captures: []run.Capture{{JVM: "tm-1", Mode: events.ModeWall, State: run.CaptureRunning}}},
		}, nil
	case id == "over":
		return run.Record{Run: id, State: events.StateAnalyzed}, nil
	case id == analyzed.Run:
		return analyzed, nil
	}
	return run.Record{}, run.ErrNoRecord
}

func (r records) Search(ctx context.Context, q run.Query) (run.Page, error) {
	going, err := r.Get(ctx, "going")
	if err != nil {
		return run.Page{}, err
	}
	return q.Page([]run.Summary{run.Summarize(going), run.Summarize(analyzed)})
}

// call is one request to the API.
type call struct {
	method, path, body string
	header             map[string]string
	host               string
}

func (c call) to(t *testing.T, a *api.API) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
	r.Host = "localhost:8080"
	if c.host != "" {
		r.Host = c.host
	}
	if c.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	a.Handler().ServeHTTP(w, r)
	return w
}

// permits know of one request that waits.
type permits struct{}

func (permits) WaitingOf(_ context.Context, id string) (run.Waiting, bool, error) {
	return run.Waiting{Run: id, Pool: "prod.payments", AtATime: 2, Since: time.Now()}, id == "waits", nil
}

// A request that waits for a permit has no record yet; whoever looks for one is told what it waits for.
func TestRun_Waits(t *testing.T) {
	a, _ := newAPI()
	res := call{method: "GET", path: "/v1/runs/waits"}.to(t, a)
	got := decode[struct {
		Code, Message, Run string
		Waiting            run.Waiting
	}](t, res)
	if res.Code != http.StatusNotFound || got.Code != "not_found" || got.Run != "waits" || got.Waiting.Pool != "prod.payments" || got.Waiting.AtATime != 2 ||
		!strings.Contains(got.Message, "waits for a permit") {
		t.Errorf("HTTP %d: %+v", res.Code, got)
	}
	res = call{method: "GET", path: "/v1/runs/unknown"}.to(t, a)
	if body := res.Body.String(); res.Code != http.StatusNotFound || strings.Contains(body, "waiting") {
		t.Errorf("HTTP %d: %s", res.Code, body)
	}
}

func newAPI() (*api.API, *inbox) {
	in := &inbox{}
	return &api.API{Inbox: in, Records: records{}, Permits: permits{}, Logger: slog.New(slog.DiscardHandler)}, in
}

func decode[T any](t *testing.T, res *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// A request takes the way through the inbox, and its run is known before anybody has decided about it.
func TestRequest(t *testing.T) {
	a, in := newAPI()
	res := call{method: "POST", path: "/v1/profiles", body: body, header: map[string]string{"Idempotency-Key": "deploy-42"}}.to(t, a)
	type accepted struct {
		Run   string
		Links struct{ Self string }
	}
	got := decode[accepted](t, res)
	if res.Code != http.StatusAccepted || len(in.requests) != 1 {
		t.Fatalf("HTTP %d, %d requests", res.Code, len(in.requests))
	}
	e := in.requests[0]
	if e.ID != "deploy-42" || e.Type != events.TypeProfileRequested || string(e.Data) != body {
		t.Errorf("event %+v", e)
	}
	if got.Run != events.RunIDFromEvent(e.Source, e.ID) || got.Links.Self != "/v1/runs/"+got.Run || res.Header().Get("Location") != got.Links.Self {
		t.Errorf("answer %+v, Location %s", got, res.Header().Get("Location"))
	}
	again := decode[accepted](t, call{method: "POST", path: "/v1/profiles", body: body, header: map[string]string{"Idempotency-Key": "deploy-42"}}.to(t, a))
	other := decode[accepted](t, call{method: "POST", path: "/v1/profiles", body: body}.to(t, a))
	if again.Run != got.Run || other.Run == got.Run {
		t.Errorf("runs %s, %s with the same key, %s without", got.Run, again.Run, other.Run)
	}
}

func TestRun(t *testing.T) {
	a, _ := newAPI()
	res := call{method: "GET", path: "/v1/runs/going"}.to(t, a)
	text, err := io.ReadAll(res.Body)
	if err != nil || res.Code != http.StatusOK {
		t.Fatal(res.Code, err)
	}
	for _, want := range []string{`"state":"profiling"`, `"percent":30`, `"jobName":"Orders"`, `"jvm":"tm-1"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the answer lacks %s: %s", want, text)
		}
	}
	if strings.Contains(string(text), "private") || strings.Contains(string(text), "secret") {
		t.Errorf("the answer tells too much: %s", text)
	}
}

func TestCancel(t *testing.T) {
	a, in := newAPI()
	if res := (call{method: "DELETE", path: "/v1/runs/going"}).to(t, a); res.Code != http.StatusAccepted {
		t.Errorf("HTTP %d", res.Code)
	}
	if len(in.cancelled) != 1 || in.cancelled[0] != "going" {
		t.Errorf("cancelled %v", in.cancelled)
	}
}

// Everything that goes wrong is told as JSON: a code, what is wrong, and what to do.
func TestProblems(t *testing.T) {
	away := errors.New("nats: no servers on 10.0.0.7")
	for name, c := range map[string]struct {
		call   call
		status int
		code   string
		says   string
		inbox  error
		reads  error
	}{
		"not JSON":  {call: call{method: "POST", path: "/v1/profiles", body: `{`}, status: 400, code: "invalid_request", says: "decode request"},
		"misspelt":  {call: call{method: "POST", path: "/v1/profiles", body: `{"targt":{}}`}, status: 400, code: "invalid_request", says: "field targt"},
		"no target": {call: call{method: "POST", path: "/v1/profiles", body: `{}`}, status: 400, code: "invalid_request", says: "field target"},
		"an event": {call: call{method: "POST", path: "/v1/profiles", body: `{"specversion":"1.0","id":"1","source":"me","type":"` +
			string(events.TypeProfileRequested) + `","data":` + body + `}`}, status: 400, code: "invalid_request", says: "without a CloudEvent"},
		"another event":     {call: call{method: "POST", path: "/v1/profiles", body: `{"specversion":"1.0","id":"1","source":"me","type":"x"}`}, status: 400, code: "invalid_request", says: "type"},
		"a form":            {call: call{method: "POST", path: "/v1/profiles", body: body, header: map[string]string{"Content-Type": "text/plain"}}, status: 415, code: "invalid_request", says: "application/json"},
		"too large":         {call: call{method: "POST", path: "/v1/profiles", body: `{"reason":"` + strings.Repeat("x", 70<<10) + `"}`}, status: 413, code: "invalid_request", says: "60 KiB"},
		"long key":          {call: call{method: "POST", path: "/v1/profiles", body: body, header: map[string]string{"Idempotency-Key": strings.Repeat("x", 201)}}, status: 400, code: "invalid_request", says: "Idempotency-Key"},
		"inbox away":        {call: call{method: "POST", path: "/v1/profiles", body: body}, status: 503, code: "unavailable", says: "could not be stored", inbox: away},
		"records away":      {call: call{method: "GET", path: "/v1/runs/going"}, status: 503, code: "unavailable", says: "could not be read", reads: away},
		"cancel away":       {call: call{method: "DELETE", path: "/v1/runs/going"}, status: 503, code: "unavailable", says: "could not be stored", inbox: away},
		"unknown run":       {call: call{method: "GET", path: "/v1/runs/nope"}, status: 404, code: "not_found", says: "no such run"},
		"cancel of nothing": {call: call{method: "DELETE", path: "/v1/runs/nope"}, status: 404, code: "not_found", says: "no such run"},
		"cancel too late":   {call: call{method: "DELETE", path: "/v1/runs/over"}, status: 409, code: "run_over", says: "analyzed"},
		"unknown path":      {call: call{method: "GET", path: "/v2"}, status: 404, code: "not_found", says: "GET is not served at this path"},
		"another name":      {call: call{method: "GET", path: "/v1/runs/going", host: "evil.example"}, status: 403, code: "forbidden", says: "this machine"},
		"another origin":    {call: call{method: "POST", path: "/v1/profiles", body: body, header: map[string]string{"Origin": "https://evil.example"}}, status: 403, code: "forbidden", says: "another origin"},
	} {
		a, in := newAPI()
		in.err, a.Records = c.inbox, records{c.reads}
		res := c.call.to(t, a)
		p := decode[struct{ Code, Message, Hint string }](t, res)
		if res.Code != c.status || p.Code != c.code || !strings.Contains(p.Message, c.says) || p.Hint == "" {
			t.Errorf("%s: HTTP %d %+v, want %d %s: …%s…", name, res.Code, p, c.status, c.code, c.says)
		}
		if strings.Contains(p.Message+p.Hint, "10.0.0.7") {
			t.Errorf("%s: the answer tells of our servers: %+v", name, p)
		}
		if len(in.requests) > 0 && c.inbox == nil {
			t.Errorf("%s: a request went to the inbox", name)
		}
	}
}

func TestToken(t *testing.T) {
	for header, want := range map[string]int{
		"Bearer " + token: http.StatusOK, "bearer " + token: http.StatusOK,
		"": 401, "Bearer": 401, "Bearer ": 401, "Bearer wrong": 401, "Basic " + token: 401, token: 401, "Bearer " + token + "x": 401,
	} {
		a, _ := newAPI()
		a.Token = token
		res := call{method: "GET", path: "/v1/runs/going", host: "squirrly.example", header: map[string]string{"Authorization": header}}.to(t, a)
		if res.Code != want {
			t.Errorf("%q: HTTP %d, want %d", header, res.Code, want)
		}
	}
}

func TestListen(t *testing.T) {
	for _, c := range []struct {
		addr, token string
		open        bool
	}{
		{"127.0.0.1:0", "", true},
		{"localhost:0", "", true},
		{"0.0.0.0:0", token, true},
		{":0", token, true},
		{":0", "", false},
		{"0.0.0.0:0", "", false},
	} {
		l, err := api.Listen(t.Context(), c.addr, c.token)
		if (err == nil) != c.open || err != nil && !errors.Is(err, api.ErrOpen) {
			t.Errorf("%s with token %q: %v", c.addr, c.token, err)
		}
		if l != nil {
			_ = l.Close()
		}
	}
}

func TestServe_EndsWithItsContext(t *testing.T) {
	a, _ := newAPI()
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if err := a.Serve(ctx, "127.0.0.1:0"); err != nil {
		t.Error(err)
	}
	if err := a.Serve(t.Context(), ":0"); !errors.Is(err, api.ErrOpen) {
		t.Errorf("got %v", err)
	}
}
