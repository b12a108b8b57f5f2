package trigger_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/link"
	"squirrly.dev/internal/logbuffer"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
)

// A link as the analyzer makes it opens the report and its captures from the store on the server, in a browser that knows no
// token; nothing of it is logged.
func TestService_OpensLinks(t *testing.T) {
	b := bustest.Start(t)
	id := events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}
	put := func(name, body string) events.ObjectRef {
		ref, err := b.Artifacts().Put(t.Context(), id.Prefix("r1")+name+"-"+artifact.Sum([]byte(body))[:12]+".html", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return ref
	}
	capture := put("captures/tm-WALL", "<p>the capture")
	rec := run.Record{
		Run: "r1", State: events.StateAnalyzed, Plan: events.Plan{Identity: id},
		Analyzed:  run.Analyzed{Reports: map[string]events.ObjectRef{"html": put("report", "<p>the report")}},
		Collected: run.Collected{Artifact: &events.ArtifactReady{Captures: []events.CaptureRef{{Status: events.CaptureStored, ObjectRef: capture}}}},
	}
	if created, err := run.New(b).Create(t.Context(), rec); err != nil || !created {
		t.Fatal(created, err)
	}
	links := link.Config{Key: daemon.Secret("the key of the test"), TTL: time.Hour}
	addr, log := freeAddr(t), &logbuffer.Buffer{}
	mine := bustest.As(t, b, natsusers.Trigger)
	s, err := trigger.New(trigger.Config{HTTPAddr: addr, HTTPToken: "the token", Links: links}, trigger.Deps{
		Bus: mine, Flink: open(t, access.Config{}), Store: mine.Artifacts(),
		Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	read := func(url string) (int, string) {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			res, err := browser.Get(url)
			if err != nil && time.Now().Before(deadline) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close()
			if err != nil {
				t.Fatal(err)
			}
			return res.StatusCode, string(body)
		}
	}
	base := "http://" + addr
	if code, body := read(base + "/v1/runs/r1/report"); code != http.StatusUnauthorized {
		t.Errorf("without a proof: %d %s", code, body)
	}
	address := links.Report(base, "r1", time.Now())
	if code, body := read(address); code != http.StatusOK || body != "<p>the report" {
		t.Errorf("%d %s", code, body)
	}
	name := capture.Key[strings.LastIndexByte(capture.Key, '/')+1:]
	if code, body := read(base + "/v1/runs/r1/captures/" + name); code != http.StatusOK || body != "<p>the capture" {
		t.Errorf("the report leads to %d %s", code, body)
	}
	if code, _ := read(base + "/v1/runs"); code != http.StatusUnauthorized {
		t.Errorf("a link of one run opens the list: %d", code)
	}
	if _, proof, _ := strings.Cut(address, link.Parameter+"="); proof == "" || strings.Contains(log.String(), proof) || strings.Contains(log.String(), "the token") {
		t.Errorf("the log shows what opens:\n%s", log)
	}
}
