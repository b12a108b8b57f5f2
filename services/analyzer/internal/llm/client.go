package llm

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// protocol speaks to one kind of API, once for each call: retries and limits are in the transport.
type protocol interface {
	// forms is the ladder: how the object can be demanded, the best first.
	forms() []string
	// shows reports whether the server shows the schema to the model when it is demanded in a form. Servers that enforce one
	// by a grammar do not: such a model is held to a form that it does not know.
	shows(form string) bool
	// ask sends a request. An error is one of the client library; what came back over HTTP is noted by the transport.
	ask(ctx context.Context, req Request, how manner) (reply, error)
}

// manner is how a server has to be asked.
type manner struct {
	form      string
	oldTokens bool // the server knows max_tokens only
}

// reply is what a model said.
type reply struct {
	text   string
	kind   error  // why the text is no answer, nil when it is one
	reason string // for kind
	model  string
	id     string // of the request, where the protocol tells it in the body
	usage  Usage
}

// client is a Provider for any protocol.
type client struct {
	name      string
	config    Config
	protocol  protocol
	bounded   bool         // the server takes the bounds of a schema
	rung      atomic.Int32 // of the ladder that the server accepts
	oldTokens atomic.Bool
}

// New returns a provider. The requests go through base, and through a transport of its own when base is nil; retries and
// limits are laid around it.
func New(config Config, base http.RoundTripper) (Provider, error) {
	config, err := config.resolve()
	if err != nil {
		return nil, err
	}
	if base == nil {
		if base, err = Transport(config.Proxy, config.CAFile); err != nil {
			return nil, err
		}
	}
	h := &http.Client{
		Transport: noting{retrying(base, config.Attempts, config.Backoff, config.MaxWait)},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("the provider redirects, which is not followed: a prompt goes to the configured host only")
		},
	}
	return &client{
		name: config.Provider, config: config, protocol: connect(config, h), bounded: preset(config.Provider).bounded,
	}, nil
}

// connect makes the protocol of a provider.
func connect(c Config, h *http.Client) protocol {
	switch preset(c.Provider).protocol {
	case Anthropic:
		return newAnthropic(c, h)
	case Gemini:
		return newGemini(c, h)
	case Azure:
		return newAzure(c, h)
	}
	return newOpenAI(c, h)
}

// Name implements Provider.
func (c *client) Name() string { return c.name }

// Complete implements Provider. A server that does not know strict JSON schemas is asked for the next form of the
// ladder; what it accepted is remembered.
func (c *client) Complete(ctx context.Context, req Request) (Response, error) {
	start := time.Now()
	timed, cancel := context.WithTimeout(ctx, c.config.Timeout)
	defer cancel()
	forms := c.protocol.forms()
	for {
		rung := c.rung.Load()
		how := manner{form: forms[rung], oldTokens: c.oldTokens.Load()}
		asked := c.demanding(req, how.form)
		said, x, err := c.ask(timed, c.telling(asked, how.form), how)
		if err == nil {
			resp, err := c.response(said, x, how, start)
			c.distrust(asked, resp, rung, how.form, err)
			return resp, err
		}
		if timed.Err() == nil && c.stepDown(x, rung, how) {
			continue
		}
		if ctx.Err() != nil {
			return Response{}, fmt.Errorf("ask %s: %w", c.config, ctx.Err())
		}
		return Response{}, fmt.Errorf("ask %s: %w", c.config, c.classify(err, x))
	}
}

// ask sends a request and notes what comes back. A library that panics over an answer of the wrong types, as the one of
// Gemini does, has seen a bad answer.
func (c *client) ask(ctx context.Context, req Request, how manner) (said reply, x *exchange, err error) {
	ctx, x = notes(ctx)
	defer func() {
		if x.status == 0 {
			return // nothing has come from outside yet: a panic is a mistake of this program
		}
		if cause := recover(); cause != nil {
			err = errForeign
		}
	}()
	said, err = c.protocol.ask(ctx, req, how)
	return said, x, err
}

var errForeign = errors.New("the response is not one of the API")

// response checks what the model said.
func (c *client) response(said reply, x *exchange, how manner, start time.Time) (Response, error) {
	out := Response{
		Model: said.model, RequestID: x.requestID(), Form: how.form, Usage: said.usage, Latency: time.Since(start),
	}
	if out.RequestID == "" {
		out.RequestID = said.id
	}
	if said.kind == nil {
		if out.Object = extract(said.text); out.Object != nil {
			return out, nil
		}
		said.kind, said.reason = ErrBadOutput, "no JSON object in the text"
	}
	e := &Error{Kind: said.kind, Status: x.status, Message: c.scrub(said.reason), RequestID: c.scrub(out.RequestID)}
	return Response{Usage: out.Usage, Model: out.Model}, fmt.Errorf("ask %s: %w", c.config, e)
}
