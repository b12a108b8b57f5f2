package channel

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
	"squirrly.dev/pkg/events"
)

const (
	minSecret  = 16 // bytes of a key
	maxSecrets = 2  // keys that sign
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
	address, err := d.either("url", w.URL, w.URLFile)
	if err != nil {
		return nil, err
	}
	secret, err := d.file(w.Secret, w.SecretFile)
	if err != nil {
		return nil, err
	}
	return NewWebhook(name, address, secret, d.Guard)
}

// Webhook posts the event of a message, with what it changes, signed as Standard Webhooks says: with the id of the
// event as webhook-id, so that a receiver can tell a repeated delivery.
type Webhook struct {
	name    string
	to      endpoint
	signers []*standardwebhooks.Webhook
}

// NewWebhook makes the channel. The secret is base64, with or without whsec_ in front; two of them, separated by white
// space, sign both, so that a receiver can go from one to the other. No error holds URL or secret.
func NewWebhook(name, rawURL, secret string, guard *netguard.Guard) (*Webhook, error) {
	to, err := newEndpoint("the webhook", rawURL, guard)
	if err != nil {
		return nil, err
	}
	w := &Webhook{name: name, to: to}
	secrets := strings.Fields(secret)
	if len(secrets) == 0 || len(secrets) > maxSecrets {
		return nil, errors.New("webhook secret: expected one, or two while the receiver changes it")
	}
	for _, each := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(each, "whsec_"))
		if err != nil || len(key) < minSecret {
			return nil, fmt.Errorf("webhook secret: expected whsec_ and at least %d random bytes in base64", minSecret)
		}
		signer, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return nil, errors.New("webhook secret: cannot be used")
		}
		w.signers = append(w.signers, signer)
	}
	return w, nil
}

// Name implements Channel.
func (w *Webhook) Name() string { return w.name }

// Send implements Channel.
func (w *Webhook) Send(ctx context.Context, m Message) (Receipt, error) {
	for _, r := range m.Runs {
		if err := w.post(ctx, r, m.eventID(r), time.Now()); err != nil {
			return nil, err
		}
	}
	return nil, nil //nolint:nilnil // a webhook has nothing to remember.
}

func (w *Webhook) post(ctx context.Context, r Run, id string, now time.Time) error {
	body, err := outgoing(r, id)
	if err != nil {
		return err
	}
	signatures := make([]string, len(w.signers))
	for i, s := range w.signers {
		if signatures[i], err = s.Sign(id, now, body); err != nil {
			return errors.New("sign the webhook: the secret cannot be used")
		}
	}
	return w.to.post(ctx, events.ContentType, map[string]string{
		standardwebhooks.HeaderWebhookID:        id,
		standardwebhooks.HeaderWebhookTimestamp: strconv.FormatInt(now.Unix(), 10),
		standardwebhooks.HeaderWebhookSignature: strings.Join(signatures, " "),
	}, body)
}
