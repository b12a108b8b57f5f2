package ask

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// keysOf lists the keys that an answer may name: those of the mechanisms that were found or are possible, where they can act, the
// found ones first.
func keysOf(a events.Analysis, g *diagnose.Ground, operators []diagnose.Operator) []prompt.Key {
	var out []prompt.Key
	add := func(operator, mechanism string) {
		m := mechanisms.Default().Mechanism(mechanism)
		if m == nil {
			return
		}
		job := g.Job(operator)
		for i := range m.Changes {
			for _, k := range possible(job, &m.Changes[i], a.FlinkVersion) {
				out = withKey(out, k, mechanism)
			}
		}
	}
	for _, f := range a.Findings {
		add(operatorWith(operators, f.ID), f.Rule)
	}
	for _, o := range operators {
		for _, p := range o.Possible {
			add(o.ID, p.Mechanism)
		}
	}
	return out
}

// operatorWith is the first operator that a finding lies in; empty without one.
func operatorWith(operators []diagnose.Operator, finding string) string {
	for _, o := range operators {
		if slices.Contains(o.Findings, finding) {
			return o.ID
		}
	}
	return ""
}

// withKey adds a key of a mechanism, or the mechanism to a key that is there.
func withKey(all []prompt.Key, k prompt.Key, mechanism string) []prompt.Key {
	at := slices.IndexFunc(all, func(o prompt.Key) bool { return o.Name == k.Name && o.Turn == k.Turn })
	if at < 0 {
		at = len(all)
		all = append(all, k)
	}
	if !slices.Contains(all[at].Mechanisms, mechanism) {
		all[at].Mechanisms = append(all[at].Mechanisms, mechanism)
	}
	return all
}

// possible returns the settings of a change that can act in a job.
func possible(job keys.Job, c *mechanisms.Change, flink string) []prompt.Key {
	var wanted []keys.Setting
	var turns []string
	for _, s := range c.In(flink) {
		value, turn, ok := s.Value, s.Value, true
		if s.Times > 0 {
			value, ok = keys.Scaled(job, s.Key, s.Times)
			turn = map[bool]string{true: "raise", false: "lower"}[s.Times > 1]
		}
		if ok {
			wanted, turns = append(wanted, keys.Setting{Key: s.Key, Value: value}), append(turns, turn)
		}
	}
	var out []prompt.Key
	for i, refusal := range keys.CheckAll(job, wanted) {
		if refusal.Reason != "" && (!refusal.Presumed || refusal.Reason != keys.Already) { // code may have left the default
			continue
		}
		k, listed := keys.Lookup(wanted[i].Key)
		if !listed {
			k = keys.Key{Name: wanted[i].Key}
		}
		if !k.Type().Checked() { // no claim may set it
			continue
		}
		now, _ := job.InForce(wanted[i].Key)
		now = keys.Written(wanted[i].Key, now)
		out = append(out, prompt.Key{Name: wanted[i].Key, Type: string(k.Type()), InForce: now, Turn: turns[i], Bounds: k.Bounds()})
	}
	return out
}
