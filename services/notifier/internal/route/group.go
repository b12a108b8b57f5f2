package route

import (
	"maps"
	"time"

	"github.com/prometheus/common/model"
)

// everyLabel is Alertmanager's word for a group of each set of labels.
const everyLabel = "..."

// The longest times of a group.
const (
	maxWait   = 24 * time.Hour
	maxRepeat = 30 * 24 * time.Hour // longer than that a result does not stand in the stream of events
)

// Group is how a route makes one message of what belongs together, with Alertmanager's words. The zero value tells each
// run by itself, at once, and never again.
type Group struct {
	By       []string      // labels by which groups are told apart; "..." is all of them, none is one group
	Wait     time.Duration // from the first that a group has to tell
	Interval time.Duration // between two messages of a group at least
	Repeat   time.Duration // until what is still open is told again; 0 is never
	named    bool          // the file has group_by
}

// On reports whether a route makes groups.
func (g Group) On() bool { return g.named || g.Wait > 0 || g.Interval > 0 || g.Repeat > 0 }

// Labels are those that name the group of something.
func (g Group) Labels(set map[string]string) map[string]string {
	own := map[string]string{}
	for _, name := range g.By {
		if name == everyLabel {
			return maps.Clone(set)
		}
		own[name] = set[name]
	}
	return own
}

func (g *Group) fields() fields {
	return fields{
		"group_by": func(v value) {
			g.By, g.named = nil, true
			for _, item := range v.Items() {
				name := item.Text()
				if !model.UTF8Validation.IsValidLabelName(name) {
					item.Wrong("expected the name of a label, or ...")
				}
				g.By = append(g.By, name)
			}
		},
		"group_wait":      func(v value) { g.Wait = span(v, maxWait) },
		"group_interval":  func(v value) { g.Interval = span(v, maxWait) },
		"repeat_interval": func(v value) { g.Repeat = span(v, maxRepeat) },
	}
}

// span reads a duration as Alertmanager writes it: 30s, 5m, 12h, 7d. 0s is off.
func span(v value, most time.Duration) time.Duration {
	d, err := model.ParseDuration(v.Text())
	if err != nil || time.Duration(d) > most {
		v.Wrong("expected a duration such as 30s, 5m, 12h or 7d, at most %s", model.Duration(most))
		return 0
	}
	return time.Duration(d)
}
