package channel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// published checks a document against the schema of events that is published.
func published(t testing.TB, doc string) {
	t.Helper()
	const base, dir = "https://squirrly.dev/pkg/events/schemas/", "../../../../pkg/events/schemas"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		s, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+f.Name(), s); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + "event.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(v); err != nil {
		t.Errorf("not as published: %v\n%s", err, doc)
	}
}

// hooked is what a webhook with a secret sends of a message.
func hooked(t testing.TB, secret string, m channel.Message) (bodies []string, headers []http.Header) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		bodies, headers = append(bodies, string(body)), append(headers, r.Header)
	}))
	defer srv.Close()
	w, err := channel.NewWebhook("webhook", srv.URL, secret, netguard.Outbound(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return bodies, headers
}

// The body says what changed, and is what the schemas say.
func TestWebhook_Changes(t *testing.T) {
	for name, m := range map[string]channel.Message{
		"changes": news(t), "a result": message(t, ready()), "a refusal": message(t, rejected()),
	} {
		t.Run(name, func(t *testing.T) {
			bodies, _ := hooked(t, secret, m)
			if len(bodies) != 1 {
				t.Fatalf("%d posts", len(bodies))
			}
			published(t, bodies[0])
			e, err := events.DecodeEvent([]byte(bodies[0]))
			if err != nil {
				t.Fatal(err)
			}
			if m.Runs[0].Ready == nil {
				return
			}
			r, err := events.Data[events.RecommendationReady](e)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Changes) != len(m.Runs[0].Changes) {
				t.Fatalf("%d changes, want %d: %s", len(r.Changes), len(m.Runs[0].Changes), bodies[0])
			}
			for i, c := range m.Runs[0].Changes {
				if got := r.Changes[i]; got.Change != c.Kind || got.ID != c.ID || got.Dismiss != c.Dismiss || got.Title != c.Title {
					t.Errorf("change %d: %+v", i, got)
				}
			}
		})
	}
}

// What does not fit is left out, and the event says so; it never grows beyond what the contract allows.
func TestWebhook_TooManyChanges(t *testing.T) {
	m := news(t)
	for range 200 {
		c := change(events.LifeOpened, "dddddddddddd", strings.Repeat("long ", 100))
		m.Runs[0].Changes = append(m.Runs[0].Changes, c)
	}
	bodies, _ := hooked(t, secret, m)
	e, err := events.DecodeEvent([]byte(bodies[0]))
	if err != nil {
		t.Fatal(err)
	}
	r, err := events.Data[events.RecommendationReady](e)
	if err != nil || !r.Truncated || len(r.Changes) < 20 || len(r.Changes) > 200 {
		t.Errorf("%d changes, truncated %t, %v", len(r.Changes), r.Truncated, err)
	}
}

// While a receiver changes its secret, either of the two verifies.
func TestWebhook_TwoSecrets(t *testing.T) {
	const next = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	for given, want := range map[string][2]bool{secret: {true, false}, next: {false, true}, secret + "\n" + next: {true, true}} {
		bodies, headers := hooked(t, given, message(t, ready()))
		for i, each := range []string{secret, next} {
			v, err := standardwebhooks.NewWebhook(each)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Verify([]byte(bodies[0]), headers[0]); (err == nil) != want[i] {
				t.Errorf("secret %d: %v", i, err)
			}
		}
	}
}

// A run whose changes are told in parts is told by several messages: a receiver that drops what it has takes each of them,
// and each of them once.
func TestWebhook_Parts(t *testing.T) {
	seen := map[string]int{}
	for _, id := range []string{"channel.route/1", "channel.route/1", "channel.other/1", ""} {
		m := news(t)
		run := m.Runs[0].Event.ID
		if id == "" {
			id = run
		}
		m.ID = id
		bodies, headers := hooked(t, secret, m)
		e, err := events.DecodeEvent([]byte(bodies[0]))
		if err != nil || e.ID != headers[0].Get("webhook-id") || id == run && e.ID != run || id != run && e.CausationID != run {
			t.Errorf("event %s of %s, webhook-id %s, %v", e.ID, e.CausationID, headers[0].Get("webhook-id"), err)
		}
		published(t, bodies[0])
		seen[e.ID]++
	}
	if len(seen) != 3 {
		t.Errorf("ids %v", seen)
	}
}
