package events_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
)

func TestToken(t *testing.T) {
	long := strings.Repeat("a", 49)
	for _, c := range []struct{ in, want string }{
		{"", "_"},
		{"orders-v2", "orders-v2"},
		{strings.Repeat("a", 48), strings.Repeat("a", 48)},
		{long, strings.Repeat("a", 39) + "-8f9bec6a"},
		{"a.b", "a_b-2e7336dc"},
		{"my job", "my_job-0b64d7ce"},
		{"*", "_-684888c0"},
		{">", "_-62b67e1f"},
		{"ä", "__-33e6d73f"},
	} {
		got := events.Token(c.in)
		if got != c.want {
			t.Errorf("Token(%q) = %q, want %q", c.in, got, c.want)
		}
		if len(got) > 48 || strings.ContainsAny(got, ".*> \t") {
			t.Errorf("Token(%q) = %q is no token", c.in, got)
		}
	}
	if events.Token("a.b") == events.Token("a_b") || events.Token("a.b") == events.Token("a b") {
		t.Error("two names share a token")
	}
}

func TestIdentity_Subject(t *testing.T) {
	id := events.Identity{Cluster: "prod", Namespace: "flink", Job: "orders"}
	for got, want := range map[string]string{
		id.Subject(events.TypeProfilePlanned, "r1"):                   "squirrly.v1.profile.planned.prod.flink.orders.r1",
		id.Subject(events.TypeRunFailed, "r1"):                        "squirrly.v1.run.failed.prod.flink.orders.r1",
		id.ChannelSubject(events.TypeNotificationSent, "r1", "slack"): "squirrly.v1.notification.sent.prod.flink.orders.r1.slack",
		id.RequestSubject():                                           "squirrly.v1.profile.requested.prod.flink.orders",
		id.Prefix("r1"):                                               "prod/flink/orders/r1/",
		events.Identity{}.Subject(events.TypeRunRejected, "r1"):       "squirrly.v1.run.rejected._._._.r1",
		events.ResumeSubject("collector", "r1"):                       "squirrly.v1.resume.collector.r1",
	} {
		if got != want {
			t.Errorf("subject %s, want %s", got, want)
		}
	}
}

// The ids are those of RFC 9562 UUIDv5 in the namespace of squirrly.dev, computed with another implementation.
func TestRunID(t *testing.T) {
	at := time.Date(2026, 11, 23, 23, 30, 0, 0, time.FixedZone("", 3600))
	if got, want := events.RunIDFromEvent("ci", "7"), "bd8cc2d4-e8ea-5ec5-bca9-614dc71b28ae"; got != want {
		t.Errorf("RunIDFromEvent = %s, want %s", got, want)
	}
	if events.RunIDFromEvent("ci", "7") == events.RunIDFromEvent("ci", "8") {
		t.Error("two events gave one run")
	}
	if events.RunIDFromMsgID("x", at) != events.RunIDFromMsgID("x", at.Add(-time.Hour)) {
		t.Error("the same message id on one UTC day gave two runs")
	}
	if events.RunIDFromMsgID("x", at) == events.RunIDFromMsgID("x", at.Add(24*time.Hour)) {
		t.Error("the same message id on two days gave one run")
	}
	if events.RunIDFromSequence("S", at, 1) == events.RunIDFromSequence("S", at.Add(time.Second), 1) {
		t.Error("two streams of one name gave one run")
	}
}

const plain = `{"target":{"url":"http://jm:8081"},"modes":["WALL"],"duration":"10s"}`

func TestDecodeRequest_Forms(t *testing.T) {
	structured := `{"specversion":"1.0","id":"7","source":"ci","type":"dev.squirrly.profile.requested.v1","data":` + plain + `}`
	for name, c := range map[string]struct {
		header events.Header
		body   string
		origin events.RequestOrigin
	}{
		"plain":                   {nil, plain, events.RequestOrigin{}},
		"structured":              {events.Header{"content-type": {"application/cloudevents+json; charset=utf-8"}}, structured, events.RequestOrigin{Source: "ci", ID: "7"}},
		"structured, bare header": {nil, structured, events.RequestOrigin{Source: "ci", ID: "7"}},
		"binary, any case": {
			events.Header{
				"Ce-SpecVersion": {"1.0"}, "CE-ID": {"a%20b"}, "ce-source": {"ci"},
				"ce-type": {"dev.squirrly.profile.requested.v1"}, "traceparent": {"00-1"},
			},
			plain,
			events.RequestOrigin{Source: "ci", ID: "a b", TraceParent: "00-1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, origin, err := events.DecodeRequest(c.header, []byte(c.body))
			if err != nil {
				t.Fatal(err)
			}
			if origin != c.origin {
				t.Errorf("origin %+v, want %+v", origin, c.origin)
			}
			if r.Target.URL != "http://jm:8081" || len(r.Modes) != 1 || r.Duration.Seconds() != 10 {
				t.Errorf("request %+v", r)
			}
		})
	}
}

func TestDecodeRequest_Faults(t *testing.T) {
	for name, c := range map[string]struct{ body, field string }{
		"typo":               {`{"target":{"url":"http://jm:8081"},"duraton":"10s"}`, "duraton"},
		"nothing":            {`{}`, "target"},
		"two targets":        {`{"target":{"url":"http://jm:8081","deployment":"a"}}`, "target"},
		"credentials in URL": {`{"target":{"url":"http://u:p@jm:8081"}}`, "target.url"},
		"file URL":           {`{"target":{"url":"file:///etc/passwd"}}`, "target.url"},
		"mode":               {`{"target":{"url":"http://jm:8081"},"modes":["cpu"]}`, "modes[0]"},
		"duration":           {`{"target":{"url":"http://jm:8081"},"duration":"soon"}`, "duration"},
		"negative":           {`{"target":{"url":"http://jm:8081"},"duration":"-3s"}`, "duration"},
		"foreign upload": {`{"target":{"url":"http://jm:8081"},"context":[{"name":"a","key":"prod/x/y/captures/z","sha256":"` +
			strings.Repeat("0", 64) + `"}]}`, "context[0].key"},
		"time":        {`{"target":{"url":"http://jm:8081"},"expires":"soon"}`, "expires"},
		"long typo":   {`{"` + strings.Repeat("x", 60000) + `":1}`, strings.Repeat("x", 80) + "…"},
		"wrong type":  {`{"target":7}`, "target"},
		"wrong event": {`{"specversion":"1.0","id":"1","source":"s","type":"dev.squirrly.run.failed.v1","data":{}}`, "type"},
		"no id":       {`{"specversion":"1.0","source":"s","type":"dev.squirrly.profile.requested.v1","data":{}}`, "id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := events.DecodeRequest(nil, []byte(c.body))
			var fe *events.FieldError
			if !errors.As(err, &fe) || fe.Field != c.field || fe.Expected == "" || len(err.Error()) > 512 {
				t.Errorf("error %v, want one of field %s", err, c.field)
			}
		})
	}
	if _, _, err := events.DecodeRequest(nil, []byte(plain+"{}")); err == nil {
		t.Error("text after the request was accepted")
	}
	if _, _, err := events.DecodeRequest(nil, []byte("not json")); err == nil {
		t.Error("garbage was accepted")
	}
}

func TestDecodeCancel(t *testing.T) {
	subject := events.SubjectCancel + "r1"
	for _, body := range []string{"", `{"run":"r1"}`, `{"run":"r1","reason":"wrong job"}`} {
		if c, err := events.DecodeCancel(nil, subject, []byte(body)); err != nil || c.Run != "r1" {
			t.Errorf("DecodeCancel(%q) = %+v, %v", body, c, err)
		}
	}
	if _, err := events.DecodeCancel(nil, subject, []byte(`{"run":"r2"}`)); err == nil {
		t.Error("a body that names another run was accepted")
	}
}

// A newer service may add fields to facts; an older one reads on.
func TestData_IgnoresUnknownFields(t *testing.T) {
	e := events.Event{
		SpecVersion: "1.0", ID: "1", Source: "s", Type: events.TypeRunFailed,
		Data: json.RawMessage(`{"run":"r1","code":"internal","message":"m","new":1}`),
	}
	f, err := events.Data[events.RunFailed](e)
	if err != nil || f.Code != events.CodeInternal {
		t.Errorf("Data = %+v, %v", f, err)
	}
	e.Data = json.RawMessage(`{"run":"r1"}`)
	var fe *events.FieldError
	if _, err := events.Data[events.RunFailed](e); !errors.As(err, &fe) || fe.Field != "data.code" {
		t.Errorf("error %v, want one of data.code", err)
	}
}

func TestExcerpt_Fits(t *testing.T) {
	a := events.Analysis{
		Run: "r1", Severity: events.SeverityWarning,
		Verdict: events.Verdict{Headline: "h", Limit: events.LimitNone},
	}
	long := strings.Repeat("x", 2000)
	for i := range 20 {
		f := events.Finding{ID: string(rune('a' + i)), Title: long, Cause: long, Where: long}
		for j := range 12 {
			id := f.ID + string(rune('a'+j))
			a.Evidence = append(a.Evidence, events.Fact{ID: id, Text: long[:300]})
			f.Evidence = append(f.Evidence, id)
		}
		a.Findings = append(a.Findings, f)
	}
	ref := events.ObjectRef{Key: "k", SHA256: strings.Repeat("0", 64), Size: 1}
	r, err := events.Excerpt(a, ref, "")
	if err != nil {
		t.Fatal(err)
	}
	if !r.Truncated || len(r.Findings) == 0 || len(r.Findings) > events.MaxEventFindings {
		t.Errorf("%d findings, truncated %v", len(r.Findings), r.Truncated)
	}
	if n := len(r.Findings[0].Facts); n != events.MaxEventFacts {
		t.Errorf("%d facts, want %d", n, events.MaxEventFacts)
	}
	e, err := events.New("test", "r1", time.Now(), r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Encode(); err != nil {
		t.Error(err)
	}
}

func TestCodes_HaveHints(t *testing.T) {
	for code, hint := range events.Codes() {
		if hint == "" || !strings.HasSuffix(hint, ".") || events.Token(string(code)) == "" {
			t.Errorf("%s: hint %q is no sentence", code, hint)
		}
	}
}

func TestState_Order(t *testing.T) {
	if !events.StateCaptured.Reached(events.StateProfiling) || events.StatePlanned.Reached(events.StateCaptured) {
		t.Error("states are out of order")
	}
	for _, s := range []events.State{events.StateAnalyzed, events.StateRejected, events.StateFailed, events.StateCancelled} {
		if !s.Terminal() || !s.Reached(events.StateAnalyzing) {
			t.Errorf("%s is terminal", s)
		}
	}
	if events.StateAnalyzing.Terminal() || events.State("x").Known() {
		t.Error("unknown or working states count as terminal")
	}
}

func FuzzDecodeRequest(f *testing.F) {
	f.Add("", plain)
	f.Add("application/cloudevents+json", `{"specversion":"1.0","id":"7","source":"ci","type":"dev.squirrly.profile.requested.v1","data":`+plain+`}`)
	f.Add("", `{"target":{"url":"http://[::1"}}`)
	f.Fuzz(func(t *testing.T, contentType, body string) {
		r, _, err := events.DecodeRequest(events.Header{"Content-Type": {contentType}}, []byte(body))
		if err == nil && r.Validate() != nil {
			t.Error("an invalid request was accepted")
		}
	})
}

func FuzzDecodeEvent(f *testing.F) {
	f.Add(`{"specversion":"1.0","id":"1","source":"s","type":"dev.squirrly.artifact.ready.v1","data":{"run":"r"}}`)
	f.Fuzz(func(t *testing.T, body string) {
		e, err := events.DecodeEvent([]byte(body))
		if err != nil {
			return
		}
		_, _ = events.Data[events.ArtifactReady](e)
		_, _ = events.Data[events.RecommendationReady](e)
		if e.Validate() != nil {
			t.Error("an invalid event was accepted")
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add("orders")
	f.Add("a.b>*")
	f.Fuzz(func(t *testing.T, name string) {
		tok := events.Token(name)
		if tok == "" || len(tok) > 48 || strings.ContainsAny(tok, ".*> \t\r\n") || events.Token(tok) != tok && len(tok) <= 39 && !strings.Contains(tok, "_") {
			t.Errorf("Token(%q) = %q", name, tok)
		}
	})
}
