package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/run"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/services/analyzer"
)

const maxClaims = 256 << 10 // bytes

func (a *app) checkCommand() *cobra.Command {
	var metrics string
	c := &cobra.Command{
		Use:   "check RUN|DIR CLAIM.json",
		Short: "Decide by the evidence of a run whether a claim about it holds",
		Long: `Decide by the evidence of a run whether a claim about it holds. A claim names an operator, a mechanism and the fact that says
how much, with relations that can be decided and with changes; CLAIM.json holds one, a list of them, an answer of a model with
its claims, or relations alone: one, or {"relations": [...]}; - is stdin. ` + "`squirrly explain --possible`" + ` shows the ids of operators and mechanisms, and
` + "`squirrly analyze`" + ` those of facts.

RUN is the id of a run on a server, DIR what ` + "`squirrly profile --out`" + ` wrote, or flame graphs alone. The answer is holds,
refuted or undecided, with a sentence, the verdict on each relation and the ids of the evidence. A cause that is possible and
that no rule proves is undecided: code never calls a choice proven.

Exit codes: 0 every claim holds; 1 failed; 2 wrong usage, which includes claims in another form and unknown operators;
3 a claim is refuted; 4 not allowed; 5 run not found; 6 timed out; 7 none is refuted and one is undecided; 130 interrupted.`,
		Example: `  squirrly check ./profile claim.json
  squirrly explain ./profile --possible
  echo '{"operator":"O3","mechanism":"A1","share":"F1","because":[],"changes":[]}' | squirrly check ./profile - -o json
  echo '{"kind":"waits_for","a":"V1","b":"V2"}' | squirrly check ./profile -`,
		Args: args(cobra.ExactArgs(2)), //nolint:mnd // a run and claims
		RunE: func(c *cobra.Command, v []string) error { return a.check(c.Context(), v[0], v[1], metrics) },
	}
	c.Flags().StringVar(&metrics, "metrics", "", "of a DIR without a context: job.json `FILE` of an earlier run")
	return c
}

func (a *app) check(ctx context.Context, name, claims, metrics string) error {
	raw, err := a.readClaims(ctx, claims)
	if err != nil {
		return err
	}
	in, err := a.inputOf(ctx, name)
	if err != nil {
		return err
	}
	if metrics != "" {
		if in.Context, err = readMetrics(ctx, metrics); err != nil {
			return err
		}
	}
	s, err := analyzer.New(rulesAlone(), analyzer.Deps{HTTP: &http.Client{}, Logger: a.logger()})
	if err != nil {
		return usage("%w", err)
	}
	checked, err := s.CheckClaims(in, raw)
	switch {
	case errors.Is(err, analyzer.ErrClaims):
		return usage("%s: %w", claims, err)
	case errors.Is(err, analyzer.ErrNoTask):
		return usage("check: %w", err)
	case err != nil:
		return fmt.Errorf("check: %w", err)
	}
	if a.flags.output == formatJSON {
		err = a.json(checked)
	} else {
		_, err = fmt.Fprint(a.out, checkedText(&checked))
	}
	if err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return checkedCode(checked.Verdict)
}

// checkedCode makes the verdict on all claims the exit code.
func checkedCode(verdict string) error {
	code := map[string]int{analyzer.ClaimHolds: exitOK, analyzer.ClaimRefuted: exitRefuted}
	c, ok := code[verdict]
	switch {
	case !ok:
		c = exitUndecided
	case c == exitOK:
		return nil
	}
	return &coded{code: c, quiet: true, err: fmt.Errorf("the claims are %s", verdict)}
}

func (a *app) readClaims(ctx context.Context, path string) (raw []byte, err error) {
	if path == "-" {
		raw, err = userfile.Stream(ctx, a.in, "stdin", maxClaims)
	} else {
		raw, err = userfile.Read(ctx, path, maxClaims)
	}
	if err != nil {
		return nil, refused(ctx, "%w", err)
	}
	return raw, nil
}

// inputOf reads what a run rests on: its artifacts on the server, a folder of them, or flame graphs alone.
func (a *app) inputOf(ctx context.Context, name string) (analyzer.Input, error) {
	if _, err := os.Stat(name); err != nil && runID.MatchString(name) {
		return a.storedInput(ctx, name)
	}
	return a.gatherAll(ctx, []string{name}, analyzeFlags{})
}

func (a *app) storedInput(ctx context.Context, id string) (in analyzer.Input, err error) {
	b, err := a.connect(ctx)
	if err != nil {
		return in, err
	}
	defer b.Close()
	if id, err = a.find(ctx, b, id); err != nil {
		return in, err
	}
	rec, err := run.New(b).Get(ctx, id)
	if err != nil {
		return in, err
	}
	store, err := openStore(ctx, b)
	if err != nil {
		return in, err
	}
	s, err := analyzer.New(rulesAlone(), analyzer.Deps{Bus: b, Store: store, HTTP: &http.Client{}, Logger: a.logger()})
	if err != nil {
		return in, usage("%w", err)
	}
	if in, err = s.Input(ctx, rec); err != nil {
		return in, fmt.Errorf("read run %s: %w", id, err)
	}
	return in, nil
}

// rulesAlone is the configuration of an analyzer that asks nobody.
func rulesAlone() analyzer.Config {
	return analyzer.Config{LLM: analyzer.LLMConfig{Provider: analyzer.ProviderRules}, Version: version()}
}
