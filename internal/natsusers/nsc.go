package natsusers

import (
	"fmt"
	"slices"
	"strings"
)

// NSC renders the table as commands of nsc (https://github.com/nats-io/nsc), for a server in operator mode, whose operator nsc
// knows: accounts, exports and imports, a signing key with a role for each user, and the user. What a user may do stands with
// the role in the account; in the JWT of the user it would be longer than a line of the protocol.
func NSC(users []User) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# Accounts and users of Squirrly for a NATS server in operator mode, made by `squirrly nats-users --nsc`.\nset -eu\n")
	accounts := []string{Streams, Requesters, Subscribers}
	accounts = slices.DeleteFunc(accounts, func(account string) bool {
		return !slices.ContainsFunc(users, func(u User) bool { return u.Account == account })
	})
	for _, account := range accounts {
		fmt.Fprintf(&b, "nsc add account %s\n", account)
	}
	fmt.Fprintf(&b, "nsc edit account %s --js-mem-storage -1 --js-disk-storage -1 --js-streams -1 --js-consumer -1\n", Streams)
	seen, imported := map[Import]bool{}, map[string]bool{}
	for _, u := range users {
		for _, i := range u.Imports {
			if !seen[i] {
				writeNSCExport(&b, i)
			}
			if to := u.Account + " " + i.Subject; !imported[to] {
				writeNSCImport(&b, u.Account, i)
				imported[to] = true
			}
			seen[i] = true
		}
	}
	for _, u := range users {
		fmt.Fprintf(&b, "nsc edit signing-key --account %s --sk generate --role %s --allow-pub %s --allow-sub %s\n", u.Account, u.Name,
			shell(strings.Join(u.Publish, ",")), shell(strings.Join(u.Subscribe, ",")))
		fmt.Fprintf(&b, "nsc add user --account %s --name %s -K %s\n", u.Account, u.Name, u.Name)
	}
	return b.String()
}

func writeNSCExport(b *strings.Builder, i Import) {
	fmt.Fprintf(b, "nsc add export --account %s --name %s --subject %s", Streams, shell(i.Subject), shell(i.Subject))
	if i.Service {
		b.WriteString(" --service")
	}
	if i.Many {
		b.WriteString(" --response-type Stream")
	}
	b.WriteString("\n")
}

func writeNSCImport(b *strings.Builder, account string, i Import) {
	to := i.To
	if to == "" {
		to = i.Subject
	}
	fmt.Fprintf(b, "nsc add import --account %s --name %s --src-account \"$(nsc describe account %s --field sub | tr -d '\"')\" --remote-subject %s --local-subject %s",
		account, shell(i.Subject), Streams, shell(i.Subject), shell(to))
	if i.Service {
		b.WriteString(" --service")
	}
	b.WriteString("\n")
}

// shell quotes what has $ and > in it, and no quotes.
func shell(s string) string { return "'" + s + "'" }
