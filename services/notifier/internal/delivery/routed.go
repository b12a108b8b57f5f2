package delivery

import (
	"maps"
	"slices"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
)

// Routes say who is told what: *route.File.
type Routes interface{ Config() *route.Config }

// part of a run is told through a channel by one route, and in one group of it.
type part struct {
	channel.Run

	route  *route.Route
	labels []string // of the group; nil: it is told by itself, and never waits
}

// parts are what a channel is told of a run. What is silenced, and what no route has for the channel, is none of it.
func (d *Delivery) parts(r channel.Run, news amount, now time.Time) []part {
	cfg := d.routes.Config()
	byKey := map[string]*part{}
	// of is the part that something belongs to, or nil.
	of := func(set map[string]string) *part {
		x := d.route(cfg, set, news, now)
		if x == nil {
			return nil
		}
		p := part{Run: r, route: x}
		switch {
		case x.Group.On():
			p.labels = append([]string{}, written(x.Group.Labels(set))...)
		case news == decided || len(x.Mute) > 0:
			p.labels = []string{"event=" + r.Event.ID}
		}
		key := x.Path // what is told by itself is one part, whatever route it came by
		if p.labels == nil {
			key = ""
		}
		key += "\n" + strings.Join(p.labels, "\n")
		if byKey[key] == nil {
			p.Changes = nil
			byKey[key] = &p
		}
		return byKey[key]
	}
	for _, c := range r.Changes {
		if p := of(changeLabels(r, c)); p != nil {
			p.Changes = append(p.Changes, c)
		}
	}
	if len(r.Changes) == 0 {
		of(runLabels(r))
	}
	var all []part
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		all = append(all, *byKey[key])
	}
	return all
}

// route is the first route by which the channel is told of something with these labels; nil is none.
func (d *Delivery) route(cfg *route.Config, set map[string]string, news amount, now time.Time) *route.Route {
	if cfg.Silenced(set, now) != nil {
		return nil
	}
	for _, x := range cfg.Match(set) {
		wanted := map[amount]bool{changing: true, silent: x.Tell == route.TellAll, decided: x.Dismissals}[news]
		if wanted && slices.Contains(x.Channels, d.channel.Name()) {
			return x
		}
	}
	return nil
}

// runLabels are those of the end of a run, in the words of package route. Labels of the request do not change them.
func runLabels(r channel.Run) map[string]string {
	set := map[string]string{}
	if r.Ready != nil {
		maps.Copy(set, r.Ready.Labels)
		set["severity"], set["change"] = string(r.Ready.Severity), "none"
		if r.Recovered != "" {
			set["change"], set["code"] = "recovered", string(r.Recovered)
		}
	} else {
		set["severity"], set["code"] = "", string(r.Outcome.Code)
		set["change"] = map[events.Type]string{
			events.TypeRunFailed: "failed", events.TypeRunRejected: "rejected", events.TypeRunCancelled: "cancelled",
		}[r.Event.Type]
	}
	set["cluster"], set["namespace"], set["job"] = r.Identity.Cluster, r.Identity.Namespace, r.Identity.Job
	return set
}

// changeLabels are those of a change of a finding.
func changeLabels(r channel.Run, c channel.Change) map[string]string {
	set := runLabels(r)
	set["change"], set["severity"], set["category"], set["rule"] = string(c.Kind), string(c.Severity), c.Category, c.Rule
	set["mode"], set["finding"] = string(c.Mode), c.ID
	return set
}
