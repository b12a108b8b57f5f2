package cli

import (
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
)

func (a *app) deadCommand() *cobra.Command {
	c := &cobra.Command{Use: "dead", Short: "List, show and replay dead letters"}
	return group(c, a.deadLs(), a.deadShow(), a.deadReplay())
}

func (a *app) deadLs() *cobra.Command {
	var most int
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the dead letters, newest last", Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			letters, err := b.DeadLetters(c.Context(), most)
			if err != nil {
				return fmt.Errorf("list dead letters: %w", err)
			}
			if a.flags.output == formatJSON {
				return a.json(append([]bus.DeadLetter{}, letters...)) // none is an empty list
			}
			if len(letters) == 0 {
				fmt.Fprintln(a.err, "There are no dead letters.")
				return nil
			}
			w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "SEQ\tAGE\tSERVICE\tREASON\tRUN\tERROR")
			for _, l := range letters {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", l.Seq, age(l.At), clean(l.Service), clean(string(l.Reason)), clean(l.Run), clean(l.Error))
			}
			return w.Flush()
		},
	}
	c.Flags().IntVar(&most, "max", 50, "`NUMBER` at the most")
	return c
}

func (a *app) deadShow() *cobra.Command {
	return &cobra.Command{
		Use: "show SEQ", Aliases: []string{"get"}, Short: "Print a dead letter with its headers and body", Args: args(cobra.ExactArgs(1)),
		RunE: a.withLetter(func(c *cobra.Command, b *bus.Bus, seq uint64) error {
			l, err := b.DeadLetter(c.Context(), seq)
			if errors.Is(err, bus.ErrNotFound) {
				return &coded{code: exitNotFound, err: fmt.Errorf("there is no dead letter %d (see `squirrly dead ls`)", seq)}
			}
			if err != nil {
				return fmt.Errorf("show: %w", err)
			}
			if a.flags.output == formatJSON {
				return a.json(l)
			}
			fmt.Fprintf(a.out, "seq      %d\nservice  %s\nreason   %s\nwhat now %s\nerror    %s\nsubject  %s\nrun      %s\n",
				l.Seq, clean(l.Service), clean(string(l.Reason)), l.Reason.Hint(), clean(l.Error), clean(l.Subject), clean(l.Run))
			for k, v := range l.Header {
				fmt.Fprintf(a.out, "header   %s: %s\n", clean(k), clean(fmt.Sprint(v)))
			}
			_, err = fmt.Fprintf(a.out, "\n%s\n", clean(string(l.Body)))
			return err //nolint:wrapcheck // of stdout.
		}),
	}
}

func (a *app) deadReplay() *cobra.Command {
	return &cobra.Command{
		Use: "replay SEQ", Short: "Re-queue a dead letter", Args: args(cobra.ExactArgs(1)),
		Long: `Re-queue a dead letter. A request goes back into the inbox. A letter of a worker resumes its run; when
that run is over, the same profile is requested anew, since a run that ended stays as it is.`,
		RunE: a.withLetter(func(c *cobra.Command, b *bus.Bus, seq uint64) error {
			r, err := run.New(b).Replay(c.Context(), seq)
			if err != nil {
				return fmt.Errorf("replay: %w", err)
			}
			if r.Run != "" {
				fmt.Fprintln(a.err, "Resumed run", r.Run)
			} else {
				fmt.Fprintln(a.err, "Sent as a new request", r.Request)
			}
			return nil
		}),
	}
}

func (a *app) withLetter(do func(*cobra.Command, *bus.Bus, uint64) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, v []string) error {
		seq, err := strconv.ParseUint(v[0], 10, 64)
		if err != nil {
			return usage("%q is not the number of a dead letter (see `squirrly dead ls`)", v[0])
		}
		b, err := a.connect(c.Context())
		if err != nil {
			return err
		}
		defer b.Close()
		return do(c, b, seq)
	}
}
