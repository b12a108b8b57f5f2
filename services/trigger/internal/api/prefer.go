package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const (
	maxPrefer  = 20 * time.Second // within the time that an answer may take
	lookPrefer = 50 * time.Millisecond
)

// preferred is how long the caller would wait for the decision, by the header `Prefer: wait=SECONDS` (RFC 7240); 0 is not
// at all.
func preferred(h http.Header) time.Duration {
	for _, line := range h.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && seconds > 0 {
				return min(time.Duration(seconds)*time.Second, maxPrefer)
			}
		}
	}
	return 0
}

// decision waits for the record of a request that is in the inbox. It reports false when there is none in time; the
// request is decided later all the same.
func (a *API) decision(ctx context.Context, id string, wait time.Duration) (run.Record, bool) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	look := time.NewTicker(lookPrefer)
	defer look.Stop()
	for {
		rec, err := a.Records.Get(ctx, id)
		switch {
		case err == nil:
			return rec, true
		case !errors.Is(err, run.ErrNoRecord):
			return rec, false
		}
		select {
		case <-ctx.Done():
			return rec, false
		case <-look.C:
		}
	}
}

// rejected answers with why a request got no run, and with the run that answers it instead.
func (a *API) rejected(w http.ResponseWriter, r *http.Request, rec run.Record) {
	p := problem{Code: string(rec.Outcome.Code), Message: rec.Outcome.Message, Hint: rec.Outcome.Hint, Run: rec.Run, Existing: rec.Existing}
	status := http.StatusUnprocessableEntity
	switch rec.Outcome.Code {
	case events.CodeCoalesced, events.CodeCooldown:
		status = http.StatusConflict
	case events.CodeForbidden:
		status = http.StatusForbidden
	}
	if rec.Existing != "" {
		w.Header().Set("Location", "/v1/runs/"+rec.Existing)
	}
	a.fail(w, r, status, p, nil)
}
