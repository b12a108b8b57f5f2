// Package slots says at which times a schedule asks for a profile: a cron line in a time zone, spread over its targets.
//
// A slot is the time that the cron line names. A target is due some time later, always the same time: its jitter is a
// hash of its name, so that every replica has the same due time and nobody has to agree on one.
//
// When clocks change, a line with fixed hours has one slot a day, as cron(8) of Debian has it: a time that the clock jumps
// over is moved by the jump, and of a time that comes twice the first counts. A line for every hour follows the elapsed
// time: no hour is left out and none comes twice.
package slots

import (
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"
	_ "time/tzdata" // images without files know the zones too

	"github.com/robfig/cron/v3"
)

// Schedule is a cron line in a time zone. Use [Parse].
type Schedule struct {
	line   string
	zone   *time.Location
	jitter time.Duration
	hourly cron.Schedule // follows the elapsed time in the zone; nil for a line with fixed hours
	clock  cron.Schedule // of times as the clock on the wall shows them, held as UTC
}

// everyHour is the bit that the parser sets for a star.
const everyHour = 1 << 63

// Parse reads a cron line of five fields, or @hourly, @daily, @weekly, @monthly or @yearly.
func Parse(line string, zone *time.Location, jitter time.Duration) (*Schedule, error) {
	line = strings.TrimSpace(line)
	if strings.Contains(line, "TZ=") {
		return nil, errors.New("the zone is a field of its own")
	}
	if strings.HasPrefix(line, "@every") {
		return nil, errors.New("@every has no fixed times; use five fields, such as */30 * * * *")
	}
	parsed, err := cron.ParseStandard(line)
	if err != nil {
		return nil, fmt.Errorf("not a cron line of five fields: %w", err)
	}
	spec, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, errors.New("not a cron line of five fields")
	}
	s := &Schedule{line: line, zone: zone, jitter: jitter}
	if spec.Hour&everyHour != 0 {
		inZone := *spec
		inZone.Location = zone
		s.hourly = &inZone
	}
	onWall := *spec
	onWall.Location = time.UTC
	s.clock = &onWall
	if s.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, errors.New("there is no such date")
	}
	return s, nil
}

// String tells schedules apart: two that are written alike are the same.
func (s *Schedule) String() string {
	return fmt.Sprintf("%s %s ±%s", s.line, s.zone, s.jitter)
}

// Jitter is the time over which the targets of a slot are spread.
func (s *Schedule) Jitter() time.Duration { return s.jitter }

// Next is the first slot after a time.
func (s *Schedule) Next(after time.Time) time.Time {
	if s.hourly != nil {
		return s.hourly.Next(after).UTC()
	}
	wall := onWall(after.In(s.zone))
	if jumped(after, s.zone) {
		wall = wall.Add(-longestJump)
	}
	var best time.Time
	for {
		wall = s.clock.Next(wall)
		if wall.IsZero() || !best.IsZero() && wall.After(onWall(best.In(s.zone))) {
			return best
		}
		if at := s.at(wall); at.After(after) && (best.IsZero() || at.Before(best)) {
			best = at
		}
	}
}

// longestJump is more than a day: a zone may move over the date line.
const longestJump = 26 * time.Hour

// jumped reports whether the clock of a zone has changed a short time before, so that earlier times may be moved.
func jumped(at time.Time, zone *time.Location) bool {
	_, now := at.In(zone).Zone()
	_, before := at.Add(-longestJump).In(zone).Zone()
	return now != before
}

// onWall is what the clock on the wall shows, held as UTC.
func onWall(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// at is when the clock on the wall shows a time for the first time; one that it never shows is moved by the jump.
func (s *Schedule) at(wall time.Time) time.Time {
	const day = 24 * time.Hour
	_, before := wall.Add(-day).In(s.zone).Zone()
	_, after := wall.Add(day).In(s.zone).Zone()
	for _, offset := range []int{max(before, after), min(before, after)} {
		if at := wall.Add(-time.Duration(offset) * time.Second); onWall(at.In(s.zone)).Equal(wall) {
			return at
		}
	}
	return wall.Add(-time.Duration(before) * time.Second)
}

// Last is the last slot at or before a time; zero when there was none in the five years before.
func (s *Schedule) Last(at time.Time) time.Time {
	const day = 24 * time.Hour
	for _, back := range []time.Duration{time.Hour, day, 8 * day, 32 * day, 367 * day, 5 * 366 * day} {
		var last time.Time
		for next := s.Next(at.Add(-back)); !next.IsZero() && !next.After(at); next = s.Next(next) {
			last = next
		}
		if !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

// Offset is how long after a slot a target is due: at least 0 and below the jitter.
func (s *Schedule) Offset(target string) time.Duration {
	if s.jitter <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(target)) // a hash takes everything
	const spread = 0x9e3779b97f4a7c15
	part := float64(h.Sum64()*spread>>11) / (1 << 53) // of the jitter
	return time.Duration(part * float64(s.jitter)).Truncate(time.Second)
}

// MinGap is the shortest time between two of the next slots after a time.
func (s *Schedule) MinGap(after time.Time) time.Duration {
	const looked = 400 // more than a year of daily slots
	last := s.Next(after)
	shortest := time.Duration(1<<63 - 1)
	for range looked {
		next := s.Next(last)
		if next.IsZero() {
			break
		}
		shortest, last = min(shortest, next.Sub(last)), next
	}
	return shortest
}
