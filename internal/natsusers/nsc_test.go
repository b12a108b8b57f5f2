package natsusers_test

import (
	"strings"
	"testing"

	"squirrly.dev/internal/natsusers"
)

// TestNSC: every right, export and import of the table is in the commands, each in quotes that no shell looks into, after
// what it needs.
func TestNSC(t *testing.T) {
	users, err := natsusers.Users(options)
	if err != nil {
		t.Fatal(err)
	}
	text := natsusers.NSC(users)
	for _, u := range users {
		key := "nsc edit signing-key --account " + u.Account + " --sk generate --role " + u.Name +
			" --allow-pub '" + strings.Join(u.Publish, ",") + "' --allow-sub '" + strings.Join(u.Subscribe, ",") + "'\n"
		add := "nsc add user --account " + u.Account + " --name " + u.Name + " -K " + u.Name + "\n"
		made := strings.Index(text, "nsc add account "+u.Account+"\n")
		if i, j := strings.Index(text, key), strings.Index(text, add); made < 0 || i < made || j < i {
			t.Errorf("%s: account at %d, role at %d, user at %d", u.Name, made, i, j)
		}
		for _, i := range u.Imports {
			service := ""
			if i.Service {
				service = " --service"
			}
			to := i.To
			if to == "" {
				to = i.Subject
			}
			export := strings.Index(text, "--subject '"+i.Subject+"'"+service)
			take := strings.Index(text, "--remote-subject '"+i.Subject+"' --local-subject '"+to+"'"+service)
			if export < 0 || take < export || strings.Count(text, "nsc add export --account SQUIRRLY --name '"+i.Subject+"'") != 1 {
				t.Errorf("%s: %+v is exported at %d, imported at %d", u.Name, i, export, take)
			}
		}
		for _, s := range append(u.Publish, u.Subscribe...) {
			if strings.ContainsAny(s, "', \n") {
				t.Errorf("%s: %q ends a quote or a list", u.Name, s)
			}
		}
	}
	if alone, err := natsusers.Users(natsusers.Options{}); err != nil || strings.Contains(natsusers.NSC(alone), natsusers.Requesters) {
		t.Errorf("without requesters: %v", err)
	}
}
