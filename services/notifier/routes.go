package notifier

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
)

// MaxRoutesBytes bounds a file of routes.
const MaxRoutesBytes = route.MaxBytes

// Routed is a route that something takes.
type Routed struct {
	Route      string        `json:"route"` // its path in the file
	Matchers   string        `json:"matchers,omitempty"`
	Channels   []string      `json:"channels"`
	Tell       string        `json:"tell"` // changes or everything
	Dismissals bool          `json:"tellDismissals,omitempty"`
	MuteFor    time.Duration `json:"muteFor,omitempty"`  // from now on, in nanoseconds
	Silenced   string        `json:"silenced,omitempty"` // comment of the silence that swallows it
	Group      *Group        `json:"group,omitempty"`    // in which it is told; nil: by itself
}

// Group is the group of a route that something belongs to. Times are in nanoseconds.
type Group struct {
	Labels   map[string]string `json:"labels"` // that name it
	Wait     time.Duration     `json:"wait,omitempty"`
	Interval time.Duration     `json:"interval,omitempty"`
	Repeat   time.Duration     `json:"repeat,omitempty"`
}

// String says which group that is, and when it is told; none is empty.
func (g *Group) String() string {
	if g == nil {
		return ""
	}
	text := "all of the route"
	if len(g.Labels) > 0 {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(g.Labels)) {
			names = append(names, name+"="+g.Labels[name])
		}
		text = strings.Join(names, " ")
	}
	for _, each := range []struct {
		what string
		d    time.Duration
	}{{"waits", g.Wait}, {"at most every", g.Interval}, {"again every", g.Repeat}} {
		if each.d > 0 {
			text += ", " + each.what + " " + model.Duration(each.d).String()
		}
	}
	return text
}

// TestRoutes returns the routes that something with these labels takes now, by a file of routes. The error tells every
// mistake of the file in a line of its own.
func TestRoutes(body []byte, labels map[string]string, now time.Time) ([]Routed, error) {
	cfg, err := route.Read(body, variables())
	if err != nil {
		return nil, err
	}
	silenced := ""
	if s := cfg.Silenced(labels, now); s != nil {
		silenced = "silenced"
		if s.Comment != "" {
			silenced = s.Comment
		}
	}
	all := []Routed{}
	for _, r := range cfg.Match(labels) {
		found := Routed{
			Route: r.Path, Matchers: strings.Trim(r.Matchers(), "{}"), Channels: r.Channels, Tell: string(r.Tell), Dismissals: r.Dismissals,
			MuteFor: cfg.Mute(r, now), Silenced: silenced,
		}
		if g := r.Group; g.On() {
			found.Group = &Group{g.Labels(labels), g.Wait, g.Interval, g.Repeat}
		}
		all = append(all, found)
	}
	return all, nil
}

// Forwarder publishes on subjects of other people's: *bus.Bus.
type Forwarder = channel.Forwarder

// ErrNoChannel says that no channel has that name; it names those that there are.
type ErrNoChannel struct {
	Name  string
	Known []string
}

// Error implements error.
func (e *ErrNoChannel) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("no channel is called %q: none is on", e.Name)
	}
	return fmt.Sprintf("no channel is called %q, choose among %s", e.Name, strings.Join(e.Known, ", "))
}

// TestChannel sends a message that says that it is a test through one channel of the configuration.
func TestChannel(ctx context.Context, cfg Config, name string, log io.Writer, nats Forwarder) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	all, _, err := cfg.open(log, nats, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	missing := &ErrNoChannel{Name: name}
	for _, ch := range all {
		if ch.Name() != name {
			missing.Known = append(missing.Known, ch.Name())
			continue
		}
		r, err := testRun(time.Now())
		if err != nil {
			return err
		}
		if _, err := ch.Send(ctx, channel.Message{ID: r.Event.ID, Runs: []channel.Run{r}}); err != nil {
			return fmt.Errorf("channel %s: %w", name, err)
		}
		return nil
	}
	return missing
}

// testRun is a result that is none, and says so.
func testRun(now time.Time) (channel.Run, error) {
	run := fmt.Sprintf("test-%d", now.UnixNano())
	const zeros = "0000000000000000000000000000000000000000000000000000000000000000"
	e, err := events.New("squirrly/cli", run, now, events.RecommendationReady{
		Run: run, Identity: events.Identity{Cluster: "test", Namespace: "test", Job: "test"}, JobName: "test", CreatedAt: now,
		Verdict:  events.Verdict{Limit: events.LimitNone, Headline: "This is a test of the channel. No job was profiled.", Confidence: events.ConfidenceHigh},
		Severity: events.SeverityNone, Findings: []events.FindingExcerpt{}, Analysis: events.ObjectRef{Key: "test", SHA256: zeros},
	})
	if err != nil {
		return channel.Run{}, fmt.Errorf("make a test message: %w", err)
	}
	return channel.Read(e)
}
