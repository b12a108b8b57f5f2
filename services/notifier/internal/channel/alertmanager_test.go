package channel_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/models"
	"github.com/prometheus/common/model"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// alertServer takes alerts as Alertmanager does: by the models of its API and the rules of its alerts. It knows an alert by
// its labels.
type alertServer struct {
	t      testing.TB
	mu     sync.Mutex
	alerts map[string]*models.PostableAlert
	posts  int
}

func newAlerts(t testing.TB) *alertServer {
	return &alertServer{t: t, alerts: map[string]*models.PostableAlert{}}
}

func (a *alertServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var all models.PostableAlerts
	if err == nil {
		err = json.Unmarshal(body, &all)
	}
	if err == nil {
		err = all.Validate(strfmt.Default)
	}
	if err != nil || r.URL.Path != "/api/v2/alerts" || r.Header.Get("Content-Type") != "application/json" {
		a.t.Errorf("refused: %v, %s, %s", err, r.URL.Path, body)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.posts++
	for _, x := range all {
		set := model.LabelSet{}
		for name, value := range x.Labels {
			if !model.LegacyValidation.IsValidLabelName(name) || value == "" || !model.LabelValue(value).IsValid() {
				a.t.Errorf("label %s=%q", name, value)
			}
			set[model.LabelName(name)] = model.LabelValue(value)
		}
		for name, value := range x.Annotations {
			if !model.LegacyValidation.IsValidLabelName(name) || value == "" || !model.LabelValue(value).IsValid() {
				a.t.Errorf("annotation %s=%q", name, value)
			}
			harmless(a.t, value)
		}
		if time.Time(x.EndsAt).Before(time.Time(x.StartsAt)) || len(x.Labels) == 0 || x.Labels["alertname"] == "" {
			a.t.Errorf("alert %+v", x)
		}
		a.alerts[set.Fingerprint().String()] = x
	}
}

// firing are the alerts that have not ended at a time, by title and severity.
func (a *alertServer) firing(at time.Time) map[string]*models.PostableAlert {
	all := map[string]*models.PostableAlert{}
	for _, x := range a.alerts {
		if time.Time(x.EndsAt).After(at) {
			all[x.Labels["alertname"]+" "+x.Labels["finding"]+" "+x.Labels["severity"]] = x
		}
	}
	return all
}

// A finding is an alert until it is resolved; one whose severity changes is one alert all the same.
func TestAlertmanager(t *testing.T) {
	a := newAlerts(t)
	srv := newReceiver(t, a, "")
	ch := open(t, &channel.AlertSettings{URL: srv.URL + "/", TokenFile: "x", Labels: []string{"team"}})
	m := news(t)
	m.Runs[0].Ready.Labels = map[string]string{"team": "fraud", "other": "x"}
	now := m.Runs[0].Event.Time.Add(time.Hour)
	for range 2 { // told again, it is the same
		if _, err := ch.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	fires := a.firing(now)
	first := fires["SquirrlyFinding aaaaaaaaaaaa critical"]
	if len(fires) != 2 || first == nil || fires["SquirrlyFinding bbbbbbbbbbbb warning"] == nil {
		t.Fatalf("firing: %v", fires)
	}
	if first.Labels["job"] != "orders" || first.Labels["team"] != "fraud" || first.Labels["other"] != "" || first.GeneratorURL != "https://squirrly.example/run-1" ||
		!time.Time(first.StartsAt).Equal(time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC)) {
		t.Errorf("alert %+v", first)
	}
	for name, want := range map[string]string{
		"summary": "orders: New, up to 10×: A blocking wait in user code", "change": "Use asynchronous I/O.", "worth": "up to 10x", "sure": "proven",
		"dismiss": "squirrly findings dismiss aaaaaaaaaaaa --as wrong", "verdict": "Vertex enrich limits the job: Enrich.map sleeps.",
	} {
		if first.Annotations[name] != want {
			t.Errorf("%s: %q, want %q", name, first.Annotations[name], want)
		}
	}
	reminds := m
	reminds.Runs = slices.Clone(m.Runs)
	again := change(events.LifeOpened, "aaaaaaaaaaaa", "A blocking wait in user code")
	again.Reminds, again.At = true, m.Runs[0].Event.Time.Add(6*24*time.Hour)
	reminds.Runs[0].Changes = []channel.Change{again}
	if _, err := ch.Send(t.Context(), reminds); err != nil || a.firing(now.Add(8 * 24 * time.Hour))["SquirrlyFinding aaaaaaaaaaaa critical"] == nil {
		t.Errorf("a reminder: %v, %v", a.firing(now.Add(8*24*time.Hour)), err)
	}
	worse := change(events.LifeWorsened, "bbbbbbbbbbbb", "Records copied") // critical now
	gone := change(events.LifeResolved, "aaaaaaaaaaaa", "A blocking wait in user code")
	m.Runs[0].Changes = []channel.Change{worse, gone}
	if _, err := ch.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if fires = a.firing(now); len(fires) != 1 || fires["SquirrlyFinding bbbbbbbbbbbb critical"] == nil {
		t.Errorf("firing: %v", fires)
	}
	if _, err := ch.Send(t.Context(), message(t, rejected())); err != nil || a.firing(now)["SquirrlyRunFailed  "] == nil {
		t.Errorf("a run without a result: %v, %v", a.firing(now), err)
	}
	well := message(t, ready())
	well.Runs[0].Recovered = events.CodeSeveralJobs
	if _, err := ch.Send(t.Context(), well); err != nil || a.firing(now)["SquirrlyRunFailed  "] != nil {
		t.Errorf("runs that end with a result again: %v, %v", a.firing(now), err)
	}
	if _, err := ch.Send(t.Context(), message(t, ready())); err != nil { // nothing changes
		t.Error(err)
	}
}

// Whatever is in a result, Alertmanager takes it.
func FuzzAlertmanager(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a := newAlerts(t)
		srv := newReceiver(t, a, "")
		m := poisoned(t, s)
		m.Runs[0].Ready.Labels = map[string]string{"team": s}
		if _, err := open(t, &channel.AlertSettings{URL: srv.URL, Labels: []string{"team"}}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		for _, x := range a.alerts {
			for name, value := range x.Annotations {
				if strings.Contains(value, "<!here>") || strings.Contains(value, "@everyone") || strings.Contains(value, "](") {
					t.Errorf("%s: %s", name, value)
				}
			}
		}
	})
}
