package bus

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/pkg/events"
)

// TestGenuine: a fact is taken on its own subject, with its own id; one word changed in any place, it is not.
func TestGenuine(t *testing.T) {
	id := events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}
	outcome := events.Outcome{Run: "r1", Identity: id, Code: events.CodeJobGone, Message: "gone"}
	changed := events.FindingChanged{ID: "f-1", Run: "r1", Identity: id, Number: 2, Fingerprint: "p", Title: "t", State: "dismissed"}
	for _, p := range []events.Payload{events.RunFailed{Outcome: outcome}, events.RunCancelled{Outcome: outcome}, events.FindingDismissed{FindingChanged: changed}} {
		fresh := func() (Delivery, events.Event) {
			e, err := events.New("squirrly/test", "r1", time.Now(), p)
			if err != nil {
				t.Fatal(err)
			}
			subject := id.Subject(e.Type, "r1")
			if f, ok := p.(events.FindingDismissed); ok {
				subject, e.ID = id.FindingSubject(e.Type, f.FindingChanged), "r1/"+string(e.Type)+"/f-1-2"
			}
			return Delivery{Subject: subject, Header: events.Header{
				events.HeaderRun: {"r1"}, jetstream.MsgIDHeader: {e.ID},
			}}, e
		}
		d, e := fresh()
		if err := genuine(d, e); err != nil {
			t.Errorf("%s: %v", e.Type, err)
		}
		d.Header[jetstream.MsgIDHeader] = []string{e.ID + "/again"}
		if err := genuine(d, e); err != nil {
			t.Errorf("%s with an addition to its id: %v", e.Type, err)
		}
		for name, change := range map[string]func(*Delivery, *events.Event){
			"the subject of another type": func(d *Delivery, _ *events.Event) { d.Subject = id.Subject(events.TypeRunRejected, "r1") },
			"the subject of another run":  func(d *Delivery, e *events.Event) { d.Subject = id.Subject(e.Type, "r2") },
			"the subject of another job": func(d *Delivery, e *events.Event) {
				d.Subject = events.Identity{Cluster: "prod", Namespace: "flink", Job: "payments"}.Subject(e.Type, "r1")
			},
			"a longer subject":            func(d *Delivery, _ *events.Event) { d.Subject += ".more" },
			"another type":                func(_ *Delivery, e *events.Event) { e.Type = events.TypeRecommendationReady },
			"another run in the envelope": func(_ *Delivery, e *events.Event) { e.RunID = "r2" },
			"another run in the header":   func(d *Delivery, _ *events.Event) { d.Header[events.HeaderRun] = []string{"r2"} },
			"no run in the header":        func(d *Delivery, _ *events.Event) { delete(d.Header, events.HeaderRun) },
			"another id": func(d *Delivery, e *events.Event) {
				e.ID = "r2/" + string(e.Type)
				d.Header[jetstream.MsgIDHeader] = []string{e.ID}
			},
			"another id of the message": func(d *Delivery, _ *events.Event) { d.Header[jetstream.MsgIDHeader] = []string{"x"} },
			"a longer id":               func(d *Delivery, e *events.Event) { d.Header[jetstream.MsgIDHeader] = []string{e.ID + "x"} },
			"no id of the message":      func(d *Delivery, _ *events.Event) { delete(d.Header, jetstream.MsgIDHeader) },
			"no data":                   func(_ *Delivery, e *events.Event) { e.Data = []byte("[]") },
		} {
			d, e := fresh()
			change(&d, &e)
			if err := genuine(d, e); !errors.Is(err, errForged) {
				t.Errorf("%s with %s: %v", p.EventType(), name, err)
			}
		}
	}
}
