package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// health is what -o json prints.
type health struct {
	Objects, Unfinished, Runs int
	Broken                    []struct{ Key, Run, Problem, Detail string }
}

func doctorStore(t *testing.T, url string, more ...string) (int, health) {
	t.Helper()
	code, out, errOut := runCLI(t, t.Context(), "", append([]string{"--nats", url, "doctor", "--store", "-o", "json"}, more...)...)
	var h health
	if err := json.Unmarshal([]byte(out), &h); err != nil {
		t.Fatalf("exit %d, %v; stdout %q, stderr %q", code, err, out, errOut)
	}
	return code, h
}

func TestDoctor_Store(t *testing.T) {
	clean(t)
	const good, bad = "00000000-0000-5000-8000-000000000001", "00000000-0000-5000-8000-000000000002"
	url, b := server(t)
	storeRun(t, b, good, runFolder(t, true))
	if code, h := doctorStore(t, url, "--deep"); code != 0 || h.Objects != 2 || h.Runs != 1 || len(h.Broken) != 0 {
		t.Fatalf("exit %d, %+v", code, h)
	}
	storeRun(t, b, bad, runFolder(t, false))
	rec, err := run.New(b).Get(t.Context(), bad)
	if err != nil {
		t.Fatal(err)
	}
	damage(t, b, rec.Analysis.Key, "")
	code, h := doctorStore(t, url)
	if code != 1 || len(h.Broken) != 1 || h.Broken[0].Problem != "incomplete" || h.Broken[0].Run != bad || h.Broken[0].Key != rec.Analysis.Key {
		t.Fatalf("exit %d, %+v", code, h)
	}
	code, out, _ := runCLI(t, t.Context(), "", "--nats", url, "doctor", "--store")
	if code != 1 || !strings.Contains(out, "incomplete") || !strings.Contains(out, rec.Analysis.Key) || !strings.Contains(out, "profile again") {
		t.Errorf("exit %d, %s", code, out)
	}
}

// What a record names and nobody stored is missing; content that differs is found by reading.
func TestDoctor_MissingAndDamaged(t *testing.T) {
	clean(t)
	const lost = "00000000-0000-5000-8000-000000000003"
	url, b := server(t)
	ref := events.ObjectRef{Key: "a/analysis-" + artifact.Sum(nil)[:12] + ".json", SHA256: artifact.Sum(nil), Size: 5}
	if _, err := run.New(b).Create(t.Context(), run.Record{Run: lost, State: events.StateAnalyzed, Analyzed: run.Analyzed{Analysis: &ref}}); err != nil {
		t.Fatal(err)
	}
	if code, h := doctorStore(t, url); code != 1 || len(h.Broken) != 1 || h.Broken[0].Problem != "missing" || h.Broken[0].Run != lost {
		t.Errorf("exit %d, %+v", code, h)
	}
	os, err := bustest.JetStream(b).ObjectStore(t.Context(), events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.PutString(t.Context(), ref.Key, "other"); err != nil { // as nobody of ours would
		t.Fatal(err)
	}
	if code, h := doctorStore(t, url); code != 1 || len(h.Broken) != 1 || h.Broken[0].Problem != "damaged" {
		t.Errorf("another object under the key: exit %d, %+v", code, h)
	}
}

func TestDoctor_Deep(t *testing.T) {
	clean(t)
	const id = "00000000-0000-5000-8000-000000000004"
	url, b := server(t)
	storeRun(t, b, id, runFolder(t, true))
	rec, err := run.New(b).Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	damage(t, b, rec.Analysis.Key, "wrong")
	if code, h := doctorStore(t, url); code != 0 {
		t.Errorf("without reading: exit %d, %+v", code, h)
	}
	if code, h := doctorStore(t, url, "--deep"); code != 1 || len(h.Broken) != 1 || h.Broken[0].Problem != "damaged" {
		t.Errorf("exit %d, %+v", code, h)
	}
}

// damage replaces the content of an object behind its metadata; with nothing, it takes it away.
func damage(t *testing.T, b *bus.Bus, key, with string) {
	t.Helper()
	os, err := bustest.JetStream(b).ObjectStore(t.Context(), events.BucketArtifacts)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.GetInfo(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	subject := "$O." + events.BucketArtifacts + ".C." + info.NUID
	s, err := bustest.JetStream(b).Stream(t.Context(), "OBJ_"+events.BucketArtifacts)
	if err == nil {
		err = s.Purge(t.Context(), jetstream.WithPurgeSubject(subject))
	}
	if err == nil && with != "" {
		_, err = bustest.JetStream(b).Publish(t.Context(), subject, []byte(with))
	}
	if err != nil {
		t.Fatal(err)
	}
}
