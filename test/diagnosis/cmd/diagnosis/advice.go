package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/test/diagnosis"
)

// advised is the folder of the run after the advice.
const advised = "advised"

var errAdvice = errors.New("not all advice helped as it said; the misses are below the table")

// advise runs the bad variant of each case, follows the first recommendation that it gets, and lets Squirrly compare.
func (b *bench) advise(ctx context.Context, versions []string) error {
	var all []diagnosis.Advice
	for _, version := range versions {
		for i := range b.cases {
			if b.cases[i].Truth.Negative() {
				continue // nothing is to be advised
			}
			got, err := b.follow(ctx, &diagnosis.Run{Case: &b.cases[i], Flink: version})
			if ctx.Err() != nil {
				return errors.Join(fmt.Errorf("interrupted: %w", ctx.Err()), b.reportAdvice(all))
			}
			if err != nil {
				got = diagnosis.Advice{Case: b.cases[i].Name, Flink: version, Fail: err.Error()}
			}
			say("%s on %s: %s", got.Case, got.Flink, diagnosis.Outcome(&got))
			all = append(all, got)
		}
	}
	return b.reportAdvice(all)
}

// follow takes one advice: the settings on a cluster that has them, or the good variant where it is a change of code.
func (b *bench) follow(ctx context.Context, run *diagnosis.Run) (diagnosis.Advice, error) {
	c := run.Case
	if c.Broken != "" {
		return diagnosis.Advice{}, errors.New(c.Broken)
	}
	before, err := b.alone(ctx, run, c.Flink, bad, b.folder(run, bad, 0))
	if err != nil {
		return diagnosis.Advice{}, err
	}
	if err := there(c, before.Input); err != nil {
		return diagnosis.Advice{}, err
	}
	advice := diagnosis.Advised(c, run.Flink, before.Analysis)
	if len(advice.Misses) > 0 {
		return advice, nil
	}
	variant, settings := bad, map[string]string{}
	for _, s := range advice.Settings {
		settings[s.Key] = s.Value
	}
	if len(settings) == 0 {
		variant, settings = good, c.Good.Config
	}
	dir := b.folder(run, advised, 0)
	if b.again {
		if err := sameAdvice(dir, &advice); err != nil {
			return advice, err
		}
	}
	after, err := b.alone(ctx, run, c.Flink.With(settings), variant, dir)
	if err != nil {
		return advice, err
	}
	if err := keepAdvice(dir, &advice); err != nil {
		return advice, err
	}
	advice.Take(before, after)
	return advice, nil
}

// takenFile holds, beside the capture after it, the advice that was taken.
const takenFile = "advice.json"

var errOther = errors.New("the advice is another one today, and has to be taken: ")

func keepAdvice(dir string, a *diagnosis.Advice) error {
	text, err := json.Marshal(a.Settings)
	if err != nil {
		return fmt.Errorf("encode the advice: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, takenFile), text, 0o600); err != nil {
		return fmt.Errorf("keep the advice: %w", err)
	}
	return nil
}

// sameAdvice is an error when a stored run took another advice than the one of today.
func sameAdvice(dir string, a *diagnosis.Advice) error {
	text, err := os.ReadFile(filepath.Join(dir, takenFile))
	if err != nil {
		return fmt.Errorf("read the advice that was taken: %w", err)
	}
	today, err := json.Marshal(a.Settings)
	if err != nil {
		return fmt.Errorf("encode the advice: %w", err)
	}
	if string(text) != string(today) {
		return fmt.Errorf("%w%s, not %s", errOther, today, text)
	}
	return nil
}

// Flink answers from metrics that it fetched up to ten seconds ago, which is too long for what a capture is to count.
const fetchKey, fetchEvery = "metrics.fetcher.update-interval", "2000"

// alone captures one variant on a cluster of its own; or reads what an earlier run captured.
func (b *bench) alone(ctx context.Context, run *diagnosis.Run, flink diagnosis.Flink, variant, dir string) (diagnosis.Captured, error) {
	if b.again {
		got, err := stored(ctx, dir)
		if err != nil {
			return got, err
		}
		got.Sent, err = sentBefore(dir)
		return got, err
	}
	cluster, err := start(ctx, run.Flink, flink.With(map[string]string{fetchKey: fetchEvery}))
	if err != nil {
		return diagnosis.Captured{}, err
	}
	defer func() { _ = cluster.Stop() }()
	got, err := b.captures(ctx, cluster, run, variant, dir)
	if err != nil {
		return diagnosis.Captured{}, err
	}
	return got[0], nil
}

// reportAdvice prints the table and leaves it with the raw figures in the folder.
func (b *bench) reportAdvice(all []diagnosis.Advice) error {
	text := fmt.Sprintf("%s, squirrly %s, %s\n\n%s", time.Now().Format(time.DateOnly), daemon.Version(), machine(), diagnosis.AdviceTable(all))
	fmt.Println(text)
	raw, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	for name, body := range map[string][]byte{"advice.md": []byte(text), "advice.json": raw} {
		if err := os.WriteFile(filepath.Join(b.out, name), body, 0o600); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
	}
	say("captures and results are in %s", b.out)
	if slices.ContainsFunc(all, func(a diagnosis.Advice) bool { return !a.Right() }) {
		return errAdvice
	}
	return nil
}
