package channel_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// slackServer is Slack as far as a bot that posts sees it. It refuses what Slack refuses.
type slackServer struct {
	t        testing.TB
	mu       sync.Mutex
	messages map[string]slackMessage // by time stamp
	order    []string
	own      bool   // the messages hold markup of a template's
	refuse   string // what the next request is answered
}

type slackMessage struct {
	thread, text string
	blocks       []slackBlock
	updates      int
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackPart  `json:"text"`
	Elements []slackPart `json:"elements"`
}

type slackPart struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

func newSlack(t testing.TB) *slackServer {
	return &slackServer{t: t, messages: map[string]slackMessage{}}
}

func (s *slackServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	ts, err := s.take(r)
	if err != "" {
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, err)
		return
	}
	fmt.Fprintf(w, `{"ok":true,"channel":"C1","ts":%q}`, ts)
}

func (s *slackServer) take(r *http.Request) (ts, refused string) {
	if s.refuse != "" {
		refused, s.refuse = s.refuse, ""
		return "", refused
	}
	if err := r.ParseForm(); err != nil {
		return "", "invalid_form_data"
	}
	if r.Header.Get("Authorization") != "Bearer "+token && r.Form.Get("token") != token {
		return "", "invalid_auth"
	}
	m := slackMessage{thread: r.Form.Get("thread_ts"), text: r.Form.Get("text")}
	if err := json.Unmarshal([]byte(r.Form.Get("blocks")), &m.blocks); err != nil {
		return "", "invalid_blocks_format"
	}
	if why := slackRefuses(m, s.own); why != "" {
		s.t.Error(why)
		return "", "invalid_blocks"
	}
	if r.Form.Get("unfurl_links") != "false" && !strings.HasSuffix(r.URL.Path, "update") {
		s.t.Error("links are unfurled")
	}
	switch r.URL.Path {
	case "/chat.postMessage":
		ts = fmt.Sprintf("17000.%06d", len(s.order)+1)
		s.order = append(s.order, ts)
	case "/chat.update":
		ts = r.Form.Get("ts")
		old, ok := s.messages[ts]
		if !ok || r.Form.Get("channel") != "C1" {
			return "", "message_not_found"
		}
		m.thread, m.updates = old.thread, old.updates+1
	default:
		return "", "unknown_method"
	}
	s.messages[ts] = m
	return ts, ""
}

// slackRefuses says what Slack would not take of a message, by its published limits.
//
// https://docs.slack.dev/reference/block-kit/blocks
func slackRefuses(m slackMessage, own bool) string {
	if len(m.blocks) == 0 || len(m.blocks) > 50 {
		return fmt.Sprintf("%d blocks", len(m.blocks))
	}
	if n := utf8.RuneCountInString(m.text); n == 0 || n > 4000 {
		return fmt.Sprintf("a text of %d characters", n)
	}
	if live(m.text) {
		return "markup in the text: " + m.text
	}
	for _, b := range m.blocks {
		most := map[string]int{"header": 150, "section": 3000, "context": 2000}[b.Type]
		parts := b.Elements
		if b.Text != nil {
			parts = append(parts, *b.Text)
		}
		if most == 0 || len(parts) == 0 || len(parts) > 10 {
			return "a block of type " + b.Type
		}
		for _, p := range parts {
			if n := utf8.RuneCountInString(p.Text); n == 0 || n > most {
				return fmt.Sprintf("%d characters in a block of type %s", n, b.Type)
			}
			if p.Type == "mrkdwn" && (!own && live(p.Text) || !p.Verbatim) {
				return "markup in a block: " + p.Text
			}
		}
	}
	return ""
}

var ours = regexp.MustCompile(`<https?://[^<>|]+\|Report>`)

// live reports links and mentions that are not Squirrly's own.
func live(text string) bool {
	return strings.ContainsAny(ours.ReplaceAllString(text, ""), "<>")
}

// A finding has one message, which says how it is now, and a thread that says what happened.
func TestSlack_Thread(t *testing.T) {
	s := newSlack(t)
	srv := newReceiver(t, s, "")
	ch := open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL})
	m := news(t)
	m.Runs[0].Changes = m.Runs[0].Changes[:2]
	known, err := ch.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.order) != 2 || known["aaaaaaaaaaaa"] != "C1:17000.000001" || known["bbbbbbbbbbbb"] != "C1:17000.000002" {
		t.Fatalf("%d messages, receipt %v", len(s.order), known)
	}
	if again, err := ch.Send(t.Context(), m); err != nil || len(s.order) != 2 || again["aaaaaaaaaaaa"] != known["aaaaaaaaaaaa"] {
		t.Errorf("a second attempt: %d messages, receipt %v, %v", len(s.order), again, err)
	}

	later := news(t)
	gone := change(events.LifeResolved, "aaaaaaaaaaaa", "A blocking wait in user code")
	gone.Ref = known["aaaaaaaaaaaa"]
	later.ID, later.Runs[0].Changes = "later", []channel.Change{gone}
	for range 2 { // the second attempt says nothing twice
		if known, err = ch.Send(t.Context(), later); err != nil || known["aaaaaaaaaaaa"] != gone.Ref {
			t.Fatalf("receipt %v, %v", known, err)
		}
	}
	first, reply := s.messages["17000.000001"], s.messages["17000.000003"]
	if len(s.order) != 3 || first.updates == 0 || !strings.Contains(first.text, "Resolved") || reply.thread != "17000.000001" {
		t.Errorf("%d messages, the first %+v, the last %+v", len(s.order), first, reply)
	}
	gone.Ref, later.ID = "C1:no such", "last"
	later.Runs[0].Changes = []channel.Change{gone}
	if known, err = ch.Send(t.Context(), later); err != nil || known["aaaaaaaaaaaa"] != "C1:17000.000004" {
		t.Errorf("a message that is gone: receipt %v, %v", known, err)
	}
}

func TestSlack_Says(t *testing.T) {
	s := newSlack(t)
	srv := newReceiver(t, s, "")
	ch := open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL})
	if _, err := ch.Send(t.Context(), news(t)); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(s.messages["17000.000001"].blocks)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"orders: New, up to 10×: A blocking wait in user code", "Vertex enrich limits the job", "Change: Use asynchronous I/O.", "Worth: up to 10x",
		"How sure: proven", "The model suggests (not verified): It looks like a throttle.", "`squirrly findings dismiss aaaaaaaaaaaa --as wrong`",
		`\u003chttps://squirrly.example/run-1|Report\u003e`, "prod/flink/orders · run run-1",
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("the message lacks %q:\n%s", want, b)
		}
	}
	if m := s.messages["17000.000002"]; !strings.Contains(fmt.Sprint(m.blocks[2].Text.Text), "How sure: supported, not proven") {
		t.Errorf("what is not proven is not told: %+v", m)
	}
}

// An incoming webhook gets one message for each end of a run, with all that changed in it.
func TestSlack_Webhook(t *testing.T) {
	for name, m := range map[string]channel.Message{"changes": news(t), "a refusal": message(t, rejected()), "hostile": poisoned(t, hostile[5])} {
		var got []slackMessage
		srv := newReceiver(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			var in struct {
				Text        string       `json:"text"`
				Blocks      []slackBlock `json:"blocks"`
				UnfurlLinks *bool        `json:"unfurl_links"`
			}
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.UnfurlLinks == nil || *in.UnfurlLinks {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, slackMessage{text: in.Text, blocks: in.Blocks})
		}), "")
		ch := open(t, &channel.SlackSettings{URL: srv.URL + "/" + token})
		for range 2 {
			if _, err := ch.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		if len(got) != len(m.Runs) {
			t.Fatalf("%s: %d messages", name, len(got))
		}
		for _, x := range got {
			if why := slackRefuses(x, false); why != "" {
				t.Errorf("%s: %s", name, why)
			}
		}
		if name == "changes" && len(got[0].blocks) != 8 { // header, verdict, three findings of which two can be dismissed, and where it is
			t.Errorf("%d blocks", len(got[0].blocks))
		}
	}
}

func TestSlack_Refusals(t *testing.T) {
	for said, want := range map[string]struct{ refused, gone bool }{
		"token_revoked": {true, true}, "is_archived": {true, true}, "msg_too_long": {true, false}, "not_in_channel": {}, "fatal_error": {},
		"channel_not_found": {},
	} {
		s := newSlack(t)
		s.refuse = said
		srv := newReceiver(t, s, "")
		_, err := open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL}).Send(t.Context(), news(t))
		if err == nil || errors.Is(err, channel.ErrRefused) != want.refused || errors.Is(err, channel.ErrGone) != want.gone || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", said, err)
		}
	}
}

// Whatever is in a result, Slack takes the message, and nobody is called by it.
func FuzzSlack(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := newSlack(t)
		srv := newReceiver(t, s, "")
		m := poisoned(t, text)
		for range 15 {
			m.Runs[0].Changes = append(m.Runs[0].Changes, m.Runs[0].Changes[0])
		}
		for i := range m.Runs[0].Changes {
			m.Runs[0].Changes[i].ID = fmt.Sprint("finding-", i)
		}
		if _, err := open(t, &channel.SlackSettings{TokenFile: "x", Channel: "#flink", APIURL: srv.URL}).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if len(s.order) != 11 {
			t.Errorf("%d messages", len(s.order))
		}
	})
}
