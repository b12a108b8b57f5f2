package natsusers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Config renders the accounts and users as configuration of nats-server, to be included into that of the server. hash gives
// the bcrypt hash of the password of a user. The result is the same for the same table and hashes.
func Config(users []User, hash func(user string) string) string {
	var b strings.Builder
	b.WriteString("# Accounts and users of Squirrly, made by `squirrly nats-users`. Include this file into the configuration of nats-server.\n")
	b.WriteString("# Passwords are not in here, only their hashes. Who is not listed may not connect.\naccounts {\n")
	for _, account := range []string{Streams, Requesters, Subscribers} {
		var own []User
		for _, u := range users {
			if u.Account == account {
				own = append(own, u)
			}
		}
		if len(own) == 0 {
			continue
		}
		fmt.Fprintf(&b, "  %s {\n", account)
		if account == Streams {
			b.WriteString("    jetstream: enabled\n")
			writeExports(&b, users)
		} else {
			writeImports(&b, own)
		}
		writeUsers(&b, own, hash)
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func writeUsers(b *strings.Builder, users []User, hash func(string) string) {
	b.WriteString("    users: [\n")
	for _, u := range users {
		fmt.Fprintf(b, "      {\n        user: %s\n        password: %s\n        permissions: {\n", quote(u.Name), quote(hash(u.Name)))
		writeAllow(b, "publish", u.Publish)
		writeAllow(b, "subscribe", u.Subscribe)
		b.WriteString("        }\n      }\n")
	}
	b.WriteString("    ]\n")
}

func writeAllow(b *strings.Builder, verb string, subjects []string) {
	fmt.Fprintf(b, "          %s: { allow: [\n", verb)
	for _, s := range subjects {
		fmt.Fprintf(b, "            %s\n", quote(s))
	}
	b.WriteString("          ] }\n")
}

// writeExports exports what some account imports, to that account alone.
func writeExports(b *strings.Builder, users []User) {
	to := map[Import][]string{}
	var order []Import
	for _, u := range users {
		for _, i := range u.Imports {
			if _, known := to[i]; !known {
				order = append(order, i)
			}
			if !slices.Contains(to[i], u.Account) {
				to[i] = append(to[i], u.Account)
			}
		}
	}
	if len(order) == 0 {
		return
	}
	b.WriteString("    exports: [\n")
	for _, i := range order {
		many := ""
		if i.Many {
			many = ", response_type: stream"
		}
		fmt.Fprintf(b, "      { %s: %s%s, accounts: [%s] }\n", i.kind(), quote(i.Subject), many, strings.Join(to[i], ", "))
	}
	b.WriteString("    ]\n")
}

func writeImports(b *strings.Builder, users []User) {
	seen := map[Import]bool{}
	b.WriteString("    imports: [\n")
	for _, u := range users {
		for _, i := range u.Imports {
			if !seen[i] {
				to := ""
				if i.To != "" {
					to = ", to: " + quote(i.To)
				}
				fmt.Fprintf(b, "      { %s: { account: %s, subject: %s }%s }\n", i.kind(), Streams, quote(i.Subject), to)
			}
			seen[i] = true
		}
	}
	b.WriteString("    ]\n")
}

func (i Import) kind() string {
	if i.Service {
		return "service"
	}
	return "stream"
}

// quote makes a string of the configuration: names and subjects have nothing in them that it would read otherwise.
func quote(s string) string { return strconv.Quote(s) }
