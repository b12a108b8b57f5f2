// Package requester_test runs examples/requester.sh with the real `nats` command against a real server: what a shell can
// ask, and what it can read.
package requester_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/natsembed"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

const target = `{"namespace":"flink","deployment":"orders"}`

func TestRequester(t *testing.T) {
	url, b := start(t)
	for i, c := range []struct {
		form   string
		origin events.RequestOrigin
	}{
		{"plain", events.RequestOrigin{}},
		{"req", events.RequestOrigin{}},
		{"structured", events.RequestOrigin{Source: "ci", ID: "7"}},
		{"binary", events.RequestOrigin{Source: "ci", ID: "7"}},
	} {
		out := call(t, url, c.form)
		seq := uint64(i) + 1
		if want := `"seq":` + strconv.FormatUint(seq, 10); c.form != "plain" && !strings.Contains(out, want) {
			t.Errorf("%s printed %s, want %s", c.form, out, want)
		}
		s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.GetMsg(t.Context(), seq)
		if err != nil {
			t.Fatalf("%s: %v", c.form, err)
		}
		r, origin, err := events.DecodeRequest(events.Header(m.Header), m.Data)
		if err != nil || r.Target.Deployment != "orders" || origin != c.origin || m.Subject != events.SubjectRequested {
			t.Errorf("%s: %+v from %+v on %s: %v", c.form, r, origin, m.Subject, err)
		}
	}
}

func TestRequester_ReadsTheRecommendation(t *testing.T) {
	url, b := start(t)
	call(t, url, "subscribe")
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(root, "pkg", "events", "testdata", string(events.TypeRecommendationReady)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.DecodeEvent(body)
	if err != nil {
		t.Fatal(err)
	}
	id := events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}
	if err := b.PublishFact(t.Context(), id.Subject(e.Type, e.RunID), e); err != nil {
		t.Fatal(err)
	}
	read, err := events.DecodeEvent([]byte(call(t, url, "next")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.Data[events.RecommendationReady](read)
	if err != nil || r.Run != e.RunID || r.Verdict.Headline == "" {
		t.Errorf("read %+v, %v", r.Verdict, err)
	}
}

// start runs a server with Squirrly's streams.
func start(t *testing.T) (string, *bus.Bus) {
	t.Helper()
	s, err := natsembed.Start(natsembed.Options{Dir: t.TempDir(), Port: -1, Name: "requester"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	b, err := bus.Connect(t.Context(), bus.Options{URL: s.ClientURL(), Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.Provision(t.Context(), bus.Topology{}); err != nil {
		t.Fatal(err)
	}
	return s.ClientURL(), b
}

// call runs the script and gives what it prints.
func call(t *testing.T, url, form string) string {
	t.Helper()
	nats, err := parts.NATSCLI()
	if err != nil {
		t.Fatal(err)
	}
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), filepath.Join(root, "examples", "requester.sh"), form)
	c.Env = append(os.Environ(), "NATS="+nats, "NATS_URL="+url, "TARGET="+target, "SOURCE=ci", "ID=7", "TIMEOUT=10s")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", form, err, out)
	}
	return string(out)
}
