package channel

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel/safe"
)

const (
	alertsPath   = "/api/v2/alerts"
	keepAlert    = 7 * 24 * time.Hour // of an alert that is told no more
	keepFailure  = 24 * time.Hour     // of an alert about a run without a result
	maxKeepAlert = 365 * 24 * time.Hour
	maxLabels    = 20
	maxLabel     = 200 // characters of the value of a label
)

// AlertSettings are those of an [Alertmanager].
type AlertSettings struct {
	LayoutSettings

	URL, URLFile, TokenFile string
	Keep                    time.Duration
	Labels                  []string
}

var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]{0,63}$`)

// Fields implements Settings.
func (a *AlertSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"url":        func(v strictyaml.Value) { a.URL = v.Text() },
		"url_file":   func(v strictyaml.Value) { a.URLFile = v.Text() },
		"token_file": func(v strictyaml.Value) { a.TokenFile = v.Text() },
		"keep":       func(v strictyaml.Value) { a.Keep = v.Duration(time.Hour, maxKeepAlert) },
		"labels": func(v strictyaml.Value) {
			for _, item := range v.Items() {
				name := item.Text()
				if _, own := ownLabels(Run{})[name]; own || !labelName.MatchString(name) || slices.Contains(findingLabels, name) {
					item.Wrong("expected the name of a label of runs, such as team, that no alert has anyway")
				}
				a.Labels = append(a.Labels, name)
			}
			if len(a.Labels) > maxLabels {
				v.Wrong("expected at most %d", maxLabels)
			}
		},
		"template": a.field,
	}, nil
}

// Open implements Settings.
func (a *AlertSettings) Open(name string, d Deps) (Channel, error) {
	address, err := d.either("url", a.URL, a.URLFile)
	if err != nil {
		return nil, err
	}
	ch := &Alertmanager{name: name, keep: a.Keep, labels: a.Labels}
	if ch.keep == 0 {
		ch.keep = keepAlert
	}
	if ch.layout, err = a.layout(name, d.Logger); err != nil {
		return nil, err
	}
	if a.TokenFile != "" {
		token, err := d.Secret(a.TokenFile)
		if err != nil {
			return nil, err
		}
		ch.header = map[string]string{"Authorization": "Bearer " + token}
	}
	ch.to, err = newEndpoint("Alertmanager", strings.TrimSuffix(address, "/")+alertsPath, d.Guard)
	return ch, err
}

// Alertmanager tells findings as alerts to Prometheus' Alertmanager, or to what speaks its API (version 2).
//
// An alert is told by its labels: what is told again is the same alert, and what is resolved ends it. Alertmanager ends an
// alert by itself that nobody tells again, so each is told with an end that is far enough away.
type Alertmanager struct {
	name   string
	layout *layout
	to     endpoint
	header map[string]string
	keep   time.Duration
	labels []string
}

// Name implements Channel.
func (a *Alertmanager) Name() string { return a.name }

// Send implements Channel.
func (a *Alertmanager) Send(ctx context.Context, m Message) (Receipt, error) {
	all := []alert{}
	for _, r := range m.Runs {
		all = append(all, a.alerts(r)...)
	}
	body, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("write alerts: %w", err)
	}
	return nil, a.to.post(ctx, "application/json", a.header, body)
}

// alert is one as the API has it.
//
// https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
type alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations,omitempty"`
	StartsAt     time.Time         `json:"startsAt,omitzero"`
	EndsAt       time.Time         `json:"endsAt,omitzero"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// alerts are those of a run: one for each finding, or one for a run without a result. A result that changes nothing is
// none, and an empty list, which Alertmanager takes.
func (a *Alertmanager) alerts(r Run) []alert {
	if r.Channel != "" {
		return []alert{a.down(r)}
	}
	if r.Ready == nil {
		x := a.failure(r, r.Outcome.Code)
		x.EndsAt = r.Event.Time.Add(min(a.keep, keepFailure))
		return []alert{x}
	}
	var all []alert
	if r.Recovered != "" {
		all = append(all, a.failure(r, r.Recovered))
	}
	for _, c := range r.Changes {
		all = append(all, a.finding(r, c)...)
	}
	return all
}

// failure is the alert about runs of a job that fail. It ends now unless the caller says otherwise.
func (a *Alertmanager) failure(r Run, code events.Code) alert {
	n := newNote(r)
	set := a.set(r, "SquirrlyRunFailed")
	for _, label := range a.labels { // a failure knows no labels of the run, and is known by its own
		delete(set, label)
	}
	set["code"] = string(code)
	return alert{Labels: labelSet(set), Annotations: a.annotations(n), StartsAt: r.Event.Time.Add(-time.Second), EndsAt: r.Event.Time, GeneratorURL: n.Link}
}

// down is the alert about a channel that takes no messages, until it takes them again.
func (a *Alertmanager) down(r Run) alert {
	x := alert{
		Labels:      labelSet(map[string]string{"alertname": "SquirrlyChannelDown", "channel": r.Channel}),
		Annotations: a.annotations(newNote(r)), StartsAt: r.Event.Time.Add(-time.Second), EndsAt: r.Event.Time,
	}
	if r.down() {
		x.EndsAt = r.Event.Time.Add(a.keep)
	}
	return x
}

// finding is the alert of a finding. Its severity is a label, since everybody routes by it, so that one whose severity
// changes is another alert: the one of before ends.
func (a *Alertmanager) finding(r Run, c Change) []alert {
	one := r
	one.Changes = []Change{c}
	n := newNote(one)
	now := r.Event.Time
	if c.At.After(now) { // a reminder is of an earlier run
		now = c.At
	}
	begin := c.OpenedAt
	if begin.IsZero() {
		begin = now
	}
	var all []alert
	for _, severity := range []events.Severity{events.SeverityCritical, events.SeverityWarning, events.SeverityInfo} {
		set := a.set(r, "SquirrlyFinding")
		set["finding"], set["severity"], set["category"], set["rule"], set["mode"] = c.ID, string(severity), c.Category, c.Rule, string(c.Mode)
		x := alert{Labels: labelSet(set), StartsAt: begin, EndsAt: now}
		if severity == c.Severity {
			x.Annotations, x.GeneratorURL = a.annotations(n), n.Link
			if c.State == events.LifeStateOpen {
				x.EndsAt = now.Add(a.keep)
			}
		}
		if !x.EndsAt.After(x.StartsAt) { // Alertmanager refuses an alert that ends before it begins
			x.StartsAt = x.EndsAt.Add(-time.Second)
		}
		all = append(all, x)
	}
	return all
}

// findingLabels are those of alerts of findings, besides those of every alert.
var findingLabels = []string{"finding", "severity", "category", "rule", "mode", "code"}

// ownLabels are those of every alert.
func ownLabels(r Run) map[string]string {
	return map[string]string{"alertname": "", "cluster": r.Identity.Cluster, "namespace": r.Identity.Namespace, "job": r.Identity.Job}
}

func (a *Alertmanager) set(r Run, name string) map[string]string {
	set := ownLabels(r)
	set["alertname"] = name
	if r.Ready != nil {
		for _, label := range a.labels {
			set[label] = r.Ready.Labels[label]
		}
	}
	return set
}

// labelSet bounds the values of labels. One that is empty is none, as Prometheus has it.
func labelSet(set map[string]string) map[string]string {
	for name, value := range set {
		if set[name] = plain(value, maxLabel); set[name] == "" {
			delete(set, name)
		}
	}
	return set
}

// annotations are what people read.
func (a *Alertmanager) annotations(n note) map[string]string {
	description, n := a.layout.body(n, safe.Chat)
	all := map[string]string{"summary": safe.Chat(n.Title), "verdict": safe.Chat(n.Verdict), "run": n.Run, "description": description}
	if len(n.Items) > 0 {
		i := n.Items[0]
		all["news"], all["change"], all["worth"], all["sure"] = safe.Chat(i.News), safe.Chat(i.Advice), safe.Chat(i.Worth), i.Sure
		all["suggests"], all["dismiss"] = safe.Chat(i.Suggests), safe.Chat(i.Dismiss)
	}
	if description == "" {
		all["description"] = n.text(safe.Chat)
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}
