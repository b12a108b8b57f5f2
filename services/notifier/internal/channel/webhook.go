package channel

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
)

const (
	webhookTimeout = 15 * time.Second
	maxAnswer      = 64 << 10 // bytes of an answer; its text is of no interest
	maxRetryAfter  = time.Hour
	minSecret      = 16 // bytes
)

// WebhookSettings are those of a [Webhook]. URL and secret are given, or stand in files.
type WebhookSettings struct{ URL, URLFile, Secret, SecretFile string }

// Fields implements Settings. The path of a URL is often a secret, so that it may stand in a file as well.
func (w *WebhookSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"url":         func(v strictyaml.Value) { w.URL = v.Text() },
		"url_file":    func(v strictyaml.Value) { w.URLFile = v.Text() },
		"secret_file": func(v strictyaml.Value) { w.SecretFile = v.Text() },
	}, []string{"secret_file"}
}

// Open implements Settings.
func (w *WebhookSettings) Open(name string, d Deps) (Channel, error) {
	if (w.URL == "") == (w.URLFile == "") {
		return nil, errors.New("expected either url or url_file")
	}
	address, err := d.file(w.URL, w.URLFile)
	if err != nil {
		return nil, err
	}
	secret, err := d.file(w.Secret, w.SecretFile)
	if err != nil {
		return nil, err
	}
	return NewWebhook(name, address, secret, d.Guard)
}

// Webhook posts the event of a message, signed as Standard Webhooks says: with the event's id as webhook-id, so that a
// receiver can tell a repeated delivery.
type Webhook struct {
	name   string
	url    string
	signer *standardwebhooks.Webhook
	client *http.Client
}

// NewWebhook makes the channel. The secret is base64, with or without whsec_ in front. No error holds URL or secret.
func NewWebhook(name, rawURL, secret string, guard *netguard.Guard) (*Webhook, error) {
	if err := guard.CheckURL(rawURL); err != nil {
		return nil, fmt.Errorf("webhook URL: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) < minSecret {
		return nil, fmt.Errorf("webhook secret: expected whsec_ and at least %d random bytes in base64", minSecret)
	}
	signer, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, errors.New("webhook secret: cannot be used")
	}
	return &Webhook{name: name, url: rawURL, signer: signer, client: &http.Client{
		Transport: guard.Transport(), Timeout: webhookTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name implements Channel.
func (w *Webhook) Name() string { return w.name }

// Send implements Channel.
func (w *Webhook) Send(ctx context.Context, m Message) (Receipt, error) {
	for _, r := range m.Runs {
		if err := w.post(ctx, r.Event); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // a webhook has nothing to remember.
}

func (w *Webhook) post(ctx context.Context, e events.Event) error {
	req, err := w.request(ctx, e, time.Now())
	if err != nil {
		return err
	}
	res, err := w.client.Do(req)
	if err != nil {
		return fmt.Errorf("post to the webhook: %w", withoutURL(err))
	}
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // lets the connection be used again
	_ = res.Body.Close()                             // read only
	return verdict(res, time.Now())
}

func (w *Webhook) request(ctx context.Context, e events.Event, now time.Time) (*http.Request, error) {
	body, err := e.Encode()
	if err != nil {
		return nil, err
	}
	signature, err := w.signer.Sign(e.ID, now, body)
	if err != nil {
		return nil, errors.New("sign the webhook: the secret cannot be used")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("post to the webhook: %w", withoutURL(err))
	}
	req.Header.Set("Content-Type", events.ContentType)
	req.Header.Set("User-Agent", "squirrly-notifier")
	req.Header.Set(standardwebhooks.HeaderWebhookID, e.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return req, nil
}

// verdict reads an answer. A redirect is a failure: the address that was configured is the one that is told.
func verdict(res *http.Response, now time.Time) error {
	if res.StatusCode/100 == 2 { //nolint:mnd // 2xx is success.
		return nil
	}
	err := fmt.Errorf("the webhook answers HTTP %d", res.StatusCode)
	switch res.StatusCode {
	case http.StatusGone:
		return fmt.Errorf("%w: %w", err, ErrRefused)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if after := retryAfter(res.Header.Get("Retry-After"), now); after > 0 {
			return &RetryAfter{After: after, Err: err}
		}
	}
	return err
}

// retryAfter reads seconds or a date, up to an hour; 0 is none.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), maxRetryAfter)
	}
	return 0
}

// withoutURL drops the URL that net/http puts into its errors: its path is often the secret of the receiver.
func withoutURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}
