package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/pkg/events"
)

// Query chooses runs. The zero value is all of them.
type Query struct {
	Run       string // what its id begins with
	State     events.State
	Namespace string
	Job       string          // name of the job or of its target
	Severity  events.Severity // at least
	Since     time.Time       // created then or later
	After     string          // the last run of the page before
	Limit     int             // of a page; 0 is none
}

// ParseSince reads a time, or how long ago it was: "2026-03-01T06:00:00Z", "2026-03-01", "24h", "7d".
func ParseSince(text string, now time.Time) (time.Time, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: expected one such as 2026-03-01T06:00:00Z or 2026-03-01, or how long ago, such as 24h or 7d", text)
}

// Page is a part of the runs that a [Query] chooses, newest first.
type Page struct {
	Runs    []Summary `json:"runs"`
	Matched int       `json:"matched"`        // on all pages
	Next    string    `json:"next,omitempty"` // what [Query.After] is for the next page; empty is the last
}

// Search returns the runs that a query chooses, newest first. It reads the summaries of runs that are over, and the records of
// the others and of those without a summary. A query after a run that is not there is [ErrNoRecord].
func (r *Runs) Search(ctx context.Context, q Query) (Page, error) {
	all, err := r.Summaries(ctx)
	if err != nil {
		return Page{}, err
	}
	return q.Page(all)
}

// Page chooses among all runs, which it sorts.
func (q Query) Page(all []Summary) (Page, error) {
	slices.SortFunc(all, newestFirst)
	begin := 0
	if q.After != "" {
		last := slices.IndexFunc(all, func(s Summary) bool { return s.Run == q.After })
		if last < 0 {
			return Page{}, fmt.Errorf("run %s: %w", q.After, ErrNoRecord)
		}
		begin = last + 1
	}
	page := Page{Runs: []Summary{}}
	for i, s := range all {
		if !q.fits(s) {
			continue
		}
		page.Matched++
		switch {
		case i < begin:
		case q.Limit > 0 && len(page.Runs) == q.Limit:
			page.Next = page.Runs[q.Limit-1].Run
		default:
			page.Runs = append(page.Runs, s)
		}
	}
	return page, nil
}

func newestFirst(a, b Summary) int {
	return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.Run, b.Run))
}

func (q Query) fits(s Summary) bool {
	return strings.HasPrefix(s.Run, q.Run) &&
		(q.State == "" || q.State == s.State) &&
		(q.Namespace == "" || q.Namespace == s.Identity.Namespace) &&
		(q.Job == "" || q.Job == s.Identity.Job || q.Job == s.JobName) &&
		(q.Severity == "" || s.Severity != "" && s.Severity.AtLeast(q.Severity)) &&
		!s.Created.Before(q.Since)
}

// Summaries returns what there is to say about every run, in no order.
func (r *Runs) Summaries(ctx context.Context) ([]Summary, error) {
	names, kept, err := r.kept(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Summary, 0, len(names))
	var unknown []string
	for _, name := range names {
		if s, ok := kept[name]; ok {
			s.Version = 0
			all = append(all, *s)
		} else {
			unknown = append(unknown, name)
		}
	}
	rest, err := r.read(ctx, unknown)
	return append(all, rest...), err
}

// kept returns the names of all runs, and the summaries that are stored of them.
func (r *Runs) kept(ctx context.Context) ([]string, map[string]*Summary, error) {
	var names []string
	var kept map[string]*Summary
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		var err error
		names, err = r.names(ctx)
		return err
	})
	g.Go(func() error {
		entries, err := r.summaries.List(ctx, summaryPrefix+"*")
		kept = make(map[string]*Summary, len(entries))
		for i := range entries {
			if s := &entries[i].Value; s.Version == summaryVersion && s.State.Terminal() {
				kept[strings.TrimPrefix(entries[i].Key, summaryPrefix)] = s
			}
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, nil, fmt.Errorf("list runs: %w", err)
	}
	return names, kept, nil
}

// names returns the ids of all runs that have a record.
func (r *Runs) names(ctx context.Context) ([]string, error) {
	keys, err := r.records.Keys(ctx, runPrefix+"*")
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, runPrefix)
	}
	return keys, err
}

// read summarizes records: a few are read one by one, many all at once.
func (r *Runs) read(ctx context.Context, runs []string) ([]Summary, error) {
	const few, atATime = 200, 8
	if len(runs) > few {
		return r.readAll(ctx, runs)
	}
	var mu sync.Mutex
	var all []Summary
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atATime)
	for _, id := range runs {
		g.Go(func() error {
			rec, err := r.Get(ctx, id)
			if errors.Is(err, ErrNoRecord) {
				return nil
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, r.summarize(ctx, rec))
			return nil
		})
	}
	return all, g.Wait() //nolint:wrapcheck // of records, which say whose they are.
}

func (r *Runs) readAll(ctx context.Context, runs []string) ([]Summary, error) {
	wanted := make(map[string]bool, len(runs))
	for _, id := range runs {
		wanted[id] = true
	}
	records, err := r.List(ctx)
	var all []Summary
	for _, rec := range records {
		if wanted[rec.Run] {
			all = append(all, Summarize(rec))
		}
	}
	return all, err
}

// summarize is [Summarize] also for a record of a version that did not keep the conclusion: then the event has it, as long as
// that is there.
func (r *Runs) summarize(ctx context.Context, rec Record) Summary {
	if rec.State == events.StateAnalyzed && rec.Conclusion == nil {
		subject := rec.Plan.Identity.Subject(events.TypeRecommendationReady, rec.Run)
		if e, ok, err := r.bus.Fact(ctx, subject); err == nil && ok {
			rec.Conclusion = conclude(e)
		}
	}
	return Summarize(rec)
}
