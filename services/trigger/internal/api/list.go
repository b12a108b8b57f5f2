package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const (
	usualRuns = 50 // of a page
	mostRuns  = 500
)

// list answers with a page of the runs that fit, newest first, as `squirrly runs ls` prints it.
func (a *API) list(w http.ResponseWriter, r *http.Request) {
	q, err := query(r.URL.Query())
	if err != nil {
		a.fail(w, r, http.StatusBadRequest, invalid(err.Error()), nil)
		return
	}
	page, err := a.Records.Search(r.Context(), q)
	switch {
	case errors.Is(err, run.ErrNoRecord):
		a.fail(w, r, http.StatusBadRequest, invalid("parameter after: there is no such run"), nil)
	case err != nil:
		a.fail(w, r, http.StatusServiceUnavailable, problem{Code: "unavailable", Message: "the runs could not be read", Hint: "Try again in a moment."}, err)
	default:
		a.answer(w, r, http.StatusOK, page)
	}
}

// query reads the parameters of a list.
func query(given url.Values) (run.Query, error) {
	q := run.Query{
		Run: given.Get("run"), State: events.State(given.Get("state")), Namespace: given.Get("namespace"), Job: given.Get("job"),
		Severity: events.Severity(given.Get("severity")), After: given.Get("after"), Limit: usualRuns,
	}
	if q.State != "" && !q.State.Known() {
		return q, errors.New("parameter state: there is no such state of a run")
	}
	if q.Severity != "" && !q.Severity.Known() {
		return q, errors.New("parameter severity: expected none, info, warning or critical")
	}
	if text := given.Get("since"); text != "" {
		var err error
		if q.Since, err = run.ParseSince(text, time.Now()); err != nil {
			return q, fmt.Errorf("parameter since: %w", err)
		}
	}
	if text := given.Get("limit"); text != "" {
		var err error
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > mostRuns {
			return q, fmt.Errorf("parameter limit: expected a number from 1 to %d", mostRuns)
		}
	}
	return q, nil
}
