package run_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A run that waits for the same thing again and again, a JVM in which somebody else profiles for example, is one line of the
// log and one of its history.
func TestWork_WaitsInOneLine(t *testing.T) {
	b := bustest.Start(t)
	var log logbuffer.Buffer
	worker, err := bus.Connect(t.Context(), bus.Options{
		URL: bustest.JetStream(b).Conn().ConnectedUrl(), Name: "worker", Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(worker.Close)
	var tries atomic.Int32
	ctx, cancel := context.WithCancel(t.Context())
	var both sync.WaitGroup
	both.Go(func() {
		_ = run.New(worker).Work(ctx, collect, 1, func(context.Context, *run.Claim) (events.Payload, error) {
			if tries.Add(1) <= 5 {
				return nil, bus.Wait(events.CodeProfilerBusy, 50*time.Millisecond, errors.New("another profile runs in tm-1"))
			}
			return ready("r1"), nil
		})
	})
	both.Go(func() { _ = run.Sweeper{Runs: run.New(b), Every: 20 * time.Millisecond}.Run(ctx) })
	start(t, b, plan("r1"))
	rec := until(t, b, func(r run.Record) bool { return r.State == events.StateCaptured })
	cancel()
	both.Wait()
	if n := strings.Count(log.String(), "outcome=waits"); n != 1 || tries.Load() != 6 {
		t.Errorf("%d lines of %d tries:\n%s", n, tries.Load(), log.String())
	}
	said := 0
	for _, l := range rec.History {
		if strings.Contains(l.Text, "another profile runs in tm-1") {
			said++
		}
	}
	if said != 1 {
		t.Errorf("%d lines of the history: %+v", said, rec.History)
	}
}
