package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/userfile"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/trigger"
)

func (a *app) policyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "policy", Short: "Check the policies that keep jobs under watch, and see what they do",
		Long: `A policy keeps a set of jobs under watch: it says which jobs are profiled, and for which reasons: a schedule, a
rollout, an alert or an event. The trigger reads the file that SQUIRRLY_POLICY names.`,
	}
	return group(c, a.policyCheck(), a.policyLs(), a.policyExplain())
}

func (a *app) policyCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Tell every mistake in a file of policies", Args: args(cobra.ExactArgs(1)),
		Long: `Read a file of policies as the trigger would, and tell every mistake with its line. "-" is stdin. Nothing is asked:
neither Flink nor Kubernetes nor NATS. Exit codes: 0 the file is fine, 1 it has mistakes, 2 it cannot be read.`,
		RunE: func(c *cobra.Command, v []string) error {
			body, err := a.policyFile(c.Context(), v[0])
			if err != nil {
				return refused(c.Context(), "%w", err)
			}
			sums, err := trigger.CheckPolicies(body)
			if a.flags.output == formatJSON {
				return a.policyJSON(v[0], sums, err)
			}
			if err != nil {
				return a.mistakes(v[0], err)
			}
			return a.printPolicies(sums)
		},
	}
}

func (a *app) policyFile(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		return userfile.Stream(ctx, a.in, "stdin", trigger.MaxPolicyBytes)
	}
	return userfile.Read(ctx, path, trigger.MaxPolicyBytes)
}

// policyJSON is the result of a check for programs.
func (a *app) policyJSON(file string, sums []trigger.PolicySummary, problem error) error {
	var result struct {
		File     string                  `json:"file"`
		Policies []trigger.PolicySummary `json:"policies,omitempty"`
		Problems any                     `json:"problems,omitempty"`
	}
	result.File, result.Policies = file, sums
	if problem != nil {
		result.Problems = problem
	}
	if err := a.json(result); err != nil || problem == nil {
		return err
	}
	return &coded{code: exitFailure, quiet: true, err: problem}
}

func (a *app) printPolicies(sums []trigger.PolicySummary) error {
	if len(sums) == 0 {
		fmt.Fprintln(a.err, "The file is fine. It has no policies.")
		return nil
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "POLICY\tTARGETS\tON\tNEXT SLOT")
	for _, s := range sums {
		var targets []string
		if s.URLs > 0 {
			targets = append(targets, wording.Plural(s.URLs, "URL"))
		}
		if s.Deployments > 0 {
			targets = append(targets, wording.Plural(s.Deployments, "selector"))
		}
		next := "-"
		if !s.NextSlot.IsZero() {
			next = s.NextSlot.Format("Mon 2006-01-02 15:04 MST")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", clean(s.Name), strings.Join(targets, ", "), strings.Join(s.Reasons, ", "), next)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the policies: %w", err)
	}
	return nil
}
