package trigger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source/schedule"
)

// On three servers, two replicas ask for the slots that were missed while none was there; meanwhile the server that leads the
// inbox goes. Each slot has one run.
func TestSchedule_ThreeServers(t *testing.T) {
	servers, b := bustest.Cluster(t)
	const many = 60
	var body strings.Builder
	body.WriteString("policies:\n- name: yearly\n  on: {schedule: {cron: '@yearly'}}\n  targets:\n    urls:\n")
	rest := flinks(t)
	for i := range many {
		fmt.Fprintf(&body, "    - {name: job-%d, url: '%s/job-%d'}\n", i, rest, i)
	}
	policies, err := policy.Read([]byte(body.String()), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	p := &policies[0]
	book := bus.OpenBucket[schedule.Done](b, events.BucketPolicy)
	for _, target := range p.URLs {
		before := schedule.Done{Policy: p.Name, Target: target.Name, Slot: time.Now().AddDate(-2, 0, 0)}
		if err := book.Put(t.Context(), schedule.Key(p, target.Key()), before); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		start(t, b, access.Config{Local: true}, trigger.Config{Policy: policyFile(t, body.String()), AtATime: []string{"0"}})
	}
	eventually(t, "some slots are asked for", func() bool { return len(records(t, b)) > 0 })
	if n := len(records(t, b)); n >= many {
		t.Fatalf("%d slots were asked for before a server could go", n)
	}
	gone := bustest.Leader(t, servers, b, events.StreamRequests)
	servers[gone].Shutdown()

	eventually(t, "every slot has its run", func() bool { return len(records(t, b)) >= many })
	const moment = 6 * time.Second // several turns of both replicas, and what the server had not answered comes again
	time.Sleep(moment)
	runs := map[string]string{}
	for _, rec := range records(t, b) {
		if other, twice := runs[rec.Plan.RestURL]; twice || rec.State != events.StatePlanned {
			t.Errorf("%s: run %s beside %s: %s %+v", rec.Plan.RestURL, rec.Run, other, rec.State, rec.Outcome)
		}
		runs[rec.Plan.RestURL] = rec.Run
	}
	for _, target := range p.URLs {
		done, err := book.Get(t.Context(), schedule.Key(p, target.Key()))
		if err != nil || done.Value.Run == "" || done.Value.Run != runs[target.URL] {
			t.Errorf("%s: %+v, %v, and its run is %q", target.Name, done.Value, err, runs[target.URL])
		}
	}
}
