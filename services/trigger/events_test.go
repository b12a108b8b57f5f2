package trigger_test

import (
	"net/http"
	"testing"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const deployed = `{"specversion":"1.0","id":"1","source":"/ci","type":"com.example.deployed","subject":"orders","data":{"stage":"prod"}}`

// An event by HTTP in both modes, and by NATS, makes one run for each of its ids; what is ours, or what descends from a
// run, makes none.
func TestEvents(t *testing.T) {
	b, addrs := watchingAlerts(t, "0s")
	structured := http.Header{"Content-Type": {events.ContentType}}
	status, got := tell(t, addrs[0], "cloudevents", structured, []byte(deployed))
	if status != http.StatusAccepted || got.Requests != 1 {
		t.Fatalf("HTTP %d %+v", status, got)
	}
	await(t, b, got.Runs[0], is(events.StatePlanned))
	if _, got = tell(t, addrs[1], "cloudevents", structured, []byte(deployed)); got.Requests != 0 || got.Matched != 1 {
		t.Errorf("the same again: %+v", got)
	}
	binary := http.Header{
		"Content-Type": {"application/json"}, "Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {"/ci"},
		"Ce-Type": {"com.example.deployed"}, "Ce-Subject": {"carts"},
	}
	if _, got = tell(t, addrs[1], "cloudevents", binary, []byte(`{"stage":"prod"}`)); got.Requests != 1 {
		t.Errorf("binary mode: %+v", got)
	}
	if _, got = tell(t, addrs[1], "cloudevents", binary, []byte(`{"stage":"test"}`)); got.Matched != 0 {
		t.Errorf("of the data that is left out: %+v", got)
	}
	const id = "1e9b84ce-433c-529f-af1d-788d2d2f9cde"
	if _, err := run.New(b).Create(t.Context(), run.Record{Run: id, State: events.StateAnalyzed}); err != nil {
		t.Fatal(err)
	}
	for name, own := range map[string]string{
		"our source": `{"specversion":"1.0","id":"2","source":"squirrly/analyzer","type":"com.example.deployed","subject":"carts"}`,
		"our type":   `{"specversion":"1.0","id":"3","source":"/ci","type":"dev.squirrly.run.failed.v1","subject":"carts"}`,
		"our run":    `{"specversion":"1.0","id":"4","source":"/ci","type":"com.example.deployed","subject":"carts","runid":"x"}`,
		"in data":    `{"specversion":"1.0","id":"5","source":"/ci","type":"com.example.deployed","subject":"carts","data":{"why":["` + id + `"]}}`,
	} {
		if _, got = tell(t, addrs[0], "cloudevents", structured, []byte(own)); got.Requests != 0 || got.OwnDoing != 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, wrong := range []string{"", "{}", "[]", `{"specversion":"1.0","id":"6","source":"/ci"}`, `{"specversion":"0.3","id":"6","source":"/ci","type":"x"}`} {
		if status, got = tell(t, addrs[0], "cloudevents", structured, []byte(wrong)); status != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d %+v", wrong, status, got)
		}
	}
}

// An event on NATS waits in the inbox like a request.
func TestEvents_NATS(t *testing.T) {
	b, _ := watchingAlerts(t, "0s")
	for range 2 {
		if err := b.Publish(t.Context(), events.SubjectEvent, "", nil, []byte(deployed)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Publish(t.Context(), events.SubjectEvent, "", nil, []byte("no event")); err != nil {
		t.Fatal(err)
	}
	runs := all(t, b, 1, 20*time.Second)
	if len(runs) != 1 || runs[0].Plan.Reason != "policy alerts: event com.example.deployed of /ci" {
		t.Errorf("%+v", runs)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		letters, err := b.DeadLetters(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(letters) == 1 && letters[0].Reason == events.CodeUndecodable {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%+v", letters)
		}
	}
}
