package channel

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/nicholas-fedor/shoutrrr/pkg/router"
	shoutrrr "github.com/nicholas-fedor/shoutrrr/pkg/types"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/services/notifier/internal/channel/safe"
)

// shoutrrrText bounds a text, in characters: Discord takes 2,000, Telegram 4,096.
const shoutrrrText = 1900

// unguarded are services of shoutrrr's that make connections of their own, which nothing guards, or that have a channel here.
var unguarded = map[string]string{
	"gotify": "use generic:// with its address", "mattermost": "use generic:// or a channel of type slack with the URL of its webhook",
	"ntfy": "use generic:// with its address", "smtp": "use a channel of type mail", "logger": "use a channel of type log",
}

// logsIn are services that ask their server when they are made.
var logsIn = []string{"matrix"}

// ShoutrrrSettings are those of a [Shoutrrr].
type ShoutrrrSettings struct {
	LayoutSettings

	URLFile string
}

// Fields implements Settings. The URL is a secret, for it holds tokens.
func (s *ShoutrrrSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"url_file": func(v strictyaml.Value) { s.URLFile = v.Text() }, "template": s.field,
	}, []string{"url_file"}
}

// Open implements Settings. No error holds the URL.
func (s *ShoutrrrSettings) Open(name string, d Deps) (Channel, error) {
	raw, err := d.Secret(s.URLFile)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("url_file: expected a URL of shoutrrr's, such as telegram://TOKEN@telegram?chats=CHAT")
	}
	if hint := unguarded[serviceOf(address)]; hint != "" {
		return nil, fmt.Errorf("url_file: connections of the service %s cannot be guarded: %s", serviceOf(address), hint)
	}
	if query := address.Query(); serviceOf(address) == "discord" && !query.Has("splitlines") { // one message, not one for each line
		query.Set("splitlines", "No")
		address.RawQuery = query.Encode()
	}
	ch := &Shoutrrr{name: name, kind: plain(serviceOf(address), maxName), secrets: secretsOf(address)}
	if ch.layout, err = s.layout(name, d.Logger); err != nil {
		return nil, err
	}
	guardDefault(d.Guard)
	if ch.url = address.String(); slices.Contains(logsIn, serviceOf(address)) {
		return ch, nil
	}
	if ch.service, err = new(router.ServiceRouter).Locate(ch.url); err != nil {
		return nil, fmt.Errorf("url_file: not as shoutrrr writes it: %w", ch.hide(err))
	}
	return ch, nil
}

// serviceOf is the service that a URL names: telegram of telegram://, generic of generic+https://.
func serviceOf(address *url.URL) string {
	service, _, _ := strings.Cut(strings.ToLower(address.Scheme), "+")
	return service
}

// Shoutrrr tells one of the services that the library of this name knows, as plain text.
//
// https://shoutrrr.nickfedor.com
type Shoutrrr struct {
	name    string
	kind    string // of the service, for messages
	layout  *layout
	secrets []string // that no message may hold

	url     string           // of a service that is made later
	service shoutrrr.Service // nil: not yet
	once    once
}

// Name implements Channel.
func (s *Shoutrrr) Name() string { return s.name }

// Send implements Channel. The end of a run is one text.
func (s *Shoutrrr) Send(ctx context.Context, m Message) (Receipt, error) {
	for _, r := range m.Runs {
		_, err := s.once.do(m.ID+" "+r.Event.ID, func() (string, error) { return "", s.send(ctx, s.text(newNote(r))) })
		if err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // a text is sent, and not known again.
}

// text writes a note, with as many findings as there is room for.
func (s *Shoutrrr) text(n note) string {
	text, n := s.layout.body(n, safe.Chat)
	for text == "" {
		text = n.text(safe.Chat)
		if utf8.RuneCountInString(text) > shoutrrrText && len(n.Items) > 1 {
			n.Items, n.Left, text = n.Items[:len(n.Items)-1], n.Left+1, ""
		}
	}
	return safe.Cut(text, shoutrrrText)
}

// send waits for the service until ctx ends. The library knows no contexts: what it still does then ends with its connection.
func (s *Shoutrrr) send(ctx context.Context, text string) error {
	done := make(chan error, 1)
	go func() {
		oneAtATime.Lock()
		defer oneAtATime.Unlock()
		if err := ctx.Err(); err != nil { // nobody waits any more
			done <- err
			return
		}
		defaultSeen.forget()
		done <- s.said(panics.Catch(func() error { return s.tell(text) })) // some services do when nobody answers
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("tell %s: %w", s.kind, ctx.Err())
	}
}

// oneAtATime lets what the default client saw be that of one message.
var oneAtATime sync.Mutex //nolint:gochecknoglobals // the client is global.

// tell sends a text. A service that asks its server when it is made is made when it is needed, and again when that failed.
func (s *Shoutrrr) tell(text string) error {
	if s.service == nil {
		service, err := new(router.ServiceRouter).Locate(s.url)
		if err != nil {
			return err //nolint:wrapcheck // the caller hides it.
		}
		s.service = service
	}
	return s.service.Send(text, &shoutrrr.Params{}) //nolint:wrapcheck // the caller hides it.
}

// said is what a send came to. The answer to the request says more than the service does.
func (s *Shoutrrr) said(err error) error {
	if _, ok := errors.AsType[*panics.Error](err); ok {
		err = errors.New("the library fails where there is no answer")
	}
	switch verdict := defaultSeen.verdict(s.kind); {
	case err == nil && verdict == nil:
		return nil
	case err == nil:
		return s.hide(verdict)
	case errors.Is(verdict, ErrRefused):
		return verdict
	default:
		if _, ok := errors.AsType[*RetryAfter](verdict); ok {
			return verdict
		}
	}
	return fmt.Errorf("tell %s: %w", s.kind, s.hide(err))
}

var anyURL = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s"']+`)

// hide is an error without addresses and without parts of the URL, which are tokens.
func (s *Shoutrrr) hide(err error) error {
	if retry, ok := errors.AsType[*RetryAfter](err); ok {
		return retry
	}
	text := anyURL.ReplaceAllString(err.Error(), "(address)")
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "(secret)")
	}
	text = plain(text, maxRemark)
	if errors.Is(err, netguard.ErrRefused) {
		return fmt.Errorf("%w: %s", netguard.ErrRefused, text)
	}
	return errors.New(text)
}

// secretsOf are the parts of a URL that may be secrets, the longest first.
func secretsOf(address *url.URL) []string {
	const shortest = 5 // bytes
	var all []string
	add := func(s string) {
		for _, each := range []string{s, url.PathEscape(s), url.QueryEscape(s)} {
			if len(each) >= shortest {
				all = append(all, each)
			}
		}
	}
	if u := address.User; u != nil {
		add(u.Username())
		password, _ := u.Password()
		add(password)
		add(u.String())
	}
	add(address.Hostname())
	for part := range strings.SplitSeq(address.Path, "/") {
		add(part)
	}
	for _, values := range address.Query() {
		for _, v := range values {
			add(v)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}
