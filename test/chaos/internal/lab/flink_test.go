package lab_test

import (
	"net/http"
	"strings"
	"testing"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/test/chaos/internal/lab"
)

// A profile counts when Flink has started it, not when it was asked for.
func TestFlink_CountsStartedProfiles(t *testing.T) {
	f, err := lab.NewFlink(t.Context(), "2.3.0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	jvm := flinktest.TaskManagerID(0)
	for i, want := range []int{http.StatusOK, http.StatusInternalServerError} { // the second is refused as busy
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.URL+"/taskmanagers/"+jvm+"/profiler",
			strings.NewReader(`{"mode":"WALL","duration":2}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != want {
			t.Errorf("start %d: status %d, want %d", i+1, resp.StatusCode, want)
		}
	}
	if got := f.Starts(); len(got) != 1 || got[jvm+" WALL"] != 1 {
		t.Errorf("starts %v, want one of %s in WALL", got, jvm)
	}
}
