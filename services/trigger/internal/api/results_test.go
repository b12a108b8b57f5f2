package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/api"
)

// analyzed is a run that left everything.
var analyzed = run.Record{
	Run: "analyzed", State: events.StateAnalyzed, Created: time.Unix(1, 0).UTC(),
	Plan: events.Plan{Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}, JobName: "Orders"},
	Collected: run.Collected{Artifact: &events.ArtifactReady{Captures: []events.CaptureRef{
		{Status: events.CaptureLost},
		{Status: events.CaptureStored, ObjectRef: events.ObjectRef{Key: "p/captures/tm-1-WALL-06bf.html"}},
	}}},
	Analyzed: run.Analyzed{
		Analysis: &events.ObjectRef{Key: "p/analysis-1.json"}, Conclusion: &run.Conclusion{Severity: events.SeverityWarning, Verdict: "sine limits"},
		Reports: map[string]events.ObjectRef{"html": {Key: "p/report-1.html"}, "markdown": {Key: "p/report-1.md"}},
	},
}

// store answers with the key that it is asked for.
type store struct{ err error }

func (s store) Get(_ context.Context, ref events.ObjectRef, _ int64) ([]byte, error) {
	return []byte("body of " + ref.Key), s.err
}

func served(s api.Store) *api.API {
	return &api.API{Inbox: &inbox{}, Records: records{}, Permits: permits{}, Store: s, Token: token, Logger: slog.New(slog.DiscardHandler)}
}

func get(path string) call {
	return call{method: http.MethodGet, path: path, header: map[string]string{"Authorization": "Bearer " + token}}
}

func TestResults(t *testing.T) {
	for path, want := range map[string][2]string{
		"report":                       {"p/report-1.html", "text/html; charset=utf-8"},
		"report?format=markdown":       {"p/report-1.md", "text/markdown; charset=utf-8"},
		"analysis":                     {"p/analysis-1.json", "application/json"},
		"captures/1":                   {"p/captures/tm-1-WALL-06bf.html", "text/html; charset=utf-8"},
		"captures/tm-1-WALL-06bf.html": {"p/captures/tm-1-WALL-06bf.html", "text/html; charset=utf-8"},
	} {
		w := get("/v1/runs/analyzed/"+path).to(t, served(store{}))
		if w.Code != http.StatusOK || w.Body.String() != "body of "+want[0] || w.Header().Get("Content-Type") != want[1] {
			t.Errorf("%s: %d %s %q", path, w.Code, w.Header().Get("Content-Type"), w.Body)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.HasPrefix(path, "captures") != strings.HasPrefix(policy, "sandbox allow-scripts;") {
			t.Errorf("%s: policy %s", path, policy)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: a browser may guess what it is", path)
		}
	}
}

func TestResultsThatAreNot(t *testing.T) {
	for _, c := range []struct {
		path  string
		store api.Store
		want  int
	}{
		{"analyzed/report?format=pdf", store{}, http.StatusBadRequest},
		{"analyzed/captures/2", store{}, http.StatusNotFound},
		{"analyzed/captures/0", store{}, http.StatusNotFound},
		{"analyzed/captures/..%2Fanalysis-1.json", store{}, http.StatusNotFound},
		{"going/report", store{}, http.StatusNotFound},
		{"going/analysis", store{}, http.StatusNotFound},
		{"going/captures/1", store{}, http.StatusNotFound},
		{"nothing/report", store{}, http.StatusNotFound},
		{"analyzed/report", store{artifact.ErrGone}, http.StatusGone},
		{"analyzed/report", store{errors.New("secret address")}, http.StatusServiceUnavailable},
		{"analyzed/captures/1", store{artifact.ErrTooLarge}, http.StatusBadGateway},
		{"analyzed/captures/1", store{artifact.ErrCorrupt}, http.StatusBadGateway},
		{"analyzed/report", nil, http.StatusNotImplemented},
	} {
		w := get("/v1/runs/"+c.path).to(t, served(c.store))
		if w.Code != c.want || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s, want %d", c.path, w.Code, w.Body, c.want)
		}
	}
	for _, path := range []string{"", "/analyzed/report", "/analyzed/analysis", "/analyzed/captures/1"} {
		if w := (call{method: http.MethodGet, path: "/v1/runs" + path}).to(t, served(store{})); w.Code != http.StatusUnauthorized {
			t.Errorf("%s without a token: %d", path, w.Code)
		}
	}
}

func TestList(t *testing.T) {
	for query, want := range map[string]string{
		"": "[analyzed going]", "?state=analyzed": "[analyzed]", "?job=Orders": "[analyzed going]", "?job=orders": "[analyzed]",
		"?namespace=flink": "[analyzed]", "?job=other": "[]", "?limit=1": "[analyzed]", "?state=analyzed&job=other": "[]",
		"?limit=1&after=analyzed": "[going]", "?run=an": "[analyzed]", "?severity=warning": "[analyzed]", "?severity=critical": "[]",
		"?since=1970-01-01T00:00:01Z": "[analyzed]", "?since=7d": "[]",
	} {
		w := get("/v1/runs"+query).to(t, served(store{}))
		var answer struct {
			Runs []struct {
				Run string `json:"run"`
			} `json:"runs"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
		ids := []string{}
		for _, r := range answer.Runs {
			ids = append(ids, r.Run)
		}
		if got := fmt.Sprint(ids); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
		if strings.Contains(w.Body.String(), "private") || strings.Contains(w.Body.String(), "secret-owner") {
			t.Errorf("%s tells what is private: %s", query, w.Body)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?state=odd", "?severity=odd", "?since=odd", "?since=-1h", "?after=odd"} {
		if w := get("/v1/runs"+query).to(t, served(store{})); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}
