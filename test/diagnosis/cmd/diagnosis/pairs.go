package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/diagnosis"
)

// factors are what the load of a pair's second run is of what the first run got through.
var factors = []float64{0.5, 0.75, 1.25, 1.5}

// mayBeUnknown is how many of twenty pairs may be "cannot be told".
const mayBeUnknown = 3

var errPairs = errors.New("pairs of one unchanged job must be the same, and at most three of twenty not told")

// pair is two runs of one unchanged job.
type pair struct {
	Case, Flink, Variant string
	Factor               float64
	Speed                events.Speed
	Summary              string
}

// samePairs profiles unchanged jobs twice, under a load that changes by up to a half, and compares the runs.
func (b *bench) samePairs(ctx context.Context, versions []string) error {
	var all []pair
	for i := range b.pairs {
		c := &b.cases[i%len(b.cases)]
		p := pair{
			Case: c.Name, Flink: versions[i%len(versions)], Variant: []string{bad, good}[i/len(b.cases)%2], Factor: factors[i%len(factors)],
		}
		compared, err := b.samePair(ctx, c, p, i)
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted: %w", ctx.Err())
		}
		if err != nil {
			say("pair %d, %s on %s: NOT MEASURED: %v", i+1, p.Case, p.Flink, err)
			continue
		}
		p.Speed, p.Summary = compared.Speed, compared.Summary
		say("pair %d, %s %s on %s, load × %.2f: %s", i+1, p.Case, p.Variant, p.Flink, p.Factor, p.Speed)
		all = append(all, p)
	}
	return b.reportPairs(all)
}

func (b *bench) samePair(ctx context.Context, c *diagnosis.Case, p pair, i int) (events.Comparison, error) {
	cluster, err := start(ctx, p.Flink, c.Flink)
	if err != nil {
		return events.Comparison{}, err
	}
	defer func() { _ = cluster.Stop() }()
	dir := filepath.Join(b.out, "pairs", fmt.Sprintf("%02d-%s-%s", i+1, c.Name, p.Variant))
	first, err := b.once(ctx, cluster, c, p, 0, dir+"-1")
	if err != nil {
		return events.Comparison{}, err
	}
	if first.Usage == nil || first.Usage.Records <= 0 {
		return events.Comparison{}, errors.New("the throughput of the first run is not known")
	}
	second, err := b.once(ctx, cluster, c, p, max(1, int64(first.Usage.Records*p.Factor)), dir+"-2")
	if err != nil {
		return events.Comparison{}, err
	}
	return analyzer.Compare(first, second), nil
}

// once runs a job at a rate, 0 being its usual one, and profiles it when it is warm.
func (b *bench) once(ctx context.Context, cluster *flinktest.Cluster, c *diagnosis.Case, p pair, rate int64, dir string) (events.Analysis, error) {
	at := *c
	at.Neighbours = 0 // they are no load of the job
	if rate > 0 {
		at.Job.Args = append(append([]string{}, c.Job.Args...), "--rate", fmt.Sprint(rate))
	}
	got, err := b.captures(ctx, cluster, &diagnosis.Run{Case: &at, Flink: p.Flink}, p.Variant, dir)
	if err != nil {
		return events.Analysis{}, err
	}
	return got[0].Analysis, nil
}

func (b *bench) reportPairs(all []pair) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %s\n\n| case | variant | Flink | load | verdict | sentence |\n|---|---|---|---|---|---|\n",
		time.Now().Format(time.DateOnly), machine())
	count := map[events.Speed]int{}
	for _, p := range all {
		count[p.Speed]++
		fmt.Fprintf(&text, "| %s | %s | %s | × %.2f | %s | %s |\n", p.Case, p.Variant, p.Flink, p.Factor, p.Speed, p.Summary)
	}
	fmt.Fprintf(&text, "\n%d pairs: %d same, %d faster, %d slower, %d cannot be told\n", len(all), count[events.SpeedSame],
		count[events.SpeedFaster], count[events.SpeedSlower], count[events.SpeedUnknown])
	fmt.Println(text.String())
	if err := os.WriteFile(filepath.Join(b.out, "pairs.md"), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	say("captures and results are in %s", b.out)
	const of = 20
	if len(all) < b.pairs || count[events.SpeedFaster]+count[events.SpeedSlower] > 0 || count[events.SpeedUnknown]*of > mayBeUnknown*len(all) {
		return errPairs
	}
	return nil
}
