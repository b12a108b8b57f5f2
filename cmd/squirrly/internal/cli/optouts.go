package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func (a *app) optOutsCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "optouts", Short: "List the jobs that are profiled no more, and allow them again",
		Long: `A job opts out when one of its TaskManagers dies while it is profiled. Nothing profiles it then until it is allowed again.`,
	}
	return group(c, a.optOutsLs(), a.optOutsLift())
}

func (a *app) optOutsLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the jobs that opted out, newest first", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			all, err := run.New(b).OptOuts.List(c.Context())
			if err != nil {
				return fmt.Errorf("list opt-outs: %w", err)
			}
			if a.flags.output == formatJSON {
				return a.json(all)
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "JOB\tAGE\tRUN\tTASKMANAGERS THAT DIED")
			for _, o := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", clean(o.Identity.String()), age(o.At), clean(o.Run), clean(strings.Join(o.JVMs, ", ")))
			}
			return w.Flush()
		},
	}
}

func (a *app) optOutsLift() *cobra.Command {
	return &cobra.Command{
		Use: "lift CLUSTER/NAMESPACE/JOB", Short: "Allow a job to be profiled again", Args: args(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, named []string) error {
			const parts = 3
			name := strings.SplitN(named[0], "/", parts)
			if len(name) != parts {
				return &coded{code: exitUsage, err: fmt.Errorf("expected CLUSTER/NAMESPACE/JOB as `squirrly optouts ls` has it, got %q", named[0])}
			}
			id := events.Identity{Cluster: name[0], Namespace: name[1], Job: name[2]}
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			optOuts := run.New(b).OptOuts
			_, found, err := optOuts.Get(c.Context(), id)
			if err != nil {
				return fmt.Errorf("lift: %w", err)
			}
			if !found {
				return &coded{code: exitNotFound, err: fmt.Errorf("%s has not opted out", id)}
			}
			if err := optOuts.Lift(c.Context(), id); err != nil {
				return fmt.Errorf("lift: %w", err)
			}
			fmt.Fprintln(a.err, id, "may be profiled again")
			return nil
		},
	}
}
