package check_test

import (
	"slices"
	"testing"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// everyChange changes each key of a mechanism in each way.
func everyChange(m *mechanisms.Mechanism) []claim.Change {
	var out []claim.Change
	for _, s := range m.Settings() {
		for _, kind := range []claim.ChangeKind{claim.Set, claim.Raise, claim.Lower} {
			for _, value := range []string{"", s.Value, "1", "0", "-1", "true", "false", "1 ms", "977 tb", "9977 d", "7blue", "0.99", "1 gb"} {
				c := claim.Change{Kind: kind, Key: new(s.Key)}
				if value != "" {
					c.Value = new(value)
				}
				out = append(out, c)
			}
		}
	}
	return out
}

// TestShotgun claims everything, one claim an answer and all together: what is called proven is what the rules say, at most one
// finding is supported, and no setting that is told does harm.
func TestShotgun(t *testing.T) {
	for name, truth := range jobs {
		t.Run(name, func(t *testing.T) {
			r := recorded(t, name)
			supported, wrong, claims := map[string]bool{}, 0, 0
			var all []claim.Claim
			for _, o := range r.ground.Operators() {
				for _, f := range shares(r, o.ID) {
					for i := range mechanisms.Default().Mechanisms {
						m := &mechanisms.Default().Mechanisms[i]
						c := claim.Claim{Operator: o.ID, Mechanism: m.ID, Share: f}
						claims++
						if j := r.checker.Claim(c); j.Agrees == "" && j.Finding == nil {
							continue // refuted: whatever else is claimed with it
						}
						all = append(all, c)
						if supported[m.ID+o.ID] {
							continue // with another share
						}
						out := shoot(t, r, c, everyChange(m))
						if out != nil {
							supported[out.Rule+o.ID] = true
							if !slices.Contains(truth, out.Rule) {
								wrong++
								t.Logf("supported: %s (%s), %s of what limits", out.Title, out.Rule, wording.Percent(out.P))
							}
						}
					}
				}
			}
			for chunk := range slices.Chunk(all, claim.MaxClaims) {
				r.holds(t, claim.Answer{Claims: chunk})
			}
			t.Logf("%d claims: %d supported when claimed alone, %d of them not planted", claims, len(supported), wrong)
		})
	}
}

// shares are the facts to cite at an operator: of each mode the largest and another one, and one from elsewhere.
func shares(r run, operator string) []string {
	var out []string
	for _, f := range r.within(operator) {
		if len(out) < 2 {
			out = append(out, f.ID)
		}
	}
	return append(out, "V1", "F999")
}

// shoot claims a mechanism with each of its changes and each doubt, and returns what is supported.
func shoot(t *testing.T, r run, c claim.Claim, changes []claim.Change) *events.Finding {
	t.Helper()
	for _, f := range r.analysis.Findings {
		c.Doubts = &f.ID
		r.holds(t, claim.Answer{Claims: []claim.Claim{c}})
	}
	for _, ch := range changes {
		c.Changes = []claim.Change{ch}
		r.holds(t, claim.Answer{Claims: []claim.Claim{c}})
	}
	c.Changes = changes[:min(len(changes), claim.MaxItems)]
	return r.holds(t, claim.Answer{Claims: []claim.Claim{c}})
}

// holds checks what every outcome has to keep to, and returns what is supported.
func (r run) holds(t *testing.T, a claim.Answer) *events.Finding {
	t.Helper()
	out := r.checker.Answer(a)
	for _, id := range out.Agrees {
		if !slices.ContainsFunc(r.analysis.Findings, func(f events.Finding) bool { return f.ID == id }) {
			t.Errorf("%s is called proven", id)
		}
	}
	if n := out.Claims.Verified + out.Claims.Dropped; n != len(a.Claims) {
		t.Errorf("%d of %d claims are counted", n, len(a.Claims))
	}
	told := []events.Recommendation{}
	for _, more := range out.Alternatives {
		told = append(told, more...)
	}
	if f := out.Supported; f != nil {
		told = append(told, f.Alternatives...)
		if f.Proven() || f.Severity.AtLeast(events.SeverityCritical) || f.Origin != events.OriginLLM || f.ID != "L1" {
			t.Errorf("supported: %+v", f)
		}
	}
	for _, rec := range told {
		for _, kv := range rec.Config {
			if refusal := keys.Check(r.ground.Job(a.Claims[0].Operator), kv.Key, kv.Value); refusal.Reason == keys.Harmful || refusal.Reason == keys.WrongType {
				t.Errorf("%s: %s is told: %s", kv.Key, kv.Value, refusal.Text)
			}
		}
	}
	return out.Supported
}

// TestHarmfulSettings: of the values that claims set, none that does harm is told, at the bounds and beyond them.
func TestHarmfulSettings(t *testing.T) {
	var listed []string
	for _, key := range keys.All("") {
		if k, ok := keys.Lookup(key); ok && k.Name == key {
			listed = append(listed, key)
		}
	}
	for name := range jobs {
		r := recorded(t, name)
		c, _ := r.agreeing(t)
		for _, value := range []string{"", "0", "1", "-1", "true", "false", "977 tb", "0 bytes", "1 ms", "9977 d", "NONE", "0.99"} {
			for _, kind := range []claim.ChangeKind{claim.Set, claim.Raise, claim.Lower} {
				c.Changes = nil
				for _, key := range listed {
					c.Changes = append(c.Changes, claim.Change{Kind: kind, Key: new(key), Value: new(value)})
				}
				r.holds(t, claim.Answer{Claims: []claim.Claim{c}})
			}
		}
	}
}
