package natsusers_test

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
)

// TestUsers: by the table alone, no service may purge, create or delete a stream, read what it does not need with direct get,
// or listen to more than its inbox; and only the analyzer publishes recommendations.
func TestUsers(t *testing.T) {
	users, err := natsusers.Users(options)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		for _, s := range u.Publish {
			for _, never := range []string{"STREAM.PURGE", "STREAM.DELETE", "STREAM.MSG.DELETE", "DIRECT.GET", "STREAM.SNAPSHOT"} {
				if strings.Contains(s, never) {
					t.Errorf("%s: %s", u.Name, s)
				}
			}
			if strings.Contains(s, "STREAM.CREATE") && u.Name != natsusers.Provision || s == events.SubjectReady && u.Name != natsusers.Analyzer || s == ">" {
				t.Errorf("%s: %s", u.Name, s)
			}
		}
		if want := "_INBOX_" + u.Name + ".>"; u.Subscribe[len(u.Subscribe)-1] != want || u.Account != natsusers.Subscribers && len(u.Subscribe) != 1 {
			t.Errorf("%s listens to %s", u.Name, u.Subscribe)
		}
	}
}

func TestUsers_Refuses(t *testing.T) {
	for name, o := range map[string]natsusers.Options{
		"a name twice":             {Subscribers: []string{"a", "a"}},
		"the name of a service":    {Subscribers: []string{"analyzer"}},
		"a name with a wildcard":   {Subscribers: []string{"a.>"}},
		"a name with a quote":      {Requesters: []natsusers.Requester{{Name: `a"`}}},
		"no name":                  {Requesters: []natsusers.Requester{{}}},
		"a scope of four":          {Requesters: []natsusers.Requester{{Name: "a", Scope: "a/b/c/d"}}},
		"a scope with a hole":      {Requesters: []natsusers.Requester{{Name: "a", Scope: "a//c"}}},
		"everything forwarded":     {Forward: []string{">"}},
		"our facts forwarded":      {Forward: []string{"squirrly.v1.recommendation.ready.>"}},
		"the server's own":         {Forward: []string{"$JS.API.>"}},
		"a subject with a newline": {Forward: []string{"a\nb"}},
		"a subject with a quote":   {Forward: []string{"a'; true '"}},
		"two subjects":             {Forward: []string{"a,squirrly.>"}},
	} {
		if _, err := natsusers.Users(o); !errors.Is(err, natsusers.ErrOptions) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A scope is made of tokens: it cannot widen itself.
	users, err := natsusers.Users(natsusers.Options{Requesters: []natsusers.Requester{{Name: "a", Scope: "prod/>/*"}}})
	if err != nil || strings.ContainsAny(users[len(users)-1].Publish[0], "*>") {
		t.Errorf("%v, %v", users, err)
	}
}
