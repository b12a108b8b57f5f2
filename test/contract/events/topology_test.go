package events_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/pkg/events"
)

// topology is what the document says of streams and durables.
type topology struct {
	Streams  map[string]stream  `yaml:"streams"`
	Durables map[string]durable `yaml:"durables"`
}

type stream struct {
	Subjects        []string `yaml:"subjects"`
	Retention       string   `yaml:"retention"`
	Discard         string   `yaml:"discard"`
	MaxMsgSize      int32    `yaml:"maxMsgSize"`
	MaxBytes        int64    `yaml:"maxBytes"`
	MaxAge          string   `yaml:"maxAge"`
	DuplicateWindow string   `yaml:"duplicateWindow"`
}

type durable struct {
	Stream  string   `yaml:"stream"`
	Filters []string `yaml:"filters"`
}

// The document describes the streams and durables that are made, as the server has them.
func TestAsyncAPI_JetStream(t *testing.T) {
	have := topology{Streams: map[string]stream{}, Durables: map[string]durable{}}
	js := bustest.JetStream(bustest.Start(t, "log"))
	for info := range js.ListStreams(t.Context()).Info() {
		if strings.HasPrefix(info.Config.Name, "KV_") || strings.HasPrefix(info.Config.Name, "OBJ_") {
			continue
		}
		c := info.Config
		have.Streams[c.Name] = stream{
			Subjects: c.Subjects, Retention: strings.ToLower(c.Retention.String()), Discard: discard(c.Discard),
			MaxMsgSize: c.MaxMsgSize, MaxBytes: c.MaxBytes,
			MaxAge: c.MaxAge.String(), DuplicateWindow: c.Duplicates.String(),
		}
		s, err := js.Stream(t.Context(), c.Name)
		if err != nil {
			t.Fatal(err)
		}
		for consumer := range s.ListConsumers(t.Context()).Info() {
			name := consumer.Config.Durable
			if name == events.DurableNotifierPrefix+"log" {
				name = events.DurableNotifierPrefix + "{channel}"
			}
			filters := append([]string{}, consumer.Config.FilterSubjects...)
			have.Durables[name] = durable{Stream: c.Name, Filters: filters}
		}
	}
	if diff := cmp.Diff(document(t, asyncAPIText(t)).JetStream, have); diff != "" {
		t.Errorf("(-documented +made):\n%s", diff)
	}
}

func discard(p jetstream.DiscardPolicy) string {
	if p == jetstream.DiscardNew {
		return "new"
	}
	return "old"
}
