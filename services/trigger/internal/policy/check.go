package policy

import "time"

// check tells what contradicts itself: parts that are right alone and together lead to no profile.
func (p *Policy) check(v value, usual time.Duration, now time.Time) {
	if one := p.Profiled(usual); p.Budget > 0 && one > p.Budget {
		v.Wrong("one run profiles for %s, which is more than the budget of %s a day", one, p.Budget)
	}
	const always = 14 * day
	if until := p.QuietUntil(now); until.Sub(now) >= always {
		v.Wrong("the quiet hours leave no time to profile")
		return
	}
	p.checkSchedule(v, now)
}

func (p *Policy) checkSchedule(v value, now time.Time) {
	s := p.On.Schedule
	if s == nil {
		return
	}
	if gap := s.MinGap(now); gap < p.Cooldown {
		v.Wrong("the slots of the schedule are only %s apart, and the cooldown of %s would leave some out; set cooldown to less", gap, p.Cooldown)
	}
	if p.alwaysQuiet(now) {
		v.Wrong("every slot of the schedule is in the quiet hours")
	}
}

// alwaysQuiet reports whether no target could be profiled in any of the next slots.
func (p *Policy) alwaysQuiet(now time.Time) bool {
	const looked = 400
	at := now
	for range looked {
		if at = p.On.Schedule.Next(at); at.IsZero() {
			return false
		}
		until := p.QuietUntil(at)
		if until.IsZero() || until.Before(at.Add(p.On.Schedule.Jitter())) {
			return false
		}
	}
	return true
}
