package trigger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source/schedule"
)

// policyFile writes policies into a file.
func policyFile(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policies.yaml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// all waits until there are n records, and a moment for those too many.
func all(t *testing.T, b *bus.Bus, n int, within time.Duration) []run.Record {
	t.Helper()
	var got []run.Record
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		var err error
		if got, err = run.New(b).List(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(got) >= n {
			time.Sleep(time.Second)
			got, err = run.New(b).List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
	}
	t.Fatalf("%d records after %s, want %d: %+v", len(got), within, n, got)
	return nil
}

// Three replicas on a real server make one run of the slot that was missed while none was there, and the request says
// what the policy does.
func TestSchedule(t *testing.T) {
	b := bustest.Start(t)
	body := `
policies:
- name: yearly
  targets: {urls: [{name: orders, url: "` + flink(t, "2.3.0") + `"}]}
  on: {schedule: {cron: "@yearly"}}
  modes: [alloc]
  duration: 7s
  labels: {team: checkout}
`
	policies, err := policy.Read([]byte(body), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p := &policies[0]
	before := schedule.Done{Policy: p.Name, Target: "orders", Slot: time.Now().AddDate(-2, 0, 0)}
	book := bus.OpenBucket[schedule.Done](b, events.BucketPolicy)
	if err := book.Put(t.Context(), schedule.Key(p, p.URLs[0].Key()), before); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		start(t, b, access.Config{Local: true}, trigger.Config{Policy: policyFile(t, body)})
	}
	got := all(t, b, 1, 20*time.Second)
	if len(got) != 1 {
		t.Fatalf("%d runs", len(got))
	}
	plan := got[0].Plan
	if got[0].State != events.StatePlanned || got[0].Requester != "squirrly/policy/yearly" || plan.JobID != flinktest.RecordedJobID ||
		len(plan.Modes) != 1 || plan.Modes[0] != events.ModeAlloc || plan.Duration.Seconds() != 7 || plan.Labels["team"] != "checkout" ||
		plan.Labels["policy"] != "yearly" || !strings.HasPrefix(plan.Reason, "policy yearly: slot of ") {
		t.Errorf("%+v", got[0])
	}
	done, err := book.Get(t.Context(), schedule.Key(p, p.URLs[0].Key()))
	if err != nil || done.Value.Run != got[0].Run || done.Value.Slot.Year() != time.Now().UTC().Year() {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestNew_PolicyMistakes(t *testing.T) {
	b := bustest.Start(t)
	_, err := trigger.New(trigger.Config{Policy: policyFile(t, "policies: [{}]\n")}, trigger.Deps{Bus: b, Flink: open(t, access.Config{})})
	if err == nil || !strings.Contains(err.Error(), "SQUIRRLY_POLICY") || !strings.Contains(err.Error(), "line 1") {
		t.Error(err)
	}
}
