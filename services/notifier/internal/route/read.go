package route

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/services/notifier/internal/channel"
)

// MaxBytes bounds a file of routes.
const MaxBytes = 1 << 20

const (
	maxDepth    = 10
	maxMatchers = 50
)

type (
	value  = strictyaml.Value
	fields = map[string]func(strictyaml.Value)
)

// reader reads one file.
type reader struct {
	cfg   Config
	known []string // channels that are there without the file
	uses  []use
}

// use is a name that must be there in the end, wherever in the file it is made.
type use struct {
	at        value
	name      string
	intervals bool // of an interval, else of a channel
}

// Read reads a file of routes. Known are the channels that there are besides those of the file. The error tells every
// mistake in a line of its own.
func Read(body []byte, known []string) (*Config, error) {
	r := reader{known: known}
	r.cfg.intervals = map[string][]timeinterval.TimeInterval{}
	err := strictyaml.Read(body, func(v value) {
		v.Fields(fields{
			"channels":       r.channels,
			"route":          func(v value) { r.cfg.Root = r.route(v, nil, 1) },
			"time_intervals": r.timeIntervals,
			"silences":       r.silences,
		}, "route")
		r.check()
	})
	if err != nil {
		return nil, err
	}
	return &r.cfg, nil
}

// check looks whether all names are those of something.
func (r *reader) check() {
	names := slices.Clone(r.known)
	for _, c := range r.cfg.Channels {
		names = append(names, c.Name)
	}
	for _, u := range r.uses {
		_, isInterval := r.cfg.intervals[u.name]
		switch {
		case u.intervals && !isInterval:
			u.at.Wrong("no time interval is called %q: name it in time_intervals", u.name)
		case !u.intervals && !slices.Contains(names, u.name):
			u.at.Wrong("no channel is called %q, choose among %s", u.name, strings.Join(names, ", "))
		}
	}
}

var nameLike = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$`)

func (r *reader) channels(v value) {
	for _, item := range v.Items() {
		r.channel(item)
	}
}

func (r *reader) channel(v value) {
	var c Channel
	all, required := fields{"name": func(v value) { c.Name = r.name(v) }, "type": typeName}, []string{"name", "type"}
	typ, _ := v.Peek("type") // it says which fields there are, so it is looked up first
	t, found := channel.Find(typ)
	if found {
		c.Type, c.Settings = t, t.Settings()
		own, must := c.Settings.Fields()
		maps.Copy(all, own)
		required = append(required, must...)
	}
	if v.Fields(all, required...) && found {
		r.cfg.Channels = append(r.cfg.Channels, c)
	}
}

// name reads the name of a channel, which no other has.
func (r *reader) name(v value) string {
	name := v.Text()
	switch {
	case !nameLike.MatchString(name):
		v.Wrong("expected a name of at most 48 letters, digits, - and _")
	case slices.Contains(r.known, name), slices.ContainsFunc(r.cfg.Channels, func(x Channel) bool { return x.Name == name }):
		v.Wrong("another channel is called %q", name)
	}
	return name
}

func typeName(v value) {
	if _, ok := channel.Find(v.Text()); !ok {
		v.Wrong("expected one of %s", strings.Join(channel.Names(), ", "))
	}
}

// route reads a route; those below another inherit from it.
func (r *reader) route(v value, above *Route, depth int) *Route {
	route := &Route{Path: v.Path(), Tell: TellChanges}
	if above != nil {
		route.Channels, route.Tell, route.Dismissals, route.Group = above.Channels, above.Tell, above.Dismissals, above.Group
	}
	if depth > maxDepth {
		v.Wrong("expected at most %d routes below each other", maxDepth)
		return route
	}
	var below []value
	own := fields{
		"channels": func(v value) { route.Channels = r.names(v, false) },
		"tell": func(v value) {
			if route.Tell = Tell(v.Text()); route.Tell != TellChanges && route.Tell != TellAll {
				v.Wrong("expected changes or everything")
			}
		},
		"tell_dismissals": func(v value) { route.Dismissals = truth(v) },
		"routes":          func(v value) { below = v.Items() },
	}
	maps.Copy(own, route.Group.fields())
	if above != nil {
		own["matchers"] = func(v value) { route.matchers = matchers(v) }
		own["continue"] = func(v value) { route.Continue = truth(v) }
		own["mute_time_intervals"] = func(v value) { route.Mute = r.names(v, true) }
	}
	v.Fields(own)
	if above == nil && route.Channels == nil {
		v.Wrong("the field channels is missing: it says who is told what no route below matches; [] is nobody")
	}
	for _, b := range below { // when what they inherit is known
		route.Routes = append(route.Routes, r.route(b, route, depth+1))
	}
	return route
}

// names reads a list of names that must be there in the end.
func (r *reader) names(v value, intervals bool) []string {
	all := []string{}
	for _, item := range v.Items() {
		name := item.Text()
		all = append(all, name)
		r.uses = append(r.uses, use{at: item, name: name, intervals: intervals})
	}
	return all
}

func truth(v value) bool {
	switch v.Text() {
	case "true":
		return true
	case "false":
	default:
		v.Wrong("expected true or false")
	}
	return false
}

// matchers reads a list of matchers such as severity="critical" or team=~"a|b".
func matchers(v value) labels.Matchers {
	var all labels.Matchers
	items := v.Items()
	if len(items) > maxMatchers {
		v.Wrong("expected at most %d", maxMatchers)
		return nil
	}
	for _, item := range items {
		found, err := labels.ParseMatchers(item.Text())
		if err != nil {
			item.Wrong(`expected a matcher such as severity="critical", job!="test" or team=~"a|b": %v`, err)
			continue
		}
		all = append(all, found...)
	}
	return all
}

func (r *reader) timeIntervals(v value) {
	for _, item := range v.Items() {
		var name string
		var all []timeinterval.TimeInterval
		item.Fields(fields{
			"name": func(v value) {
				if name = v.Text(); r.cfg.intervals[name] != nil {
					v.Wrong("another time interval is called %q", name)
				}
			},
			"time_intervals": func(v value) {
				for _, item := range v.Items() {
					all = append(all, interval(item))
				}
			},
		}, "name", "time_intervals")
		r.cfg.intervals[name] = all
	}
}

// interval reads one interval as Alertmanager has it. Each field is decoded by itself, so that a mistake has its line.
func interval(v value) timeinterval.TimeInterval {
	var t timeinterval.TimeInterval
	decode := func(name string) func(value) {
		return func(v value) {
			b, err := json.Marshal(map[string]any{name: v.Any()})
			if err == nil {
				d := json.NewDecoder(bytes.NewReader(b))
				d.DisallowUnknownFields()
				err = d.Decode(&t)
			}
			if err != nil {
				v.Wrong("not as Alertmanager writes it: %v", err)
			}
		}
	}
	all := fields{}
	for _, name := range []string{"times", "weekdays", "days_of_month", "months", "years", "location"} {
		all[name] = decode(name)
	}
	v.Fields(all)
	return t
}

func (r *reader) silences(v value) {
	for _, item := range v.Items() {
		var s Silence
		item.Fields(fields{
			"matchers":  func(v value) { s.matchers = matchers(v) },
			"starts_at": func(v value) { s.From = moment(v) },
			"ends_at":   func(v value) { s.Until = moment(v) },
			"comment":   func(v value) { s.Comment = v.Text() },
		}, "matchers", "ends_at")
		if len(s.matchers) == 0 {
			item.Wrong("a silence without matchers would keep everything quiet")
		}
		r.cfg.Silences = append(r.cfg.Silences, s)
	}
}

func moment(v value) time.Time {
	t, err := time.Parse(time.RFC3339, v.Text())
	if err != nil {
		v.Wrong("expected a time such as 2027-01-31T18:00:00Z")
	}
	return t
}
