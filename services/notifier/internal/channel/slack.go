package channel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
)

// SlackSettings are those of a [Slack]: either the token of a bot and a channel, or the URL of an incoming webhook.
type SlackSettings struct {
	LayoutSettings

	TokenFile, Channel, APIURL string
	URL, URLFile               string
}

// Fields implements Settings.
func (s *SlackSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"token_file": func(v strictyaml.Value) { s.TokenFile = v.Text() },
		"channel":    func(v strictyaml.Value) { s.Channel = v.Text() },
		"api_url":    func(v strictyaml.Value) { s.APIURL = v.Text() },
		"url":        func(v strictyaml.Value) { s.URL = v.Text() },
		"url_file":   func(v strictyaml.Value) { s.URLFile = v.Text() },
		"template":   s.field,
	}, nil
}

// Open implements Settings.
func (s *SlackSettings) Open(name string, d Deps) (Channel, error) {
	layout, err := s.layout(name, d.Logger)
	if err != nil {
		return nil, err
	}
	ch := &Slack{name: name, layout: layout}
	if s.TokenFile == "" {
		if s.Channel != "" || s.APIURL != "" {
			return nil, errors.New("expected token_file with channel, or url or url_file of an incoming webhook alone")
		}
		address, err := d.either("url", s.URL, s.URLFile)
		if err != nil {
			return nil, fmt.Errorf("%w, or token_file and channel", err)
		}
		ch.hook, err = newEndpoint("Slack", address, d.Guard)
		return ch, err
	}
	if s.Channel == "" || s.URL != "" || s.URLFile != "" {
		return nil, errors.New("expected channel beside token_file, and no url")
	}
	token, err := d.Secret(s.TokenFile)
	if err != nil {
		return nil, err
	}
	ch.to = s.Channel
	ch.api, err = slackAPI(token, s.APIURL, d.Guard)
	return ch, err
}

// slackAPI makes a client of the Web API, which tells nothing to a log of its own.
func slackAPI(token, url string, guard *netguard.Guard) (*slack.Client, error) {
	if url == "" {
		url = slack.APIURL
	}
	if err := guard.CheckURL(url); err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	return slack.New(token, slack.OptionHTTPClient(client(guard)), slack.OptionAPIURL(strings.TrimSuffix(url, "/")+"/"),
		slack.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug))), nil
}

// Slack posts to a channel of Slack's. With the token of a bot each finding has a message of its own, which is updated in
// place and followed by a thread; an incoming webhook can only post.
type Slack struct {
	name   string
	layout *layout
	to     string        // channel
	api    *slack.Client // nil with a webhook
	hook   endpoint
	once   once
}

// Name implements Channel.
func (s *Slack) Name() string { return s.name }

// Send implements Channel.
func (s *Slack) Send(ctx context.Context, m Message) (Receipt, error) {
	known := Receipt{}
	for _, r := range m.Runs {
		if err := s.send(ctx, m.ID, r, known); err != nil {
			return known, err
		}
	}
	return known, nil
}

// send tells the end of a run: a message for each finding, or one for all.
func (s *Slack) send(ctx context.Context, id string, r Run, known Receipt) error {
	key := id + " " + r.Event.ID + " "
	if s.api == nil || len(r.Changes) == 0 {
		_, err := s.once.do(key, func() (string, error) { return s.post(ctx, s.blocks(newNote(r)), "") })
		return err
	}
	for i, c := range r.Changes {
		if i == maxItems-1 && len(r.Changes) > maxItems { // the rest has one message
			r.Changes = r.Changes[i:]
			_, err := s.once.do(key, func() (string, error) { return s.post(ctx, s.blocks(newNote(r)), "") })
			return err
		}
		one := r
		one.Changes = []Change{c}
		ref, err := s.thread(ctx, key+c.ID, c.Ref, newNote(one))
		if err != nil {
			return err
		}
		known[c.ID] = ref
	}
	return nil
}

// thread tells a change of a finding: what is known of it is brought up to date, and the change told below it. The first
// one, and one whose message is gone, gets a message.
func (s *Slack) thread(ctx context.Context, key, ref string, n note) (string, error) {
	channel, ts, found := strings.Cut(ref, ":")
	if found {
		err := s.update(ctx, channel, ts, n)
		if err == nil {
			_, err = s.once.do(key, func() (string, error) { return s.post(ctx, s.reply(n), ref) })
			return ref, err
		}
		if !errors.Is(err, errNoMessage) {
			return "", err
		}
	}
	return s.once.do(key, func() (string, error) { return s.post(ctx, s.blocks(n), "") })
}

// post posts a message, below another one if that is given, and returns what Slack calls it.
func (s *Slack) post(ctx context.Context, blocks slackText, below string) (string, error) {
	if s.api == nil {
		no := false
		body, err := json.Marshal(slack.WebhookMessage{
			Text: blocks.text, Blocks: &slack.Blocks{BlockSet: blocks.blocks}, UnfurlLinks: &no, UnfurlMedia: &no,
		})
		if err != nil {
			return "", fmt.Errorf("write for Slack: %w", err)
		}
		return "", s.hook.post(ctx, "application/json", nil, body)
	}
	to, options := s.to, blocks.options()
	if channel, ts, found := strings.Cut(below, ":"); found {
		to, options = channel, append(options, slack.MsgOptionTS(ts))
	}
	channel, ts, err := s.api.PostMessageContext(ctx, to, options...)
	if err != nil {
		return "", slackError(err)
	}
	return channel + ":" + ts, nil
}

func (s *Slack) update(ctx context.Context, channel, ts string, n note) error {
	_, _, _, err := s.api.UpdateMessageContext(ctx, channel, ts, s.blocks(n).options()...)
	return slackError(err)
}

// errNoMessage says that a message is gone, or that it is not ours to update.
var errNoMessage = errors.New("no such message")

// What Slack answers: https://docs.slack.dev/reference/methods/chat.postMessage#errors.
var (
	slackNoMessage = []string{"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "thread_not_found"}
	slackGone      = []string{"account_inactive", "is_archived", "team_access_not_granted", "token_revoked", "token_expired"}
	slackRefused   = []string{"invalid_arguments", "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text"}
)

// slackError says what an error of the client means. Its text holds neither URL nor token.
func slackError(err error) error {
	if err == nil {
		return nil
	}
	if limit, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return answer("Slack", http.StatusTooManyRequests, http.Header{"Retry-After": {strconv.Itoa(int(limit.RetryAfter / time.Second))}}, time.Now())
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		return answer("Slack", status.Code, nil, time.Now())
	}
	if said, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		err := fmt.Errorf("Slack answers %s", plain(said.Err, maxName))
		switch {
		case slices.Contains(slackGone, said.Err):
			return fmt.Errorf("%w: %w", err, ErrGone)
		case slices.Contains(slackRefused, said.Err):
			return fmt.Errorf("%w: %w", err, ErrRefused)
		case slices.Contains(slackNoMessage, said.Err):
			return fmt.Errorf("%w: %w", err, errNoMessage)
		}
		return err
	}
	return fmt.Errorf("tell Slack: %w", withoutURL(err))
}
