package trial

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// end is a fact that ends a run.
type end struct {
	id string
	of events.Type
}

// ending are the types of events that end a run.
var ending = []events.Type{
	events.TypeRecommendationReady, events.TypeRunFailed, events.TypeRunCancelled, events.TypeRunRejected,
}

// count fills in what is stored about every run, and judges it.
func (r *Result) count(ctx context.Context, s *stand, d *driver) error {
	r.States, r.Ends, r.Failed, r.Dead = map[events.State]int{}, map[int]int{}, map[events.Code]int{}, map[string]int{}
	ends := map[string][]end{}
	err := s.each(ctx, events.StreamEvents, func(m *jetstream.RawStreamMsg) {
		if e, err := events.DecodeEvent(m.Data); err == nil && slices.Contains(ending, e.Type) {
			ends[e.RunID] = append(ends[e.RunID], end{e.ID, e.Type})
		}
	})
	if err != nil {
		return err
	}
	err = s.each(ctx, events.StreamDead, func(m *jetstream.RawStreamMsg) {
		h := events.Header(m.Header)
		r.Dead[h.Get("Squirrly-Service")+" "+h.Get(events.HeaderReason)]++
	})
	if err != nil {
		return err
	}
	for who, n := range r.Dead {
		if strings.HasPrefix(who, events.DurableTrigger+" ") {
			r.Buried += n
		}
	}
	told := map[string]bool{}
	for id, times := range s.receiver.Times() {
		run, _, _ := strings.Cut(id, "/") // the id of an event is that of its run and its type
		told[run] = true
		r.Again += times - 1
	}
	for _, a := range d.all {
		r.judge(ctx, s, a, ends[a.Run])
		if len(ends[a.Run]) > 0 && !told[a.Run] {
			r.Untold++
		}
	}
	r.Asked = len(d.all)
	for _, a := range d.all {
		delete(ends, a.Run)
	}
	r.Refused = len(ends) // of messages that are no request of ours; those that cannot be decoded are kept besides
	if r.Refused < r.Options.Poison {
		r.wrong("of %d unreadable messages %d were refused", r.Options.Poison, r.Refused)
	}
	r.Recovery = recovery(r.Blows, d.ends())
	slices.Sort(r.RunTimes)
	r.Log, err = readLogs(s.fleet.Logs())
	return err
}

// judge looks at one run: what its record says, how often it was told that it is over, and what was profiled.
func (r *Result) judge(ctx context.Context, s *stand, a *asked, ends []end) {
	r.judgeOutside(a, ends)
	rec, err := s.recordNow(ctx, a.Run)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		r.Lost++
		r.wrong("run %s was asked for at %s and has no record", a.Run, a.At.Format(time.TimeOnly))
		return
	case err != nil:
		r.wrong("run %s: %v", a.Run, err)
		return
	}
	r.States[rec.State]++
	r.Adopted += rec.adopted()
	r.Crashes += rec.crashes()
	switch {
	case !rec.State.Terminal():
		r.Stuck++
		r.wrong("run %s is still %s; it was asked for at %s; its last line: %s", a.Run, rec.State, a.At.Format(time.TimeOnly), rec.last())
	case len(ends) == 0:
		r.wrong("run %s is %s, and no event says so", a.Run, rec.State)
	case rec.State == events.StateAnalyzed && len(a.Starts) == 0:
		r.wrong("run %s is analyzed, and no profile was started for it", a.Run)
	case rec.State != events.StateAnalyzed && len(r.Options.Faults) == 0:
		r.wrong("run %s is %s without any fault", a.Run, rec.State)
		fallthrough
	case rec.State != events.StateAnalyzed && rec.Outcome != nil:
		r.Failed[rec.Outcome.Code]++
	}
	if !a.End.IsZero() {
		r.RunTimes = append(r.RunTimes, a.End.Sub(a.At))
	}
}

// judgeOutside looks at what others saw of a run: the events that end it, and the profiles that were started.
func (r *Result) judgeOutside(a *asked, ends []end) {
	r.Ends[len(ends)]++
	results := 0
	for _, e := range ends {
		if e.of == events.TypeRecommendationReady {
			results++
		}
	}
	r.Results += max(0, results-1)
	if len(ends) > 1 {
		r.wrong("run %s ended %d times: %v", a.Run, len(ends), ends)
	}
	for _, what := range slices.Sorted(maps.Keys(a.Starts)) {
		r.Profiles += a.Starts[what]
		if n := a.Starts[what]; n > 1 {
			r.Doubled += n - 1
			r.wrong("run %s: %d profiles of %s", a.Run, n, what)
		}
	}
}

// adopted counts the captures that another collector began.
func (r record) adopted() (n int) {
	for _, c := range r.Captures {
		if c.Adopted {
			n++
		}
	}
	return n
}

// crashes counts the owners that left no outcome, as the history of the run has them.
func (r record) crashes() (n int) {
	for _, line := range r.History {
		if strings.Contains(line.Text, "taken over from a worker that is gone") {
			n++
		}
	}
	return n
}

func (r record) last() string {
	if len(r.History) == 0 {
		return "none"
	}
	return r.History[len(r.History)-1].Text
}

// recordNow reads a record, again and again while the servers do not answer.
func (s *stand) recordNow(ctx context.Context, run string) (rec record, err error) {
	err = again(ctx, func() error {
		rec, err = s.record(ctx, run)
		return err
	})
	return rec, err
}

// each reads every message of a stream.
func (s *stand) each(ctx context.Context, name string, do func(*jetstream.RawStreamMsg)) error {
	var st jetstream.Stream
	err := again(ctx, func() (err error) {
		st, err = s.js.Stream(ctx, name)
		return err //nolint:wrapcheck // wrapped below.
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	state := st.CachedInfo().State
	for seq := max(state.FirstSeq, 1); seq <= state.LastSeq; seq++ {
		var m *jetstream.RawStreamMsg
		err := again(ctx, func() (err error) {
			m, err = st.GetMsg(ctx, seq)
			return err //nolint:wrapcheck // wrapped below.
		})
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound): // it was deleted
		case err != nil:
			return fmt.Errorf("read %s: message %d: %w", name, seq, err)
		default:
			do(m)
		}
	}
	return nil
}

// again asks for up to a minute while nobody answers.
func again(ctx context.Context, ask func() error) error {
	for deadline := time.Now().Add(time.Minute); ; {
		err := ask()
		silent := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders)
		if !silent || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(time.Second)
	}
}
