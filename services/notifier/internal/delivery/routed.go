package delivery

import (
	"maps"
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
)

// Routes say who is told what: *route.File.
type Routes interface{ Config() *route.Config }

// part of a run is told through a channel at one time: what a route that can be mute tells waits for that by itself.
type part struct {
	channel.Run

	route string        // that can be mute; empty: never
	wait  time.Duration // until it is not
}

// parts are what a channel is told of a run. What is silenced, and what no route has for the channel, is none of it.
func (d *Delivery) parts(r channel.Run, news bool, now time.Time) []part {
	cfg := d.routes.Config()
	byRoute := map[string]*part{}
	// of is the part that something belongs to, or nil.
	of := func(set map[string]string, news bool) *part {
		x := d.route(cfg, set, news, now)
		if x == nil {
			return nil
		}
		p := part{Run: r}
		if len(x.Mute) > 0 {
			p.route, p.wait = x.Path, cfg.Mute(x, now)
		}
		if byRoute[p.route] == nil {
			p.Changes = nil
			byRoute[p.route] = &p
		}
		return byRoute[p.route]
	}
	for _, c := range r.Changes {
		if p := of(changeLabels(r, c), true); p != nil {
			p.Changes = append(p.Changes, c)
		}
	}
	if len(r.Changes) == 0 {
		of(runLabels(r), news)
	}
	var all []part
	for _, key := range slices.Sorted(maps.Keys(byRoute)) {
		all = append(all, *byRoute[key])
	}
	return all
}

// route is the first route by which the channel is told of something with these labels; nil is none.
func (d *Delivery) route(cfg *route.Config, set map[string]string, news bool, now time.Time) *route.Route {
	if cfg.Silenced(set, now) != nil {
		return nil
	}
	for _, x := range cfg.Match(set) {
		if slices.Contains(x.Channels, d.channel.Name()) && (news || x.Tell == route.TellAll) {
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
