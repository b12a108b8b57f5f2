package requester_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

// A language is one in which others write requesters and subscribers.
type language struct {
	prepare               [][]string // in the folder of its examples
	requester, subscriber []string
	target                string // argument of the requester
	folder                string // below examples
}

// languages are those of the examples. What they need comes from the registries of their languages.
func languages(t *testing.T) map[string]language {
	t.Helper()
	root := root(t)
	python := filepath.Join(root, ".cache", "examples", "python")
	bin := filepath.Join(t.TempDir(), "bin") + "/"
	return map[string]language{
		"Go": {
			folder:    ".",
			prepare:   [][]string{{"go", "build", "-o", bin, "./requester", "./subscriber"}},
			requester: []string{bin + "requester"}, subscriber: []string{bin + "subscriber"}, target: "http://orders:8081",
		},
		"Python": {
			folder: "python",
			prepare: [][]string{
				{"python3", "-m", "venv", python}, {python + "/bin/pip", "install", "-q", "-r", "requirements.txt"},
			},
			requester: []string{python + "/bin/python", "requester.py"}, subscriber: []string{python + "/bin/python", "subscriber.py"},
			target: `{"url": "http://orders:8081"}`,
		},
		"TypeScript": {
			folder:    "typescript",
			prepare:   [][]string{{"npm", "ci", "--silent", "--no-audit", "--no-fund"}, {"npm", "run", "--silent", "check"}},
			requester: []string{"node_modules/.bin/tsx", "requester.ts"}, subscriber: []string{"node_modules/.bin/tsx", "subscriber.ts"},
			target: `{"url": "http://orders:8081"}`,
		},
	}
}

// What the examples send is a request with the run that they say, and what they read is the recommendation; what is none is
// ended, and holds up nothing.
func TestLanguages(t *testing.T) {
	for name, l := range languages(t) {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(root(t), "examples", l.folder)
			for _, c := range l.prepare {
				command(t, dir, nil, c)
			}
			t.Run("without users", func(t *testing.T) {
				url, b := start(t)
				asks(t, b, l, dir, []string{"NATS_URL=" + url})
				listens(t, b, l, dir, []string{"NATS_URL=" + url, "DURABLE=team"})
			})
			t.Run("as users", func(t *testing.T) { // what they may not do fails the test
				b := bustest.StartWith(t, bus.Topology{Subscribers: []string{"dashboard"}})
				url := "NATS_URL=" + bustest.JetStream(b).Conn().ConnectedUrl()
				asks(t, b, l, dir, []string{url, "NATS_USER=" + bustest.Requester, "NATS_PASSWORD=" + bustest.Password(bustest.Requester)})
				listens(t, b, l, dir, []string{
					url, "NATS_USER=dashboard", "NATS_PASSWORD=" + bustest.Password("dashboard"), "NATS_API_PREFIX=" + natsusers.APIPrefix,
					"DURABLE=" + bus.SubscriberDurable("dashboard"),
				})
			})
		})
	}
}

// asks has the requester of a language ask, and looks at what came.
func asks(t *testing.T, b *bus.Bus, l language, dir string, env []string) {
	t.Helper()
	env = append(env, "SOURCE=ci", "ID=7", "NOWAIT=1")
	said := strings.Split(strings.TrimSpace(command(t, dir, env, append(l.requester, l.target))), "\t")
	run := events.RunIDFromEvent("ci", "7")
	if len(said) != 3 || said[0] != run || said[1] != events.StreamRequests || said[2] != "1" {
		t.Errorf("the requester says %q, want run %s", said, run)
	}
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	req, origin, err := events.DecodeRequest(events.Header(m.Header), m.Data)
	if err != nil || origin != (events.RequestOrigin{Source: "ci", ID: "7"}) || req.Target.URL != "http://orders:8081" || req.Duration.Seconds() != 30 {
		t.Errorf("%+v from %+v: %v", req, origin, err)
	}
}

// listens has the subscriber of a language read a result, after something that is none.
func listens(t *testing.T, b *bus.Bus, l language, dir string, env []string) {
	t.Helper()
	ready, id := golden(t), events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}
	if _, err := bustest.JetStream(b).Publish(t.Context(), id.Subject(ready.Type, "other"), []byte(`{"data": {"run": 1}}`)); err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), id.Subject(ready.Type, ready.RunID), ready); err != nil {
		t.Fatal(err)
	}
	r, err := events.Data[events.RecommendationReady](ready)
	if err != nil {
		t.Fatal(err)
	}
	out := reads(t, dir, append(env, "COUNT=1"), l.subscriber, r.Findings[len(r.Findings)-1].Recommendation.Change)
	for _, want := range []string{r.Run + "\tprod/flink/orders\t" + string(r.Severity) + "\t", r.Verdict.Headline, r.Findings[0].Recommendation.Change} {
		if !strings.Contains(out, want) {
			t.Errorf("the subscriber lacks %q: %s", want, out)
		}
	}
}

// golden is a recommendation as it is published.
func golden(t *testing.T) events.Event {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(root(t), "pkg", "events", "testdata", string(events.TypeRecommendationReady)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.DecodeEvent(body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// command runs a program to its end, and returns what it prints.
func command(t *testing.T, dir string, env, args []string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// reads runs a subscriber until it has printed a text.
func reads(t *testing.T, dir string, env, args []string, last string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var out output
	out.until, out.stop = last, stop
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env, c.Stdout, c.Stderr = dir, append(os.Environ(), env...), &out, &out
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 10 * time.Second
	_ = c.Run() // it is interrupted where it does not end by itself
	return out.String()
}

// output is what a program prints; it is stopped once it has printed a text.
type output struct {
	strings.Builder

	until string
	stop  func()
}

func (o *output) Write(p []byte) (int, error) {
	defer func() {
		if strings.Contains(o.String(), o.until) {
			o.stop()
		}
	}()
	return o.Builder.Write(p)
}
