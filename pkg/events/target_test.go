package events_test

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

func TestTarget_Canonical(t *testing.T) {
	const id = "5c1e0f7a9b3d4e628f0a1b2c3d4e5f60"
	for from, want := range map[events.Target]events.Target{
		{URL: "localhost:8081"}:      {URL: "http://localhost:8081"},
		{URL: "10.0.0.1:8081/flink"}: {URL: "http://10.0.0.1:8081/flink"},
		{URL: "[::1]:8081"}:          {URL: "http://[::1]:8081"},
		{URL: "http://host:8081/#/job/running/" + id + "/overview"}:           {URL: "http://host:8081", Job: id},
		{URL: "https://h/flink/#/job/running/" + id + "/overview/x/detail"}:   {URL: "https://h/flink", Job: id},
		{URL: "http://host:8081/#/job/completed/" + strings.ToUpper(id)}:      {URL: "http://host:8081", Job: id},
		{URL: "http://host:8081/#/jobs/" + id}:                                {URL: "http://host:8081", Job: id},
		{URL: "http://host:8081/index.html#/job/" + id + "/exceptions"}:       {URL: "http://host:8081", Job: id},
		{URL: "localhost:8081/#/overview"}:                                    {URL: "http://localhost:8081"},
		{URL: "http://host:8081/#/task-manager/x:6122-abc/metrics"}:           {URL: "http://host:8081"},
		{URL: "http://host:8081/#/job/running/" + id + "/overview", Job: "x"}: {URL: "http://host:8081", Job: "x"},
		{URL: "http://host:8081/#/job/running/abc/overview"}:                  {URL: "http://host:8081"},
		{URL: "http://u:p@host:8081/#/job/" + id}:                             {URL: "http://u:p@host:8081", Job: id}, // refused later
		{URL: "http://host:8081/"}:                                            {URL: "http://host:8081/"},
		{URL: "http://host:8081/?x=1#/overview"}:                              {URL: "http://host:8081?x=1"},
		{URL: "http://host:8081/#section"}:                                    {URL: "http://host:8081/#section"},
		{URL: "u:p@host:8081"}:                                                {URL: "u:p@host:8081"},
		{Deployment: "orders"}:                                                {Deployment: "orders"},
	} {
		got := from.Canonical()
		if got != want {
			t.Errorf("%+v became %+v, want %+v", from, got, want)
		}
		if again := got.Canonical(); again != got {
			t.Errorf("%+v became %+v the second time", got, again)
		}
	}
}

// What may hold a password is refused and not repeated.
func TestTarget_Secrets(t *testing.T) {
	for _, target := range []events.Target{
		{URL: "http://ops:hunter2@host:8081"},
		{URL: "http://hunter2@host"},
		{URL: "http://host/?token=hunter2"},
		{URL: "http://host/#hunter2"},
		{URL: "ops:hunter2@host:8081"},
		{URL: "ftp://ops:hunter2@host"},
		{URL: "http://ops:hunter2%zz@host"},
		{URL: "http://ops:hunter2@"},
		{Deployment: "ops:hunter2@host:8081"},
		{Namespace: "http://ops:hunter2@host", Deployment: "x"},
		{Deployment: "hunter2/x/y"},
	} {
		err := target.Canonical().Validate()
		if _, ok := errors.AsType[*events.FieldError](err); !ok || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%+v: %v", target, err)
		}
	}
	err := events.Target{URL: "http://ops:hunter2@host:8081"}.Validate()
	if !strings.Contains(err.Error(), "SQUIRRLY_FLINK_ACCESS") {
		t.Errorf("it is not said where credentials go: %v", err)
	}
}

// FuzzTarget: whatever a target is, reading it twice is reading it once, and one that is valid holds no user.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{
		"localhost:8081", "http://host:8081/#/job/running/5c1e0f7a9b3d4e628f0a1b2c3d4e5f60/overview", "http://u:p@h", "[::1]:1/#/job/x",
		"a/b/c", "http://h/%2f#/%2f", "http://h/index.html#/", "//h#/x", "http:#/x", "",
	} {
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, url, job string) {
		one := events.Target{URL: url, Job: job}.Canonical()
		if two := one.Canonical(); two != one {
			t.Errorf("%q became %+v, then %+v", url, one, two)
		}
		if job != "" && one.Job != job {
			t.Errorf("%q: the job %q became %q", url, job, one.Job)
		}
		if one.Validate() == nil && strings.Contains(strings.SplitN(strings.SplitN(one.URL, "://", 2)[1], "/", 2)[0], "@") {
			t.Errorf("%q is valid and holds a user", one.URL)
		}
	})
}
