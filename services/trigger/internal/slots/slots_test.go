package slots_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/services/trigger/internal/slots"
)

func parse(t *testing.T, line, zone string, jitter time.Duration) (*slots.Schedule, *time.Location) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := slots.Parse(line, loc, jitter)
	if err != nil {
		t.Fatal(err)
	}
	return s, loc
}

func utc(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return at
}

// The times at which the clocks change are those of the zone database: Berlin on 29 March and 25 October 2026, New York
// on 8 March and 1 November, Lord Howe by half an hour on 5 April and 4 October, and Apia left out 30 December 2011.
func TestNext_ClocksChange(t *testing.T) {
	for _, c := range []struct{ line, zone, after, want string }{
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T02:00:00Z", "2026-03-29T01:30:00Z"},     // 03:30: 02:30 is jumped over
		{"30 2 * * *", "Europe/Berlin", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"},     // and the day after as always
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},     // the first of two
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},     // not the second
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},     // also when asked between them
		{"30 * * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"},     // every hour that passes
		{"30 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"},     // none left out
		{"0 */2 * * *", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T07:00:00Z"}, // 02:00 is 03:00
		{"45 2,3 * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-08T07:45:00Z"},
		{"45 2,3 * * *", "America/New_York", "2026-03-08T07:45:00Z", "2026-03-09T06:45:00Z"}, // both were the same moment
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:45:00Z"},
		{"15 5 * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", "2026-10-25T04:15:00Z"},
		{"0 9 30 * *", "Pacific/Apia", "2011-12-01T00:00:00Z", "2011-12-30T19:00:00Z"}, // on the 31st: there was no 30th
		{"0 2 * * *", "UTC", "2026-05-01T02:00:00Z", "2026-05-02T02:00:00Z"},
		{"0 2 29 2 *", "UTC", "2026-05-01T02:00:00Z", "2028-02-29T02:00:00Z"},
		{"@daily", "Asia/Kolkata", "2026-05-01T02:00:00Z", "2026-05-01T18:30:00Z"},
	} {
		s, _ := parse(t, c.line, c.zone, 0)
		if got := s.Next(utc(c.after)); !got.Equal(utc(c.want)) {
			t.Errorf("%s in %s after %s: %s, want %s", c.line, c.zone, c.after, got.Format(time.RFC3339), c.want)
		}
		if got := s.Last(utc(c.want)); !got.Equal(utc(c.want)) {
			t.Errorf("%s in %s: the last one at %s is %s", c.line, c.zone, c.want, got)
		}
	}
}

// A line with fixed hours has one slot on each day of each year, in zones of every kind.
func TestNext_OnceADay(t *testing.T) {
	for _, zone := range []string{
		"Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut",
		"Asia/Kolkata", "Pacific/Chatham", "Africa/Casablanca", "America/Santiago", "Asia/Tehran", "America/Scoresbysund",
	} {
		for _, line := range []string{"0 0 * * *", "30 0 * * *", "30 1 * * *", "30 2 * * *", "30 3 * * *", "59 23 * * *"} {
			s, loc := parse(t, line, zone, 0)
			at := time.Date(2022, 1, 1, 0, 0, 0, 0, loc).Add(-time.Second)
			for day := range 5 * 365 {
				at = s.Next(at)
				want := time.Date(2022, 1, 1, 12, 0, 0, 0, loc).AddDate(0, 0, day)
				moved := at.Add(-time.Hour) // over midnight, by a clock that jumps at 23:00
				if d := want.Format(time.DateOnly); at.In(loc).Format(time.DateOnly) != d && moved.In(loc).Format(time.DateOnly) != d {
					t.Fatalf("%s in %s: %s, want one on %s", line, zone, at.In(loc), want.Format(time.DateOnly))
				}
			}
		}
	}
}

// A line for every hour has one slot in every hour that passes.
func TestNext_EveryHour(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Sao_Paulo"} {
		s, _ := parse(t, "0 * * * *", zone, 0)
		at := utc("2024-01-01T00:30:00Z")
		for range 3 * 8760 {
			next := s.Next(at)
			gap := next.Sub(at)
			if half := zone == "Australia/Lord_Howe" && (gap == 90*time.Minute || gap == 30*time.Minute); gap != time.Hour && gap > time.Hour && !half {
				t.Fatalf("%s: from %s to %s", zone, at, next)
			}
			at = next
		}
	}
}

func TestParse_Refuses(t *testing.T) {
	for _, line := range []string{
		"", "* * * *", "0 0 2 * * *", "61 * * * *", "0 25 * * *", "0 0 30 2 *", "@every 5m", "@reboot", "TZ=UTC 0 2 * * *",
		"CRON_TZ=Europe/Berlin 0 2 * * *", "TZ=", "0 2 * * mondays", "every night", "-1 * * * *", "0 2 * * *\n0 3 * * *",
	} {
		if s, err := slots.Parse(line, time.UTC, 0); err == nil {
			t.Errorf("%q is taken: next %s", line, s.Next(time.Now()))
		}
	}
}

// The targets of one slot are spread over the jitter, each always to the same place.
func TestOffset(t *testing.T) {
	const targets, jitter, parts = 2000, 30 * time.Minute, 10
	a, _ := parse(t, "0 2 * * *", "UTC", jitter)
	b, _ := parse(t, "0 2 * * *", "UTC", jitter)
	var counts [parts]int
	for i := range targets {
		name := fmt.Sprintf("nightly\nurl\nhttp://flink-%d:8081", i)
		o := a.Offset(name)
		if o < 0 || o >= jitter || o != b.Offset(name) {
			t.Fatalf("%s: %s, %s", name, o, b.Offset(name))
		}
		counts[o*parts/jitter]++
	}
	for _, n := range counts {
		if n < targets/parts*3/4 || n > targets/parts*5/4 {
			t.Errorf("unevenly spread: %v", counts)
		}
	}
	if still, _ := parse(t, "0 2 * * *", "UTC", 0); still.Offset("x") != 0 {
		t.Error("without jitter a target is due at once")
	}
}

func TestMinGap(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"*/5 * * * *": 5 * time.Minute, "0 2 * * *": 23 * time.Hour, "0 2,3 * * *": 0, "0 2 * * 1": 167 * time.Hour,
	} {
		s, _ := parse(t, line, "Europe/Berlin", 0)
		got := s.MinGap(utc("2026-01-01T00:00:00Z"))
		if want == 0 && got > time.Hour || want > 0 && got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if s, _ := parse(t, "0 2 * * *", "Europe/Berlin", time.Minute); !strings.Contains(s.String(), "Europe/Berlin") {
		t.Error(s.String())
	}
}
