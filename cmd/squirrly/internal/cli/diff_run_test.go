package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/backends"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// server runs a broker with streams and buckets, and returns its address and a connection.
func server(t *testing.T) (string, *bus.Bus) {
	t.Helper()
	b := bustest.StartWith(t, bus.Topology{})
	return bustest.JetStream(b).Conn().ConnectedUrl(), b
}

// storeRun puts a folder of a run onto the server, as the services leave it.
func storeRun(t *testing.T, b *bus.Bus, id, dir string) {
	t.Helper()
	store, err := backends.Store(t.Context(), b, artifact.S3Config{})
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string) events.ObjectRef {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		ref, err := store.Put(t.Context(), id+"/"+name+"-"+artifact.Sum(body), body)
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	analysis := put("analysis.json")
	rec := run.Record{
		Run: id, State: events.StateAnalyzed, Analyzed: run.Analyzed{Analysis: &analysis},
		Collected: run.Collected{Artifact: &events.ArtifactReady{Run: id, Captures: []events.CaptureRef{
			{JVM: "tm", Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: put("tm-WALL-0123.collapsed")},
		}}},
	}
	if created, err := run.New(b).Create(t.Context(), rec); err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
}

func TestDiff_Runs(t *testing.T) {
	clean(t)
	const before, after = "00000000-0000-5000-8000-000000000001", "00000000-0000-5000-8000-000000000002"
	url, b := server(t)
	storeRun(t, b, before, runFolder(t, true))
	storeRun(t, b, after, runFolder(t, false))
	code, out, errOut := runCLI(t, t.Context(), "", "--nats", url, "diff", before, after, "-o", "json")
	var d struct {
		Comparison events.Comparison
		Profiles   []struct{ Mode events.Mode }
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil || code != 0 {
		t.Fatalf("exit %d, %v; stderr %q", code, err, errOut)
	}
	if d.Comparison.Effect != events.EffectHelped || len(d.Profiles) != 1 || d.Profiles[0].Mode != events.ModeWall {
		t.Errorf("%+v", d)
	}
	code, _, errOut = runCLI(t, t.Context(), "", "--nats", url, "diff", before, "00000000-0000-5000-8000-000000000003")
	if code != 5 || !strings.Contains(errOut, "0003") {
		t.Errorf("exit %d for an unknown run; stderr %q", code, errOut)
	}
}
