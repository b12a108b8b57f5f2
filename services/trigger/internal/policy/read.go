package policy

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
)

// MaxBytes bounds a file; a ConfigMap holds less.
const MaxBytes = 4 << 20

const (
	maxPolicies = 200
	maxTargets  = 10_000
	maxName     = 100
	maxLabels   = 24 // of a request; the sources add their own

	maxWait     = 7 * 24 * time.Hour
	maxDuration = time.Hour
	day         = 24 * time.Hour

	defaultDelay    = 5 * time.Minute
	defaultCooldown = 10 * time.Minute
)

type (
	value  = strictyaml.Value
	fields = map[string]func(value)
)

// Read reads a file of policies. A profile takes usual, unless a policy says otherwise. The error is
// [strictyaml.Problems].
func Read(b []byte, usual time.Duration) ([]Policy, error) {
	var all []Policy
	err := strictyaml.Read(b, func(v value) {
		v.Fields(fields{"policies": func(v value) { all = readPolicies(v, usual) }}, "policies")
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func readPolicies(v value, usual time.Duration) []Policy {
	var all []Policy
	names := map[string]bool{}
	for _, item := range v.Items() {
		p, ok := readPolicy(item)
		if ok && names[p.Name] {
			item.Wrong("a policy of the name %s is there already", p.Name)
		}
		if ok {
			p.check(item, usual, time.Now())
		}
		names[p.Name] = true
		all = append(all, p)
	}
	if len(all) > maxPolicies {
		v.Wrong("expected at most %d policies, got %d", maxPolicies, len(all))
	}
	return all
}

// later reads a field once the others are known.
type later struct {
	v    value
	read func(value)
}

func readPolicy(v value) (Policy, bool) {
	p := Policy{Zone: time.UTC, Delay: defaultDelay, Cooldown: defaultCooldown}
	var then []later
	when := func(read func(value)) func(value) {
		return func(v value) { then = append(then, later{v, read}) }
	}
	ok := v.Fields(fields{
		"name":     func(v value) { p.Name = name(v) },
		"targets":  func(v value) { p.readTargets(v) },
		"zone":     func(v value) { p.Zone = zone(v) },
		"on":       when(p.readReasons), // needs the zone and the targets
		"delay":    func(v value) { p.Delay = v.Duration(0, maxWait) },
		"cooldown": func(v value) { p.Cooldown = v.Duration(0, maxWait) },
		"budget":   func(v value) { p.Budget = v.Duration(time.Second, day) },
		"modes":    func(v value) { p.Modes = modes(v) },
		"duration": func(v value) { p.Duration = v.Duration(time.Second, maxDuration) },
		"scope":    func(v value) { p.Scope = scope(v) },
		"baseline": func(v value) { p.Baseline = baseline(v) },
		"labels":   func(v value) { p.Labels = labels(v) },
		"quiet":    func(v value) { p.Quiet = windows(v) },
	}, "name", "targets", "on")
	for _, l := range then {
		l.read(l.v)
	}
	return p, ok
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

func name(v value) string {
	s := v.Text()
	if s != "" && (!nameForm.MatchString(s) || len(s) > maxName) {
		v.Wrong("expected at most %d letters, digits, dots and dashes, got %q", maxName, cut(s))
	}
	return s
}

// cut keeps a message short.
func cut(s string) string { return s[:min(len(s), maxName)] }

func zone(v value) *time.Location {
	s := v.Text()
	at, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		v.Wrong("expected the name of a time zone such as Europe/Berlin, got %q", cut(s))
		return time.UTC
	}
	return at
}

func modes(v value) []events.Mode {
	var all []events.Mode
	for _, item := range v.Items() {
		m := events.Mode(strings.ToUpper(item.Text()))
		switch {
		case !m.Valid():
			item.Wrong("expected CPU, ITIMER, WALL, ALLOC or LOCK, got %q", cut(string(m)))
		case slices.Contains(all, m):
			item.Wrong("the mode %s is there already", m)
		}
		all = append(all, m)
	}
	if len(all) > events.MaxModes {
		v.Wrong("expected at most %d modes", events.MaxModes)
	}
	return all
}

func scope(v value) events.Scope {
	const most = 10_000
	var s events.Scope
	if v.IsText() {
		text := v.Text()
		s, err := events.ParseScope(text)
		if err != nil {
			v.Wrong("expected all, busiest N, named ID…, or fields, got %q", text)
		}
		return s
	}
	v.Fields(fields{
		"taskManagers": func(v value) {
			for _, item := range v.Items() {
				s.TaskManagers = append(s.TaskManagers, item.Text())
			}
		},
		"maxTaskManagers": func(v value) { s.MaxTaskManagers = v.Int(1, most) },
	})
	return s
}

func baseline(v value) string {
	s := v.Text()
	if s != events.BaselineLast && s != events.BaselineRelease && s != events.BaselineNone {
		v.Wrong("expected last, release or none, got %q", cut(s))
	}
	return s
}

// LabelPolicy is the label of a request that names its policy.
const LabelPolicy = "policy"

func labels(v value) map[string]string {
	all := v.Texts(maxLabels)
	for _, taken := range []string{LabelPolicy, events.LabelRelease} {
		if _, there := all[taken]; there {
			v.Wrong("the label %s is set by Squirrly", taken)
		}
	}
	return all
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} //nolint:gochecknoglobals // a constant list.

func windows(v value) []Window {
	var all []Window
	for _, item := range v.Items() {
		var w Window
		item.Fields(fields{
			"days": func(v value) {
				for _, day := range v.Items() {
					s := strings.ToLower(day.Text())
					i := slices.Index(weekdays, s)
					if i < 0 {
						day.Wrong("expected %s, got %q", strings.Join(weekdays, ", "), cut(s))
					}
					w.Days = append(w.Days, time.Weekday(i))
				}
			},
			"from": func(v value) { w.From = clock(v) },
			"to":   func(v value) { w.To = clock(v) },
		}, "from", "to")
		all = append(all, w)
	}
	return all
}

// clock reads a time of the day as minutes since midnight.
func clock(v value) int {
	s := v.Text()
	at, err := time.Parse("15:04", s)
	if err != nil && s != "24:00" {
		v.Wrong(`expected a time of the day such as "22:00", got %q`, cut(s))
	}
	return at.Hour()*60 + at.Minute()
}
