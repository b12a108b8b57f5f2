// Package alert reads what Alertmanager sends to a webhook (its version 4) and makes offers of the alerts that fire. It
// decides about nothing.
package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
)

// MaxBytes bounds one message: thousands of alerts.
const MaxBytes = 4 << 20

// message is the body of a webhook, as far as it matters. Alertmanager adds fields now and then.
type message struct {
	Version string  `json:"version"`
	Alerts  []alert `json:"alerts"`
}

type alert struct {
	Status      string            `json:"status"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"startsAt"`
	Fingerprint string            `json:"fingerprint"`
}

const (
	version   = "4"
	firing    = "firing"
	resolved  = "resolved"
	nameLabel = "alertname"
)

// Read returns the offers of the alerts that fire, and counts those that descend from a run of ours.
func Read(ctx context.Context, records source.Records, body []byte) ([]source.Offer, int, error) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, 0, source.Invalid("not the JSON of an Alertmanager webhook: %w", err)
	}
	if m.Version != version {
		return nil, 0, source.Invalid("field version: expected %q, got %q", version, cut(m.Version))
	}
	if len(m.Alerts) == 0 {
		return nil, 0, source.Invalid("field alerts: expected at least one")
	}
	var offers []source.Offer
	own := 0
	for i, a := range m.Alerts {
		if err := a.check(); err != nil {
			return nil, 0, source.Invalid("field alerts[%d]: %w", i, err)
		}
		if a.Status == resolved {
			continue
		}
		descends, err := source.Descends(ctx, records, a.Labels, a.Annotations)
		if err != nil {
			return nil, 0, err
		}
		if descends {
			own++
			continue
		}
		offers = append(offers, a.offer())
	}
	return offers, own, nil
}

func (a alert) check() error {
	switch {
	case a.Status != firing && a.Status != resolved:
		return fmt.Errorf("status: expected firing or resolved, got %q", cut(a.Status))
	case len(a.Labels) == 0:
		return fmt.Errorf("labels: expected at least one")
	case a.StartsAt.IsZero():
		return fmt.Errorf("startsAt: expected a time")
	}
	return nil
}

// offer names the alert by its labels and by when it began to fire: Alertmanager repeats an alert while it fires.
func (a alert) offer() source.Offer {
	id := a.Fingerprint
	if id == "" {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
			parts = append(parts, name, a.Labels[name])
		}
		id = policy.Token(parts...)
	}
	return source.Offer{
		ID:     policy.Token(id) + "/" + a.StartsAt.UTC().Format(time.RFC3339),
		Labels: a.Labels, Began: a.StartsAt, Why: "alert " + strings.TrimSpace(cut(a.Labels[nameLabel])+" fires"),
	}
}

// cut keeps what others wrote short.
func cut(s string) string {
	const most = 100
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
