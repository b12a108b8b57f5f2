package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/source"
)

// Trigger takes what happened elsewhere, at POST /v1/triggers/ and its name.
type Trigger struct {
	Limit int64 // bytes of a body
	// Take returns what became of it. Its error is a source.ErrInvalid for a body that nobody could take; after any other
	// the same body should come again.
	Take func(ctx context.Context, h events.Header, body []byte) (any, error)
}

// trigger hands a body to the trigger of the path.
func (a *API) trigger(w http.ResponseWriter, r *http.Request) {
	t, ok := a.Triggers[r.PathValue("name")]
	if !ok {
		a.fail(w, r, http.StatusNotFound, problem{
			Code: "not_found", Message: "no policies are watched here, or there is no such trigger",
			Hint: "Name a file of policies in SQUIRRLY_POLICY; the triggers are alertmanager and cloudevents.",
		}, nil)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.Limit))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		a.fail(w, r, http.StatusRequestEntityTooLarge, invalid("body: it is too large"), nil)
		return
	}
	if err != nil {
		a.fail(w, r, http.StatusBadRequest, invalid("body: expected to come whole and in time"), nil)
		return
	}
	taken, err := t.Take(r.Context(), events.Header(r.Header), body)
	switch {
	case errors.Is(err, source.ErrInvalid):
		a.fail(w, r, http.StatusBadRequest, invalid(err.Error()), nil)
	case err != nil:
		a.fail(w, r, http.StatusServiceUnavailable, problem{
			Code: "unavailable", Message: "not all requests could be stored", Hint: "Send the same again in a moment; nothing is requested twice.",
		}, err)
	default:
		a.answer(w, r, http.StatusAccepted, taken)
	}
}
