package policy

import (
	"slices"
	"time"
)

// Window is a part of some days of the week, by the clock on the wall. It may go over midnight, and then belongs to the
// day on which it begins.
type Window struct {
	Days     []time.Weekday // empty is every day
	From, To int            // minutes since midnight; equal ones are a whole day
}

// minutesOfDay is the time of the last minute of a day.
const minutesOfDay = 24 * 60

// QuietUntil returns when the quiet hours end that a time is in, windows that meet taken together; zero is not quiet. A
// policy that is always quiet has no such end, and gives a time in the far future.
func (p *Policy) QuietUntil(at time.Time) time.Time {
	const most = 15 * 24 * time.Hour // longer than every pattern of a week
	end := at
	for end.Sub(at) < most {
		next := end
		for _, w := range p.Quiet {
			if until := w.until(end.In(p.Zone)); until.After(next) {
				next = until
			}
		}
		if next.Equal(end) {
			break
		}
		end = next
	}
	if end.Equal(at) {
		return time.Time{}
	}
	return end
}

// until returns when the window ends that a time is in, or zero.
func (w Window) until(at time.Time) time.Time {
	length := w.To - w.From
	if length <= 0 {
		length += minutesOfDay
	}
	for _, day := range []int{0, -1} { // a window of yesterday may go on
		midnight := time.Date(at.Year(), at.Month(), at.Day()+day, 0, 0, 0, 0, at.Location())
		if len(w.Days) > 0 && !slices.Contains(w.Days, midnight.Weekday()) {
			continue
		}
		from := time.Date(at.Year(), at.Month(), at.Day()+day, 0, w.From, 0, 0, at.Location())
		to := time.Date(at.Year(), at.Month(), at.Day()+day, 0, w.From+length, 0, 0, at.Location())
		if !at.Before(from) && at.Before(to) {
			return to
		}
	}
	return time.Time{}
}
