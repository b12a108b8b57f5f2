package chain_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/natsusers"
)

// What docs/kubernetes.md runs on the server: a profile in the pod of the trigger, whose user may ask, and the views of the
// operator. Somebody who may only ask or only read is told no, and in time.
func TestUsers_CommandLine(t *testing.T) {
	replay, err := flinktest.NewReplay(newest)
	if err != nil {
		t.Fatal(err)
	}
	flink := httptest.NewServer(replay)
	t.Cleanup(flink.Close)
	s := newStackOn(t, "overlays/prod")
	out, err := s.squirrlyAs(natsusers.Trigger, "profile", flink.URL, "--duration", "1s", "--quiet")
	if err != nil || !strings.Contains(out, "Thread.sleep") {
		t.Fatalf("a profile in the pod of the trigger: %v\n%s", err, out)
	}
	for args, want := range map[string]string{
		"runs ls": "analyzed", "policy ls": "", "findings ls": "", "dead ls": "", "optouts ls": "", "doctor --store": "",
	} {
		if out, err := s.squirrly(strings.Fields(args)...); err != nil || !strings.Contains(out, want) {
			t.Errorf("the operator's %s: %v\n%s", args, err, out)
		}
	}
	for _, user := range []string{"ci", "dashboard"} {
		began := time.Now()
		_, err := s.squirrlyAs(user, "runs", "ls")
		t.Logf("%s is told after %s: %v", user, time.Since(began).Round(time.Millisecond), err)
		if err == nil || !strings.Contains(err.Error(), "may not do this") || !strings.Contains(err.Error(), "operator") {
			t.Errorf("%s asks for runs: %v", user, err)
		}
	}
}
