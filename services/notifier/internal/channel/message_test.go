package channel_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// told is a result with everything that a model may add to it.
func told() events.RecommendationReady {
	r := ready()
	r.Findings = append(r.Findings, events.FindingExcerpt{Finding: events.Finding{
		ID: "L1", Title: "Records copied", Severity: events.SeverityWarning, Proof: events.ProofSupported, Origin: events.OriginLLM,
		Confidence: events.ConfidenceMedium, Evidence: []string{"F1"},
	}, Facts: []events.Fact{}})
	r.Doubts = []events.Doubt{{Finding: "1", Text: "The model claims records copied instead of 1."}}
	r.Readings = []events.Reading{{About: "1", Kind: events.ReadingCause, Text: "It looks like a throttle."}}
	return r
}

// Only the readings go: the id, the other fields, and those of a later version stay as they are.
func TestMessage_WithoutReadings(t *testing.T) {
	m := run(t, told())
	m.Event.Data = bytes.Replace(m.Event.Data, []byte("{"), []byte(`{"ofALaterVersion":[1e400,"<"],`), 1)
	before := bytes.Clone(m.Event.Data)
	got, err := m.WithoutReadings()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Event.Data, before) || len(m.Ready.Readings) != 1 {
		t.Error("the message itself was changed")
	}
	var all, left map[string]json.RawMessage
	if err := json.Unmarshal(before, &all); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got.Event.Data, &left); err != nil {
		t.Fatal(err)
	}
	if _, there := left["readings"]; there || len(left) != len(all)-1 || len(got.Ready.Readings) != 0 || got.Event.ID != m.Event.ID {
		t.Errorf("left: %s", got.Event.Data)
	}
	if string(left["ofALaterVersion"]) != `[1e400,"\u003c"]` || !bytes.Contains(got.Event.Data, []byte(`"proof":"supported"`)) {
		t.Errorf("another field was changed: %s", got.Event.Data)
	}

	plain := run(t, ready())
	if got, err := plain.WithoutReadings(); err != nil || !bytes.Equal(got.Event.Data, plain.Event.Data) {
		t.Errorf("a result without readings was changed: %s, %v", got.Event.Data, err)
	}
	failed := run(t, rejected())
	if got, err := failed.WithoutReadings(); err != nil || !bytes.Equal(got.Event.Data, failed.Event.Data) {
		t.Errorf("a refusal was changed: %s, %v", got.Event.Data, err)
	}
}

// Each channel marks what is not proven, and tells a reading for what it is.
func TestChannels_TellWhatIsNotProven(t *testing.T) {
	var log bytes.Buffer
	if _, err := channel.NewLog("log", &log, channel.FormatText).Send(t.Context(), message(t, told())); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(log.String()), " ")
	for _, want := range []string{
		"L1 Records copied warning · supported, not proven", "a suggestion of the model",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q:\n%s", want, log.String())
		}
	}
	var f forwarded
	s, err := channel.NewSubject("nats", "acme", &f)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(t.Context(), message(t, told())); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(f.body, []byte(`"proof":"supported"`)) || !bytes.Contains(f.body, []byte(`"readings":[{"about":"1"`)) {
		t.Errorf("forwarded: %s", f.body)
	}
}
