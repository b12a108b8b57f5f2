package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// nearby is how many letters a word may differ from a command to be suggested for it.
const nearby = 2

// group makes a command one that only holds others: alone it prints its help, and with a word that is none of them it is wrong
// usage, which cobra takes for a question for help.
func group(c *cobra.Command, all ...*cobra.Command) *cobra.Command {
	c.AddCommand(all...)
	c.Args = cobra.ArbitraryArgs
	c.SuggestionsMinimumDistance = nearby
	c.RunE = func(c *cobra.Command, v []string) error {
		if len(v) == 0 {
			return c.Help()
		}
		return unknown(c, v[0])
	}
	return c
}

// unknown is the error of a word that names no command.
func unknown(c *cobra.Command, word string) error {
	hint := fmt.Sprintf("see `%s --help`", c.CommandPath())
	if like := c.SuggestionsFor(word); len(like) > 0 {
		hint = "did you mean " + strings.Join(like, " or ") + "?"
	}
	return usage("unknown command %q for %q (%s)", clean(word), c.CommandPath(), hint)
}

// helpCommand is cobra's, which answers a wrong word with exit code 0.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		ValidArgsFunction: func(c *cobra.Command, v []string, _ string) ([]string, cobra.ShellCompDirective) {
			at, _, err := c.Root().Find(v)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(c *cobra.Command, v []string) error {
			at, rest, err := c.Root().Find(v)
			if err != nil || len(rest) > 0 {
				return unknown(at, strings.Join(v, " "))
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

// Commands are the commands that do something, as they are typed below the program: "runs get".
func Commands() []string {
	var all []string
	each((&app{}).root(), func(c *cobra.Command) {
		if _, path, below := strings.Cut(c.CommandPath(), " "); below && !c.HasSubCommands() {
			all = append(all, path)
		}
	})
	return all
}
