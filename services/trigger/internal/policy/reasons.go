package policy

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/slots"
)

func (p *Policy) readTargets(v value) {
	v.Fields(fields{
		"urls": func(v value) {
			seen := map[string]bool{}
			for _, item := range v.Items() {
				t := readURL(item)
				if seen[t.Name] || seen[t.Key()] {
					item.Wrong("the target %s is there already", t.Name)
				}
				seen[t.Name], seen[t.Key()] = true, true
				p.URLs = append(p.URLs, t)
			}
		},
		"deployments": func(v value) {
			for _, item := range v.Items() {
				p.Deployments = append(p.Deployments, readSelector(item))
			}
		},
	})
	if n := len(p.URLs) + len(p.Deployments); n == 0 || n > maxTargets {
		v.Wrong("expected 1 to %d urls and deployments, got %d", maxTargets, n)
	}
}

func readURL(v value) Target {
	var t Target
	v.Fields(fields{
		"name": func(v value) { t.Name = name(v) },
		"url":  func(v value) { t.URL = restURL(v) },
		"job":  func(v value) { t.Job = v.Text() },
	}, "name", "url")
	return t
}

// restURL reads a URL. It is not repeated in a message: what is wrong with it may be a password in it.
func restURL(v value) string {
	s := v.Text()
	if err := (events.Target{URL: s}).Validate(); err != nil && s != "" {
		v.Wrong("expected the REST URL of a JobManager such as http://flink:8081, without user, query and fragment")
		return ""
	}
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u.String()
}

func readSelector(v value) Selector {
	var s Selector
	v.Fields(fields{
		"cluster":   func(v value) { s.Cluster = v.Text() },
		"namespace": func(v value) { s.Namespace = name(v) },
		"labels":    func(v value) { s.Labels = selectorLabels(v) },
		"job":       func(v value) { s.Job = v.Text() },
	}, "namespace")
	return s
}

// selectorLabels are such that a label selector can be made of them.
func selectorLabels(v value) map[string]string {
	all := v.Texts(maxLabels)
	for key, val := range all {
		if strings.ContainsAny(key+val, ",=!() \t") {
			v.Wrong("expected labels as Kubernetes has them, got %q", cut(key+"="+val))
		}
	}
	return all
}

func (p *Policy) readReasons(v value) {
	given := false
	reason := func(read func(value)) func(value) {
		return func(v value) { given = true; read(v) }
	}
	ok := v.Fields(fields{
		"schedule": reason(p.readSchedule),
		"rollout": reason(func(v value) {
			if p.On.Rollout = v.Text() == "true"; !p.On.Rollout {
				v.Wrong("expected true; leave the field out otherwise")
			}
		}),
		"alert": reason(func(v value) { p.On.Alerts = p.rules(v) }),
		"event": reason(func(v value) { p.On.Events = p.rules(v) }),
	})
	if ok && !given {
		v.Wrong("expected at least one of schedule, rollout, alert and event")
	}
}

func (p *Policy) readSchedule(v value) {
	var line *value
	var jitter time.Duration
	v.Fields(fields{
		"cron":   func(v value) { line = &v },
		"jitter": func(v value) { jitter = v.Duration(0, day) },
	}, "cron")
	if line == nil {
		return
	}
	s, err := slots.Parse(line.Text(), p.Zone, jitter)
	if err != nil {
		line.Wrong("%v", err)
		return
	}
	p.On.Schedule = s
}

func (p *Policy) rules(v value) []Rule {
	var all []Rule
	for _, item := range v.Items() {
		var r Rule
		item.Fields(fields{
			"match": func(v value) {
				for _, each := range v.Items() {
					m, err := ParseMatcher(each.Text())
					if err != nil {
						each.Wrong("%v", err)
					}
					r.Match = append(r.Match, m)
				}
				if len(r.Match) == 0 {
					v.Wrong("expected at least one matcher")
				}
			},
			"by": func(v value) { r.By = by(v) },
		}, "match")
		if len(r.By) == 0 && (len(p.Deployments) > 0 || len(p.URLs) > 1) {
			item.Wrong("the policy has several targets, so the field by has to say which label names one: by: {name: job_name}")
		}
		all = append(all, r)
	}
	return all
}

func by(v value) map[string]string {
	all := v.Texts(len(Properties))
	for _, property := range slices.Sorted(maps.Keys(all)) {
		if !slices.Contains(Properties, property) {
			v.Wrong("a target has no %s; expected %s", property, strings.Join(Properties, ", "))
		}
	}
	return all
}
