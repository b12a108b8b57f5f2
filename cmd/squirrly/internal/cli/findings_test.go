package cli_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier"
)

// A finding is listed, shown, dismissed and undismissed; each says what it did, and what is wrong with a wrong call.
func TestFindings(t *testing.T) {
	b := bustest.Start(t, "log")
	server := bustest.JetStream(b).Conn().ConnectedUrl()
	id := followFinding(t, b)
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"list", []string{"ls"}, 0, "up to 1.7×"},
		{"of a job", []string{"ls", "--job", "flink/orders"}, 0, id},
		{"as JSON", []string{"ls", "-o", "json"}, 0, `"id": "` + id + `"`},
		{"show", []string{"get", id[:5]}, 0, "Use asynchronous I/O"},
		{"no such finding", []string{"get", "zzz"}, 5, "no such finding"},
		{"no reason", []string{"dismiss", id}, 2, "choose right, wrong or wont-fix"},
		{"a bad date", []string{"dismiss", id, "--as", "wrong", "--until", "soon"}, 2, "expected a date"},
		{"over", []string{"dismiss", id, "--as", "wrong", "--until", "2001-01-01"}, 2, "that is over"},
		{"dismiss", []string{"dismiss", id, "--as", "wont-fix", "--reason", "a stand-in\x1b[2J", "--until-release"}, 0, "is dismissed until the next release"},
		{"show why", []string{"get", id}, 0, "wont fix until the next release"},
		{"all", []string{"ls", "--all"}, 0, "dismissed"},
		{"undismiss", []string{"undismiss", id}, 0, "is open again"},
		{"again", []string{"undismiss", id}, 1, "changes nothing"},
	} {
		code, out, errOut := runCLI(t, t.Context(), "", append(append([]string{"findings"}, c.args...), "--nats", server)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) || strings.Contains(out+errOut, "\x1b") {
			t.Errorf("%s: exit %d, %s%s", c.name, code, out, errOut)
		}
	}
	if code, out, _ := runCLI(t, t.Context(), "", "findings", "ls", "--job", "payments", "--nats", server); code != 0 || strings.Contains(out, id) {
		t.Errorf("of another job: exit %d, %s", code, out)
	}
}

// followFinding has a notifier take a result with one finding, and returns its id.
func followFinding(t *testing.T, b *bus.Bus) string {
	t.Helper()
	r := events.RecommendationReady{
		Run: "r1", Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}, CreatedAt: time.Now(), Severity: events.SeverityWarning,
		Verdict: events.Verdict{Limit: events.LimitVertex, Headline: "It is limited."}, Analysis: events.ObjectRef{Key: "k", SHA256: strings.Repeat("a", 64)},
		Findings: []events.FindingExcerpt{{Facts: []events.Fact{}, Finding: events.Finding{
			ID: "R1", Fingerprint: "f", Rule: "A1", Category: "blocking", Title: "It sleeps", Severity: events.SeverityWarning, OnPath: true, P: .4, Bound: 1.67, Attainable: 1.67,
			Mode: events.ModeWall, Evidence: []string{}, Recommendation: events.Recommendation{Change: "Use asynchronous I/O"},
		}}},
	}
	e, err := events.New("squirrly/analyzer", r.Run, time.Now(), r)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), r.Identity.Subject(e.Type, r.Run), e); err != nil {
		t.Fatal(err)
	}
	s, err := notifier.New(notifier.Config{}, notifier.Deps{Bus: bustest.As(t, b, natsusers.Notifier)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		all, err := notifier.OpenFindings(b).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) == 1 {
			return all[0].ID
		}
	}
	t.Fatal("no finding after 20 s")
	return ""
}

// A file of routes is tried with labels, and its mistakes are told with their lines.
func TestRoutes(t *testing.T) {
	const routes = "route:\n  channels: [log]\n  routes:\n  - matchers: ['severity=\"critical\"', 'team=~\"a|b\"']\n    channels: [webhook]\n" +
		"silences:\n- {matchers: [job=legacy], ends_at: 2100-01-01T00:00:00Z, comment: it goes}\n"
	for _, c := range []struct {
		name, stdin string
		args        []string
		code        int
		says        string
	}{
		{"a child", routes, []string{"severity=critical", "team=b"}, 0, "route.routes[0]"},
		{"the root", routes, []string{"severity=info"}, 0, "log"},
		{"silenced", routes, []string{"job=legacy"}, 0, "kept quiet: it goes"},
		{"as JSON", routes, []string{"severity=critical", "team=a", "-o", "json"}, 0, `"webhook"`},
		{"a group", "route: {channels: [log], group_by: [team], group_wait: 30s, repeat_interval: 7d, tell_dismissals: true}", []string{"team=b"}, 0, "changes, dismissals  team=b, waits 30s, again every 1w  told"},
		{"no label", routes, []string{"severity"}, 2, "expected LABEL=VALUE"},
		{"a mistake", "route:\n  channel: log\n", nil, 1, "line 2: route.channel: there is no such field: did you mean channels?"},
	} {
		code, out, errOut := runCLI(t, t.Context(), c.stdin, append([]string{"routes", "test", "--file", "-"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errOut, c.says) {
			t.Errorf("%s: exit %d, %s%s", c.name, code, out, errOut)
		}
	}
}

// The file of docs/findings.md routes as its comments say.
func TestRoutes_Documented(t *testing.T) {
	doc, err := os.ReadFile("../../../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```yaml\n")
	file, _, ended := strings.Cut(rest, "```\n")
	if !found || !ended {
		t.Fatal("docs/findings.md has no file of routes")
	}
	for labels, says := range map[string]string{
		"severity=critical team=fraud": "fraud     changes, dismissals  team=fraud, waits 10m, at most every 1h, again every 1w",
		"severity=critical team=other": "log",
		"change=failed":                "nobody is told",
		"team=reports":                 "route.routes[2]",
		"policy=audit":                 "everything",
		"job=legacy":                   "kept quiet: it is replaced",
	} {
		code, out, errOut := runCLI(t, t.Context(), file, append([]string{"routes", "test", "--file", "-"}, strings.Fields(labels)...)...)
		if code != 0 || !strings.Contains(out, says) {
			t.Errorf("%s: exit %d, %s%s", labels, code, out, errOut)
		}
	}
	for _, word := range regexp.MustCompile(`(?m)^ *-? *([a-z_]+):`).FindAllStringSubmatch(file, -1) {
		if name := word[1]; name != "name" && name != "channels" && name != "route" && name != "times" && !strings.Contains(string(doc), "| `"+name+"` |") {
			t.Errorf("the table has no row for %s", name)
		}
	}
}

// A channel is tried out with the settings of the notifier.
func TestNotify(t *testing.T) {
	if code, out, errOut := runCLI(t, t.Context(), "", "notify", "test", "log"); code != 0 || !strings.Contains(out, "This is a test of the channel") {
		t.Errorf("exit %d, %s%s", code, out, errOut)
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "notify", "test", "slack"); code != 5 || !strings.Contains(errOut, "choose among log") {
		t.Errorf("exit %d, %s", code, errOut)
	}
}
