package trigger_test

import (
	"strings"
	"testing"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/services/trigger"
)

// A request that cannot be read may hold a password, in a URL or in a field of its own: neither the dead letter nor a record keeps it.
// What holds none is kept as it came.
func TestUndecodable_KeepsNoSecret(t *testing.T) {
	b := bustest.Start(t)
	start(t, b, access.Config{Local: true}, trigger.Config{HTTPAddr: "off"})
	const harmless = `{"target":{"url":"http://jobmanager:8081"},"duration":`
	for _, body := range []string{
		`{"target":{"url":"http://ops:hunter2-Canary@host:8081"}`, `target: http://ops:hunter2-Canary@host:8081`,
		`{"target":{"url":"http://host:8081","password":"hunter2-Canary"`, `Authorization: Bearer hunter2-Canary.abcdefgh`, harmless,
	} {
		ask(t, b, body)
	}
	eventually(t, "all are dead letters", func() bool {
		all, err := b.DeadLetters(t.Context(), 10)
		return err == nil && len(all) == 5
	})
	all, err := b.DeadLetters(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	same := false
	for _, l := range all {
		if text := string(l.Body) + l.Error; l.Reason != "undecodable" || strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", l.Reason, text)
		}
		same = same || string(l.Body) == harmless
	}
	if !same {
		t.Errorf("what holds no secret was changed: %+v", all)
	}
	for _, rec := range records(t, b) {
		if o := rec.Outcome; o == nil || strings.Contains(o.Message, "hunter2") {
			t.Errorf("%+v", rec)
		}
	}
}
