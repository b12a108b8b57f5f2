package api

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strconv"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Store holds what runs left behind: *artifact.Store.
type Store interface {
	Get(ctx context.Context, ref events.ObjectRef, limit int64) ([]byte, error)
}

const (
	maxResult  = 64 << 20 // bytes of a capture, a report or an analysis
	reportHTML = "html"
)

// What a browser may do with an answer. A report has its style inside and runs nothing. A capture is a page that the profiler
// wrote: it runs as one of an origin of its own, which can neither call this API nor load anything.
const (
	policyReport  = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	policyCapture = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// report answers with the report as it was stored: a page, or Markdown with ?format=markdown.
func (a *API) report(w http.ResponseWriter, r *http.Request) {
	format := r.URL.Query().Get("format")
	kind := map[string]string{"": "text/html; charset=utf-8", reportHTML: "text/html; charset=utf-8", "markdown": "text/markdown; charset=utf-8"}[format]
	if kind == "" {
		a.fail(w, r, http.StatusBadRequest, invalid("parameter format: expected html or markdown"), nil)
		return
	}
	if format == "" {
		format = reportHTML
	}
	rec, ok := a.record(w, r)
	if !ok {
		return
	}
	ref, ok := rec.Reports[format]
	a.send(w, r, ref, ok, kind, policyReport)
}

func (a *API) analysis(w http.ResponseWriter, r *http.Request) {
	rec, ok := a.record(w, r)
	if !ok {
		return
	}
	var ref events.ObjectRef
	if rec.Analysis != nil {
		ref = *rec.Analysis
	}
	a.send(w, r, ref, rec.Analysis != nil, "application/json", policyReport)
}

// capture answers with a page of the profiler, by its number in the run, from 1 on, or by the name by which the report links it.
func (a *API) capture(w http.ResponseWriter, r *http.Request) {
	rec, ok := a.record(w, r)
	if !ok {
		return
	}
	ref, ok := captureOf(rec, r.PathValue("capture"))
	a.send(w, r, ref, ok, "text/html; charset=utf-8", policyCapture)
}

func captureOf(rec run.Record, name string) (events.ObjectRef, bool) {
	if rec.Artifact == nil {
		return events.ObjectRef{}, false
	}
	n := 0
	for _, c := range rec.Artifact.Captures {
		if c.Status != events.CaptureStored {
			continue
		}
		if n++; name == strconv.Itoa(n) || name == path.Base(c.Key) {
			return c.ObjectRef, true
		}
	}
	return events.ObjectRef{}, false
}

// reading bounds how many results are in memory at a time; the returned function ends it. The error is that of ctx.
func (a *API) reading(ctx context.Context) (release func(), err error) {
	const atATime = 4
	a.once.Do(func() { a.readers = make(chan struct{}, atATime) })
	select {
	case a.readers <- struct{}{}:
		return func() { <-a.readers }, nil
	case <-ctx.Done():
		return nil, ctx.Err() //nolint:wrapcheck // of the request.
	}
}

// unreadable says of an error of the store what is wrong and what to do.
func unreadable(err error) (status int, p problem) {
	switch {
	case errors.Is(err, artifact.ErrGone):
		return http.StatusGone, problem{Code: "gone", Message: "the result is kept no more", Hint: "Profile the job again."}
	case errors.Is(err, artifact.ErrTooLarge):
		return http.StatusBadGateway, problem{
			Code: "too_large", Message: "the result is larger than 64 MiB, and is not served", Hint: "Use `squirrly runs get --out DIR`.",
		}
	case errors.Is(err, artifact.ErrCorrupt):
		return http.StatusBadGateway, problem{
			Code: "corrupt", Message: "the result is not what was stored", Hint: "Somebody changed it in the store: profile the job again.",
		}
	}
	return http.StatusServiceUnavailable, problem{Code: "unavailable", Message: "the result could not be read", Hint: "Try again in a moment."}
}

// send answers with an object of the store.
func (a *API) send(w http.ResponseWriter, r *http.Request, ref events.ObjectRef, found bool, kind, policy string) {
	switch {
	case a.Store == nil:
		a.fail(w, r, http.StatusNotImplemented, problem{
			Code: "no_store", Message: "results are not served here", Hint: "Use `squirrly runs get`, which reads the store.",
		}, nil)
		return
	case !found:
		a.fail(w, r, http.StatusNotFound, problem{
			Code: "not_found", Message: "the run has no such result", Hint: "A run has results when its state is analyzed; GET the run itself.",
		}, nil)
		return
	}
	release, err := a.reading(r.Context())
	if err != nil {
		return // nobody waits for it any more
	}
	defer release()
	body, err := a.Store.Get(r.Context(), ref, maxResult)
	if err != nil {
		status, p := unreadable(err)
		a.fail(w, r, status, p, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if _, err := w.Write(body); err != nil { //nolint:gosec // what is in it was escaped when it was written, or runs in a sandbox.
		a.Logger.DebugContext(r.Context(), "the client is gone", "error", err)
	}
}
