package run

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
)

// ReplayResult says what a replay started.
type ReplayResult struct {
	Run     string `json:"run,omitempty"`     // taken up again
	Request string `json:"request,omitempty"` // id of a new request
}

// Replay sends a dead letter on its way again. A letter of the inbox becomes a new request; a letter of a worker
// resumes its run, or requests the same profile anew when that run is over, since a terminal state never changes.
func (r *Runs) Replay(ctx context.Context, seq uint64) (ReplayResult, error) {
	l, err := r.bus.DeadLetter(ctx, seq)
	if err != nil {
		return ReplayResult{}, err
	}
	id := "replay/" + strconv.FormatUint(seq, 10) + "/" + strconv.FormatInt(time.Now().Unix(), 10)
	if slices.Contains([]string{events.DurableTrigger, events.DurableBackground, events.DurableCancel}, l.Service) {
		return ReplayResult{Request: id}, r.bus.Publish(ctx, l.Subject, id, l.Header, l.Body)
	}
	if strings.HasPrefix(l.Service, events.DurableNotifierPrefix) {
		return ReplayResult{}, fmt.Errorf("dead letter %d is a notification about run %s: its result stands, and is told once only", seq, l.Run)
	}
	rec, err := r.Get(ctx, l.Run)
	if err != nil {
		return ReplayResult{}, fmt.Errorf("replay dead letter %d: %w", seq, err)
	}
	if !rec.State.Terminal() {
		return ReplayResult{Run: l.Run}, r.Resume(ctx, l.Service, l.Run)
	}
	return ReplayResult{Request: id}, r.requestAgain(ctx, rec.Plan, id)
}

// requestAgain asks for the same profile as an earlier plan.
func (r *Runs) requestAgain(ctx context.Context, p events.Plan, id string) error {
	e, err := events.New("squirrly/replay", id, time.Now(), events.ProfileRequested{
		Target: p.Target, Modes: p.Modes, Duration: p.Duration, Scope: p.Scope, Context: p.Context, Prompt: p.Prompt,
		Reason: "replay of run " + p.Run, Labels: p.Labels,
	})
	if err != nil {
		return fmt.Errorf("request run %s again: %w", p.Run, err)
	}
	e.RunID = ""
	body, err := e.Encode()
	if err != nil {
		return fmt.Errorf("request run %s again: %w", p.Run, err)
	}
	return r.bus.Request(ctx, events.SubjectRequested, id, events.ContentType, body)
}
