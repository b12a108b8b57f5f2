package cli

import (
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

func TestTarget(t *testing.T) {
	const id = "5c1e0f7a9b3d4e628f0a1b2c3d4e5f60"
	for typed, want := range map[string]events.Target{
		"http://localhost:8081/": {URL: "http://localhost:8081"},
		"localhost:8081":         {URL: "http://localhost:8081"},
		"http://host:8081/#/job/running/" + id + "/overview": {URL: "http://host:8081", Job: id},
		"https://flink.example.com/orders":                   {URL: "https://flink.example.com/orders"},
		"orders":                                             {Namespace: "default", Deployment: "orders"},
		"flink/orders":                                       {Namespace: "flink", Deployment: "orders"},
	} {
		got, err := (&requestFlags{}).target(typed)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v, want %+v", typed, got, err, want)
		}
	}
	for typed, says := range map[string]string{
		"http://ops:hunter2@host:8081":  "--flink-user NAME and --flink-password-file FILE",
		"ops:hunter2@host:8081":         "--flink-user",
		"http://hunter2@host/#/job/x":   "--flink-user",
		"https://ops:hunter2%zz@host/x": "--flink-user",
		"a/b/c":                         "expected the REST URL of a JobManager",
		"bad name!":                     "expected the REST URL",
		"host:port":                     "expected the REST URL",
	} {
		_, err := (&requestFlags{}).target(typed)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", typed, err)
		}
	}
}

func TestFlinkFlags(t *testing.T) {
	for field, want := range map[string]string{
		"caFile": "--flink-ca-file", "proxyPasswordFile": "--flink-proxy-password-file", "user": "--flink-user", "serverName": "--flink-server-name",
	} {
		if got := flagOf(field); got != want {
			t.Errorf("%s is %s", field, got)
		}
	}
	var f flinkFlags
	if entries, err := f.entries(); err != nil || entries != nil {
		t.Errorf("without flags: %v, %v", entries, err)
	}
	c := (&app{}).profileCommand()
	for field, flag := range map[string]string{"tokenFile": "flink-token-file", "certFile": "flink-cert-file", "user": "flink-user"} {
		if c.Flags().Lookup(flag) == nil {
			t.Errorf("there is no flag for %s", field)
		}
	}
	f.entry.TokenFile = "/nowhere/hunter2"
	if _, err := f.entries(); err == nil || err.Error() != "--flink-token-file: no such file or directory" {
		t.Errorf("a file that is not there: %v", err)
	}
	f = flinkFlags{}
	f.entry.User = "ops"
	if _, err := f.entries(); err == nil || err.Error() != "--flink-user: expected user and passwordFile together" {
		t.Errorf("half of it: %v", err)
	}
}
