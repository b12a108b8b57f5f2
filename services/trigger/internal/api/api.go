// Package api is the HTTP source of requests: POST /v1/profiles puts one into the inbox, GET and DELETE /v1/runs/{run}
// look at its record and ask for its end, and POST /v1/triggers/{name} tells policies what happened elsewhere. GET /v1/runs
// lists runs, and report, analysis and captures below a run are what it left. It decides about nothing: every request takes
// the way through the inbox.
package api

import (
	"context"
	_ "embed" // the description of the API
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/link"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// requester is the source of the CloudEvents that this API makes.
const requester = "squirrly/http"

const (
	maxBody    = 60 << 10 // bytes; with its envelope a request has to fit into one event
	maxKey     = 200      // bytes of an Idempotency-Key
	maxHeaders = 16 << 10
)

// Inbox takes requests: *bus.Bus.
type Inbox interface {
	Request(ctx context.Context, subject, msgID, contentType string, body []byte) error
	Cancel(ctx context.Context, id string) error // asks for the end of a run
}

// Records are the records of runs: *run.Runs.
type Records interface {
	Get(ctx context.Context, id string) (run.Record, error)
	Search(ctx context.Context, q run.Query) (run.Page, error)
}

// Permits tell what a request without a record waits for: *run.Permits.
type Permits interface {
	WaitingOf(ctx context.Context, id string) (run.Waiting, bool, error)
}

// API answers HTTP requests.
type API struct {
	Inbox   Inbox
	Records Records
	Permits Permits
	Store   Store       // nil: results are not served
	Token   string      // that callers have to show; empty lets in everybody who calls from this machine
	Links   link.Config // proofs in links let in readers of one run
	// Triggers are what may make policies ask, by their names in the path.
	Triggers map[string]Trigger
	Logger   *slog.Logger

	once    sync.Once
	readers chan struct{} // holds one for each result in memory
}

// routes are what there is, by method and path; openapi.yaml describes them.
func (a *API) routes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"POST /v1/profiles":                     a.request,
		"GET /v1/runs":                          a.list,
		"GET /v1/runs/{run}":                    a.run,
		"DELETE /v1/runs/{run}":                 a.cancel,
		"GET /v1/runs/{run}/report":             a.report,
		"GET /v1/runs/{run}/analysis":           a.analysis,
		"GET /v1/runs/{run}/captures/{capture}": a.capture,
		"POST /v1/triggers/{name}":              a.trigger,
		"GET /v1/openapi.yaml":                  a.document,
	}
}

//go:embed openapi.yaml
var openAPI []byte

// document answers with the description of the API.
func (a *API) document(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(openAPI); err != nil {
		a.Logger.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}

// Handler routes and guards the API.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range a.routes() {
		mux.HandleFunc(pattern, handle)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, http.StatusNotFound, problem{
			Code: "not_found", Message: r.Method + " is not served at this path",
			Hint: "Use POST /v1/profiles, GET /v1/runs, GET or DELETE /v1/runs/{run}, GET its report, analysis or captures/1, or POST " +
				"/v1/triggers/alertmanager or cloudevents.",
		}, nil)
	})
	return a.guard(mux)
}

// Serve answers on an address until ctx ends.
func (a *API) Serve(ctx context.Context, addr string) error {
	l, err := Listen(ctx, addr, a.Token)
	if err != nil {
		return err
	}
	srv := &http.Server{
		Handler: a.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: maxHeaders,
		ErrorLog: slog.NewLogLogger(a.Logger.Handler(), slog.LevelDebug),
	}
	a.Logger.InfoContext(ctx, "HTTP API listens", "addr", l.Addr().String())
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the HTTP API: %w", err)
	case <-ctx.Done():
	}
	const grace = 5 * time.Second
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		return fmt.Errorf("end the HTTP API: %w", err)
	}
	return nil
}

// accepted is the answer to a request that is in the inbox.
type accepted struct {
	Run   string       `json:"run"`
	State events.State `json:"state,omitempty"` // when the caller waited for the decision
	Links struct {
		Self string `json:"self"`
	} `json:"links"`
}

// request puts a plain request into the inbox, as a CloudEvent whose id the answer is made of.
func (a *API) request(w http.ResponseWriter, r *http.Request) {
	body, ok := a.body(w, r)
	if !ok {
		return
	}
	id := r.Header.Get("Idempotency-Key")
	if len(id) > maxKey {
		a.fail(w, r, http.StatusBadRequest, invalid("header Idempotency-Key: expected at most 200 bytes"), nil)
		return
	}
	if id == "" {
		id = uuid.NewString()
	}
	event, err := envelope(id, body)
	if err != nil {
		a.fail(w, r, http.StatusBadRequest, invalid(err.Error()), nil)
		return
	}
	if err := a.Inbox.Request(r.Context(), events.SubjectRequested, "", events.ContentType, event); err != nil {
		a.fail(w, r, http.StatusServiceUnavailable, problem{
			Code: "unavailable", Message: "the request could not be stored",
			Hint: "Try again in a moment, with the same Idempotency-Key.",
		}, err)
		return
	}
	var answer accepted
	answer.Run = events.RunIDFromEvent(requester, id)
	if wait := preferred(r.Header); wait > 0 {
		if rec, ok := a.decision(r.Context(), answer.Run, wait); ok {
			w.Header().Set("Preference-Applied", "wait")
			if rec.State == events.StateRejected && rec.Outcome != nil {
				a.rejected(w, r, rec)
				return
			}
			answer.State = rec.State
		}
	}
	answer.Links.Self = "/v1/runs/" + answer.Run
	w.Header().Set("Location", answer.Links.Self)
	a.answer(w, r, http.StatusAccepted, answer)
}

// body reads a JSON body within the limit, or has answered.
func (a *API) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		a.fail(w, r, http.StatusUnsupportedMediaType, invalid("header Content-Type: expected application/json"), nil)
		return nil, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		a.fail(w, r, http.StatusRequestEntityTooLarge, invalid("body: expected at most 60 KiB"), nil)
		return nil, false
	}
	if err != nil {
		a.fail(w, r, http.StatusBadRequest, invalid("body: expected to come whole and in time"), nil)
		return nil, false
	}
	return body, true
}

// errEvent says that a body is a CloudEvent: around it, there would be another one, which the inbox rejects.
var errEvent = errors.New("body: expected the request alone, without a CloudEvent around it (those go onto the bus, to " +
	events.SubjectRequested + ")")

// envelope makes the CloudEvent of a plain request, and refuses a request that nobody could accept: it reads what it made
// as the inbox will.
func envelope(id string, body []byte) ([]byte, error) {
	_, origin, err := events.DecodeRequest(nil, body)
	switch {
	case err != nil:
		return nil, err
	case origin.ID != "" || origin.Source != "":
		return nil, errEvent
	}
	e := events.Event{
		SpecVersion: events.SpecVersion, ID: id, Source: requester, Type: events.TypeProfileRequested,
		Time: time.Now().UTC(), DataContentType: "application/json", Data: json.RawMessage(body),
	}
	event, err := e.Encode()
	if err != nil {
		return nil, err
	}
	_, _, err = events.DecodeRequest(nil, event)
	return event, err
}

func (a *API) run(w http.ResponseWriter, r *http.Request) {
	if rec, ok := a.record(w, r); ok {
		a.answer(w, r, http.StatusOK, newView(rec))
	}
}

func (a *API) cancel(w http.ResponseWriter, r *http.Request) {
	rec, ok := a.record(w, r)
	if !ok {
		return
	}
	if rec.State.Terminal() {
		a.fail(w, r, http.StatusConflict, problem{Code: "run_over", Message: "the run is " + string(rec.State), Hint: "There is nothing to cancel."}, nil)
		return
	}
	if err := a.Inbox.Cancel(r.Context(), rec.Run); err != nil {
		a.fail(w, r, http.StatusServiceUnavailable, problem{Code: "unavailable", Message: "the cancel could not be stored", Hint: "Try again in a moment."}, err)
		return
	}
	var answer accepted
	answer.Run = rec.Run
	answer.Links.Self = "/v1/runs/" + rec.Run
	a.answer(w, r, http.StatusAccepted, answer)
}

// record reads the record that the path names, or has answered.
func (a *API) record(w http.ResponseWriter, r *http.Request) (run.Record, bool) {
	rec, err := a.Records.Get(r.Context(), r.PathValue("run"))
	switch {
	case err == nil:
		return rec, true
	case errors.Is(err, run.ErrNoRecord):
		a.fail(w, r, http.StatusNotFound, a.missing(r.Context(), r.PathValue("run")), nil)
	default:
		a.fail(w, r, http.StatusServiceUnavailable, problem{Code: "unavailable", Message: "the record could not be read", Hint: "Try again in a moment."}, err)
	}
	return run.Record{}, false
}

// missing says why there is no record: there is no such run, or its request waits.
func (a *API) missing(ctx context.Context, id string) problem {
	waiting, waits, err := a.Permits.WaitingOf(ctx, id)
	if err != nil || !waits {
		return problem{
			Code: "not_found", Message: "there is no such run",
			Hint: "A request that was just sent has a record in a moment; records are kept for 45 days.",
		}
	}
	return problem{
		Code: "not_found", Message: "there is no record yet: the request " + waiting.String(),
		Hint: events.CodeNoPermit.Hint(), Run: id, Waiting: &waiting,
	}
}
