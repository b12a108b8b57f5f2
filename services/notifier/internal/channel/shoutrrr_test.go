package channel_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/services/notifier/internal/channel"
)

// byURL is a channel of shoutrrr's.
func byURL(t testing.TB, url string, g *netguard.Guard) (channel.Channel, error) {
	t.Helper()
	d := deps()
	d.Guard = g
	d.Secret = func(string) (string, error) { return url, nil }
	return (&channel.ShoutrrrSettings{URLFile: "x"}).Open("shoutrrr", d)
}

const hex32 = "0123456789abcdef0123456789abcdef"

// services are URLs of all that shoutrrr knows, with tokens that look like theirs.
var services = map[string]string{
	"bark":       "bark://:" + hex32 + "@localhost:1/",
	"discord":    "discord://" + hex32 + "@123456789012345678",
	"generic":    "generic://localhost:1/" + hex32 + "?disabletls=yes",
	"googlechat": "googlechat://chat.googleapis.com/v1/spaces/FOO/messages?key=" + hex32 + "&token=" + hex32,
	"hangouts":   "hangouts://chat.googleapis.com/v1/spaces/FOO/messages?key=" + hex32 + "&token=" + hex32,
	"ifttt":      "ifttt://" + hex32 + "/?events=event1",
	"join":       "join://shoutrrr:" + hex32 + "@join/?devices=dev1",
	"lark":       "lark://open.larksuite.com/" + hex32,
	"matrix":     "matrix://user:" + hex32 + "@localhost:1/?disableTLS=yes&rooms=!r:localhost",
	"notifiarr":  "notifiarr://" + hex32 + "?channel=123456789",
	"opsgenie":   "opsgenie://api.opsgenie.com/" + hex32,
	"pagerduty":  "pagerduty://events.pagerduty.com/" + hex32,
	"pushbullet": "pushbullet://o." + hex32,
	"pushover":   "pushover://shoutrrr:" + hex32 + "@userkey0123456789/",
	"rocketchat": "rocketchat://localhost:1/" + hex32 + "/" + hex32,
	"signal":     "signal://localhost:1/+12025550123/+12025550124",
	"slack":      "slack://hook:WNA3PBYV6-F20DUQND3RQ-Webc4MAvoacrpPakR8phF0zi@webhook",
	"teams":      "teams://11111111-4444-4444-8444-cccccccccccc@22222222-4444-4444-8444-cccccccccccc/33333333012222222222333333333344/44444444-4444-4444-8444-cccccccccccc/V2ESyij_gAljSoUQHvZoZYzlpAoAXExyOl26dlf1xHEx05?host=acme.webhook.office.com",
	"telegram":   "telegram://110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0@telegram?chats=123",
	"wecom":      "wecom://" + hex32,
	"zulip":      "zulip://bot-bot%40acme.zulipchat.com:" + hex32 + "@acme.zulipchat.com?stream=flink&topic=x",
}

// Every service that is let in connects through the guard, and tells no token when it is refused. Those that do not are not
// let in. A new version of the library with another service fails here.
func TestShoutrrr_Guarded(t *testing.T) {
	nobody, err := netguard.Flink(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range new(router.ServiceRouter).ListServices() {
		t.Run(service, func(t *testing.T) {
			url, known := services[service]
			if !known {
				if _, err := byURL(t, service+"://user:"+hex32+"@localhost:1/topic", nobody); err == nil || !strings.Contains(err.Error(), "cannot be guarded") {
					t.Errorf("got %v", err)
				}
				return
			}
			ch, err := byURL(t, url, nobody)
			if err == nil {
				_, err = ch.Send(t.Context(), news(t))
			}
			quiet := service == "zulip" || service == "matrix" // the library says nothing of the cause
			if err == nil || !quiet && !strings.Contains(err.Error(), netguard.ErrRefused.Error()) {
				t.Errorf("got %v", err)
			}
			if err != nil && (strings.Contains(err.Error(), hex32) || strings.Contains(err.Error(), "AAHdq") || strings.Contains(err.Error(), "Webc4")) {
				t.Errorf("the error tells the token: %v", err)
			}
		})
	}
}

// posts are the bodies that a generic receiver gets.
type posts struct {
	mu  sync.Mutex
	all []string
}

func (p *posts) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, string(b))
}

func generic(url string) string {
	return "generic://" + strings.TrimPrefix(url, "http://") + "/" + token + "?disabletls=yes"
}

func TestShoutrrr(t *testing.T) {
	var p posts
	srv := newReceiver(t, &p, "")
	ch, err := byURL(t, generic(srv.URL), netguard.Outbound(true))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second attempt sends nothing twice
		if _, err := ch.Send(t.Context(), news(t)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.all) != 1 {
		t.Fatalf("%d posts", len(p.all))
	}
	for _, want := range []string{
		"orders: New, up to 10×: A blocking wait in user code (and 2 more)\nVertex enrich limits the job: Enrich.map sleeps.\n", "Change: Use asynchronous I/O.",
		"Worth: up to 10x", "How sure: proven", "Report: https://squirrly.example/run-1", "squirrly findings dismiss aaaaaaaaaaaa --as wrong",
		"The model suggests (not verified)", "Resolved: Kryo fallback",
	} {
		if !strings.Contains(p.all[0], want) {
			t.Errorf("the text lacks %q:\n%s", want, p.all[0])
		}
	}
}

func TestShoutrrr_Faults(t *testing.T) {
	for _, fault := range []string{hangs, throttles, breaks, redirects, closes} {
		t.Run(fault, func(t *testing.T) {
			elsewhere := newInside(t)
			var p posts
			srv := newReceiver(t, &p, strings.Replace(elsewhere.URL, "127.0.0.1", "169.254.169.254", 1), fault)
			ch, err := byURL(t, generic(srv.URL), netguard.Outbound(true))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			if fault == hangs {
				cancel()
				ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
			}
			defer cancel()
			_, err = ch.Send(ctx, news(t))
			if _, ok := errors.AsType[*channel.RetryAfter](err); ok != (fault == throttles) {
				t.Errorf("got %v", err)
			}
			if err == nil || strings.Contains(err.Error(), token) || errors.Is(err, channel.ErrRefused) {
				t.Errorf("got %v", err)
			}
			if fault == hangs {
				srv.CloseClientConnections()
			}
			if _, err := ch.Send(t.Context(), news(t)); err != nil || elsewhere.calls > 0 {
				t.Errorf("the next attempt: %v, %d calls elsewhere", err, elsewhere.calls)
			}
		})
	}
}

func TestShoutrrr_Settings(t *testing.T) {
	for name, url := range map[string]string{
		"no URL": "x y " + token, "unknown": "carrier-pigeon://" + token, "not as it is written": "telegram://" + token, "broken": "discord://%zz" + token,
	} {
		if _, err := byURL(t, url, netguard.Outbound(true)); err == nil || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is in a result, the text is short enough for everybody, and calls nobody.
func FuzzShoutrrr(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	var p posts
	srv := newReceiver(f, &p, "")
	f.Fuzz(func(t *testing.T, s string) {
		ch, err := byURL(t, generic(srv.URL), netguard.Outbound(true))
		if err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		p.all = nil
		p.mu.Unlock()
		if _, err := ch.Send(t.Context(), poisoned(t, s)); err != nil || len(p.all) != 2 {
			t.Fatalf("%d posts, %v", len(p.all), err)
		}
		for _, text := range p.all {
			harmless(t, text)
			if n := utf8.RuneCountInString(text); n > 2000 || n == 0 {
				t.Errorf("%d characters", n)
			}
			for _, mark := range []string{"@everyone", "@here", "<!", "](", "<@", "www."} {
				if strings.Contains(text, mark) {
					t.Errorf("%s in %s", mark, text)
				}
			}
		}
	})
}
