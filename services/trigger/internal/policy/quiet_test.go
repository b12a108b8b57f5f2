package policy_test

import (
	"testing"
	"time"

	"squirrly.dev/services/trigger/internal/policy"
)

func TestQuietUntil(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	p := policy.Policy{Zone: berlin, Quiet: []policy.Window{
		{From: 22 * 60, To: 6 * 60},
		{Days: []time.Weekday{time.Saturday, time.Sunday}, From: 0, To: 0},
	}}
	for at, want := range map[string]string{
		"2026-05-06T12:00:00+02:00": "",                          // Wednesday noon
		"2026-05-06T21:59:59+02:00": "",                          //
		"2026-05-06T22:00:00+02:00": "2026-05-07T06:00:00+02:00", // over midnight
		"2026-05-07T05:59:59+02:00": "2026-05-07T06:00:00+02:00",
		"2026-05-07T06:00:00+02:00": "",
		"2026-05-08T23:00:00+02:00": "2026-05-11T06:00:00+02:00", // Friday night, the weekend, and the night after it
		"2026-03-29T12:00:00+02:00": "2026-03-30T06:00:00+02:00",
		"2026-03-27T12:00:00+01:00": "",
		"2026-10-23T22:30:00+02:00": "2026-10-26T06:00:00+01:00", // the clocks change in between
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		got := p.QuietUntil(when)
		if want == "" && !got.IsZero() || want != "" && got.Format(time.RFC3339) != want {
			t.Errorf("%s: quiet until %s, want %q", at, got, want)
		}
	}
	if got := (&policy.Policy{Zone: berlin}).QuietUntil(time.Now()); !got.IsZero() {
		t.Error("without quiet hours nothing is quiet", got)
	}
}

func TestMatcher(t *testing.T) {
	labels := map[string]string{"alertname": "FlinkBusy", "severity": "critical"}
	for text, want := range map[string]bool{
		`alertname="FlinkBusy"`: true, `alertname=FlinkBusy`: true, `alertname=~"Flink.*"`: true, `alertname=~"Flink"`: false,
		`alertname!="FlinkBusy"`: false, `alertname!~"Kafka.*"`: true, `severity=~"warning|critical"`: true, `team=""`: true,
		`team!=""`: false, ` severity = critical `: true, `severity="crit\u0069cal"`: true,
	} {
		m, err := policy.ParseMatcher(text)
		if err != nil || m.Matches(labels) != want {
			t.Errorf("%s: %v, %v", text, !want, err)
		}
	}
}
