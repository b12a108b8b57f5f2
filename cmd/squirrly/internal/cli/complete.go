package cli

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/jsm.go/natscontext"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/notifier"
)

// offers returns the values that fit, each with a tab and what it is, or alone.
type offers func(c *cobra.Command) []string

// complete lets a shell offer the values of flags and arguments; without it the shell offers files. What cannot be asked within
// a second is offered nothing.
func (a *app) complete(root *cobra.Command) {
	modes := fixed(string(events.ModeITimer), string(events.ModeWall), string(events.ModeCPU), string(events.ModeAlloc), string(events.ModeLock))
	flags := map[string]offers{
		"output": formats, "mode": modes, "provider": fixed(analyzer.Providers()...), "channels": fixed(notifier.ChannelTypes()...),
		"severity": fixed(string(events.SeverityInfo), string(events.SeverityWarning), string(events.SeverityCritical)),
		"state":    fixed(states...), "after": a.runIDs,
		"fail-on":      fixed(string(events.SeverityInfo), string(events.SeverityWarning), string(events.SeverityCritical)),
		"nats-context": func(*cobra.Command) []string { return natscontext.KnownContexts() },
		"kube-context": kubeContexts, "scope": fixed("all", "busiest "),
	}
	arguments := map[string]offers{
		"runs get": a.runIDs, "runs watch": a.runIDs, "runs cancel": a.runIDs, "check": a.runIDs, "diff": a.runIDs,
		"report": a.runIDs, "runs report": a.runIDs,
		"dead show": a.letters, "dead replay": a.letters, "optouts lift": a.optedOut,
	}
	each(root, func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if values, ok := flags[f.Name]; ok {
				_ = c.RegisterFlagCompletionFunc(f.Name, completing(values)) // registered once
			}
		})
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		if values, ok := arguments[path]; ok {
			c.ValidArgsFunction = completing(values)
		}
	})
	_ = root.RegisterFlagCompletionFunc("output", completing(formats))
	_ = root.RegisterFlagCompletionFunc("nats-context", completing(flags["nats-context"]))
}

// each calls a function for a command and all below it.
func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		each(sub, do)
	}
}

// completing offers values to the shell: those that begin with what was typed, after the last comma of a list.
func completing(values offers) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(c *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndex(typed, ",")+1]
		var fit []string
		for _, v := range values(c) {
			if strings.HasPrefix(strings.ToLower(before+v), strings.ToLower(typed)) {
				fit = append(fit, before+v)
			}
		}
		return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

func fixed(values ...string) offers { return func(*cobra.Command) []string { return values } }

func kubeContexts(*cobra.Command) []string {
	raw, err := clientcmd.NewDefaultClientConfigLoadingRules().Load()
	if err != nil {
		return nil
	}
	var names []string
	for name := range raw.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// offered is how many things of a server are offered.
const offered = 50

// asking asks a server for what a shell is to offer.
func (a *app) asking(c *cobra.Command, ask func(context.Context, *bus.Bus) []string) []string {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(c.Context(), patience)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return nil
	}
	defer b.Close()
	return ask(ctx, b)
}

func (a *app) runIDs(c *cobra.Command) []string {
	return a.asking(c, func(ctx context.Context, b *bus.Bus) []string {
		page, err := run.New(b).Search(ctx, run.Query{Limit: offered})
		if err != nil {
			return nil
		}
		var ids []string
		for _, r := range page.Runs {
			ids = append(ids, cobra.CompletionWithDesc(r.Run, string(r.State)+" "+age(r.Created)+" ago, "+clean(r.Identity.String())))
		}
		return ids
	})
}

func (a *app) letters(c *cobra.Command) []string {
	return a.asking(c, func(ctx context.Context, b *bus.Bus) []string {
		all, err := b.DeadLetters(ctx, offered)
		if err != nil {
			return nil
		}
		var ids []string
		for _, l := range all {
			ids = append(ids, cobra.CompletionWithDesc(strconv.FormatUint(l.Seq, 10), clean(l.Service)+": "+clean(string(l.Reason))))
		}
		return ids
	})
}

func (a *app) optedOut(c *cobra.Command) []string {
	return a.asking(c, func(ctx context.Context, b *bus.Bus) []string {
		all, err := run.New(b).OptOuts.List(ctx)
		if err != nil {
			return nil
		}
		var names []string
		for _, o := range all {
			names = append(names, clean(o.Identity.String()))
		}
		return names
	})
}
