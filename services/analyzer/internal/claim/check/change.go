package check

import (
	"fmt"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// asWanted is how far a value may be from the one that the mechanism's change has, as a factor.
const asWanted = 4

// wanted is a setting of a claim that its mechanism makes, too.
type wanted struct {
	at     int // in the claim
	change *mechanisms.Change
	keys.Setting
}

// decideChanges decides the changes of a claim that is not refuted.
func (c *Checker) decideChanges(j *Judgement) {
	j.Changes = make([]ChangeDecision, len(j.claim.Changes))
	var all []wanted
	for i, ch := range j.claim.Changes {
		if ch.Kind != claim.Set && ch.Kind != claim.Raise && ch.Kind != claim.Lower {
			j.Changes[i] = c.told(j, ch)
			if j.claim.Mechanism != claim.Other {
				j.Changes[i].New = nil // the catalogue says what to change
			}
			continue
		}
		w, refused := c.setting(j, ch)
		j.Changes[i].Decision = refused
		if w != nil {
			w.at = i
			all = append(all, *w)
		}
	}
	settings := make([]keys.Setting, len(all))
	for i := range all {
		settings[i] = all[i].Setting
	}
	for i, refusal := range keys.CheckAll(c.ground.Job(j.claim.Operator), settings) {
		w := &all[i]
		if refusal.Reason != "" && (!refusal.Presumed || refusal.Reason != keys.Already) {
			j.Changes[w.at].Decision = Decision{Refuted, refusedText(w.Key, refusal), nil}
			continue
		}
		j.Changes[w.at] = c.advised(j, w)
	}
}

// refusedText says why a setting is not told, without the value that was claimed.
func refusedText(key string, r keys.Refusal) string {
	switch r.Reason {
	case keys.Harmful:
		k, _ := keys.Lookup(key)
		return fmt.Sprintf("That value of %s does harm: %s.", key, k.Harm)
	case keys.WrongType:
		return fmt.Sprintf("It is no value of %s.", key)
	}
	return r.Text + "."
}

// setting is what a change sets, when the claim's mechanism changes that key, too, and turns it that way.
func (c *Checker) setting(j *Judgement, ch claim.Change) (*wanted, Decision) {
	flink := c.analysis.FlinkVersion
	k, listed := keys.Lookup(strings.TrimSpace(text(ch.Key)))
	if !listed {
		return nil, Decision{Refuted, "It changes a key that is not in the table of keys.", nil}
	}
	key := keys.Current(k.Name, flink)
	same := 0
	for _, other := range j.claim.Changes {
		if keys.Current(strings.TrimSpace(text(other.Key)), flink) == key {
			same++
		}
	}
	if same > 1 {
		return nil, Decision{Refuted, fmt.Sprintf("It changes %s twice.", key), nil}
	}
	if !k.Type().Checked() {
		return nil, Decision{Refuted, fmt.Sprintf("The value of %s is a text, which no claim may set.", key), nil}
	}
	own, set := c.own(j, key)
	if own == nil {
		return nil, Decision{Refuted, fmt.Sprintf("%s is no change that helps against %s.", key, c.subject(j)), nil}
	}
	value, why := c.value(j, key, set, ch)
	if why != "" {
		return nil, Decision{Refuted, why, nil}
	}
	return &wanted{change: own, Setting: keys.Setting{Key: key, Value: value}}, Decision{}
}

// own is the change of the claim's mechanism that sets a key.
func (c *Checker) own(j *Judgement, key string) (*mechanisms.Change, mechanisms.Setting) {
	m := c.catalogue.Mechanism(j.claim.Mechanism)
	if m == nil {
		return nil, mechanisms.Setting{}
	}
	for i := range m.Changes {
		for _, s := range m.Changes[i].In(c.analysis.FlinkVersion) {
			if keys.Current(s.Key, c.analysis.FlinkVersion) == key {
				return &m.Changes[i], s
			}
		}
	}
	return nil, mechanisms.Setting{}
}

// value is what a change sets a key to, or why it may not: the mechanism turns it the other way, or not that far.
func (c *Checker) value(j *Judgement, key string, own mechanisms.Setting, ch claim.Change) (value, why string) {
	job := c.ground.Job(j.claim.Operator)
	now, _ := c.ground.InForce(key)
	target := own.Value
	if own.Times > 0 {
		scaled, ok := keys.Scaled(job, key, own.Times)
		if !ok {
			return "", fmt.Sprintf("What %s is in force is not known, or it has a meaning of its own.", key)
		}
		target, now = scaled, inForce(job, key, now)
	}
	value = strings.TrimSpace(text(ch.Value))
	if value == "" {
		value = target
	}
	if !keys.Valid(key, value) {
		return "", fmt.Sprintf("It is no value of %s.", key)
	}
	turn, sized := keys.Ratio(key, target, now)
	off, comparable := keys.Ratio(key, value, target)
	asked, _ := keys.Ratio(key, value, now)
	switch {
	case keys.Same(key, value, target):
	case !sized || !comparable:
		return "", fmt.Sprintf("That value of %s is not the one that helps.", key)
	case (asked > 1) != (turn > 1), asked == 1:
		return "", fmt.Sprintf("It turns %s the way that does not help.", key)
	case off > asWanted, off < 1.0/asWanted:
		return "", fmt.Sprintf("That value of %s is far from what would help.", key)
	}
	if sized && (ch.Kind == claim.Raise && turn < 1 || ch.Kind == claim.Lower && turn > 1) || !sized && turned(ch.Kind, key, target) {
		return "", fmt.Sprintf("It turns %s the way that does not help.", key)
	}
	return value, ""
}

// turned reports that a switch is turned off to set it to true, or on to set it to false.
func turned(kind claim.ChangeKind, key, target string) bool {
	on := strings.EqualFold(target, "true")
	return (keys.Key{Name: key}).Type() == keys.Boolean && (kind == claim.Raise && !on || kind == claim.Lower && on)
}

// inForce is the value of a key that the table of keys reckons with.
func inForce(job keys.Job, key, now string) string {
	if job.Setting != nil {
		if value, _ := job.Setting(key); value != "" {
			return value
		}
	}
	return now
}

// advised is a setting that may be told: as it is in the finding already, or as one more.
func (c *Checker) advised(j *Judgement, w *wanted) ChangeDecision {
	f := j.Finding
	if f == nil {
		f = c.finding(j.Agrees)
	}
	ok := Decision{Holds, fmt.Sprintf("%s may be set to %s.", w.Key, w.Value), nil}
	if f == nil {
		return ChangeDecision{Decision: ok}
	}
	for _, r := range append([]events.Recommendation{f.Recommendation}, f.Alternatives...) {
		for _, kv := range r.Config {
			if keys.Current(kv.Key, c.analysis.FlinkVersion) == w.Key {
				return ChangeDecision{Decision: ok}
			}
		}
	}
	switch {
	case len(w.change.Applies) > 0:
		return ChangeDecision{Decision: unknown("Whether %s helps here is not known.", w.Key)}
	case strings.HasPrefix(w.Key, "taskmanager.memory."):
		return ChangeDecision{Decision: unknown("%s is a part of a memory that would have to grow with it.", w.Key)}
	}
	return ChangeDecision{Decision: ok, New: &events.Recommendation{
		Change: fmt.Sprintf("Set %s to %s.", w.Key, w.Value), Why: mechanisms.Render(w.change.Why, nil), TradeOffs: mechanisms.Render(w.change.TradeOffs, nil),
		Config: []events.ConfigChange{{Key: w.Key, Value: w.Value}}, Effort: "config", Links: w.change.Pages(c.analysis.FlinkVersion),
	}}
}
