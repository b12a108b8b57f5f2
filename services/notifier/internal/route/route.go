// Package route says who is told what: a tree of routes with the matchers and the words of Alertmanager, times in which a
// route is mute, and silences. How something is told does not belong here.
//
// Labels of what is told: cluster, namespace, job, change (opened, worsened, improved, resolved, reopened,
// dismissed, failed, rejected, cancelled, recovered, or none),
// and of a finding severity, category, rule, mode and finding; besides those of the run, such as team or policy.
package route

import (
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/alertmanager/timeinterval"

	"squirrly.dev/services/notifier/internal/channel"
)

// Config is what a file of routes says.
type Config struct {
	Channels  []Channel
	Root      *Route
	Silences  []Silence
	intervals map[string][]timeinterval.TimeInterval
}

// Channel is one that the file describes.
type Channel struct {
	Name     string
	Type     channel.Type
	Settings channel.Settings
}

// Route is one node of the tree. Its children inherit everything but matchers, mute and continue.
type Route struct {
	Path       string   // in the file, such as route.routes[0]
	Channels   []string // that are told
	Tell       Tell
	Dismissals bool // what somebody dismisses is told, too
	Group      Group
	Mute       []string // names of intervals in which it waits
	Continue   bool     // the routes behind it are tried, too
	Routes     []*Route
	matchers   labels.Matchers
}

// Tell is how much is told.
type Tell string

// The amounts.
const (
	TellChanges Tell = "changes"
	TellAll     Tell = "everything" // every end of a run
)

// Find returns the route of a path, or nil.
func (c *Config) Find(path string) *Route { return c.Root.find(path) }

func (r *Route) find(path string) *Route {
	if r.Path == path {
		return r
	}
	for _, child := range r.Routes {
		if strings.HasPrefix(path, child.Path) {
			if found := child.find(path); found != nil {
				return found
			}
		}
	}
	return nil
}

// Silence keeps what it matches quiet for a time. What it swallows is not told later.
type Silence struct {
	From, Until time.Time // zero is open
	Comment     string
	matchers    labels.Matchers
}

// Match returns the routes of something with these labels, as Alertmanager walks them: into the first child that matches,
// and on behind it where it says continue; a route of which no child matches is the one.
func (c *Config) Match(set map[string]string) []*Route { return c.Root.match(set) }

func (r *Route) match(set map[string]string) []*Route {
	if !matches(r.matchers, set) {
		return nil
	}
	var all []*Route
	for _, child := range r.Routes {
		found := child.match(set)
		all = append(all, found...)
		if len(found) > 0 && !child.Continue {
			break
		}
	}
	if len(all) == 0 {
		return []*Route{r}
	}
	return all
}

// matches reports whether all matchers fit. A label that is not there is empty.
func matches(all labels.Matchers, set map[string]string) bool {
	for _, m := range all {
		if !m.Matches(set[m.Name]) {
			return false
		}
	}
	return true
}

// Silenced returns the silence that keeps something quiet, or nil.
func (c *Config) Silenced(set map[string]string, now time.Time) *Silence {
	for i, s := range c.Silences {
		begun := s.From.IsZero() || !now.Before(s.From)
		if begun && (s.Until.IsZero() || now.Before(s.Until)) && matches(s.matchers, set) {
			return &c.Silences[i]
		}
	}
	return nil
}

// LongestMute is how far ahead the end of a mute time is looked for.
const LongestMute = 7 * 24 * time.Hour

// Mute is how long a route is mute from now on; 0 is not at all.
func (c *Config) Mute(r *Route, now time.Time) time.Duration {
	wait := time.Duration(0)
	for wait < LongestMute && c.mute(r, now.Add(wait)) {
		wait += time.Minute
	}
	return wait
}

func (c *Config) mute(r *Route, at time.Time) bool {
	for _, name := range r.Mute {
		for _, i := range c.intervals[name] {
			if i.ContainsTime(at.UTC()) {
				return true
			}
		}
	}
	return false
}

// Matchers are those of a route, as text.
func (r *Route) Matchers() string { return r.matchers.String() }
