package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"squirrly.dev/internal/netguard"
)

const (
	httpTimeout   = 15 * time.Second // of a request, with its answer
	maxAnswer     = 8 << 20          // bytes of an answer that somebody reads
	maxIgnored    = 64 << 10         // bytes of an answer whose text is of no interest
	maxRetryAfter = time.Hour
	userAgent     = "squirrly-notifier"
)

// errLongAnswer says that a receiver says too much.
var errLongAnswer = errors.New("the answer is too long")

// client makes the HTTP client of a channel: guarded, with a time limit, with answers of at most maxAnswer bytes, and
// without redirects. An answer that redirects is a failure: the address that was configured is the one that is told.
func client(guard *netguard.Guard) *http.Client {
	return &http.Client{
		Transport: bounded{guard.Transport()}, Timeout: httpTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// bounded is a transport whose answers are of at most maxAnswer bytes.
type bounded struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(req)
	if err != nil {
		return nil, err //nolint:wrapcheck // http.Client wraps it.
	}
	res.Body = &boundedBody{res.Body, maxAnswer}
	return res, nil
}

type boundedBody struct {
	io.ReadCloser

	left int
}

// Read implements io.Reader.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongAnswer
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err //nolint:wrapcheck // io.EOF is compared.
}

// endpoint is where a channel posts to. No error of it holds the address, which is often a secret.
type endpoint struct {
	who    string // for messages: "the webhook"
	url    string
	client *http.Client
}

// newEndpoint makes an endpoint of an address that the guard allows.
func newEndpoint(who, address string, guard *netguard.Guard) (endpoint, error) {
	if err := guard.CheckURL(address); err != nil {
		return endpoint{}, fmt.Errorf("URL of %s: %w", who, err)
	}
	return endpoint{who: who, url: address, client: client(guard)}, nil
}

// post sends a body once, and says what the answer means.
func (e endpoint) post(ctx context.Context, contentType string, header map[string]string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("post to %s: %w", e.who, withoutURL(err))
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", userAgent)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := e.client.Do(req)
	if err != nil {
		return fmt.Errorf("post to %s: %w", e.who, withoutURL(err))
	}
	_, _ = io.CopyN(io.Discard, res.Body, maxIgnored) // lets the connection be used again
	_ = res.Body.Close()                              // read only
	return answer(e.who, res.StatusCode, res.Header, time.Now())
}

// answer says what the answer of a receiver means. What is wrong with the message itself is refused for good; an address or
// a credential that does not fit is tried again, for it may be mended at the receiver's.
func answer(who string, status int, header http.Header, now time.Time) error {
	if status/100 == 2 { //nolint:mnd // 2xx is success.
		return nil
	}
	err := fmt.Errorf("%s answers HTTP %d", who, status)
	switch status {
	case http.StatusGone:
		return fmt.Errorf("%w: %w", err, ErrGone)
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", err, ErrRefused)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusForbidden: // GitHub limits with 403
		if after := retryAfter(header.Get("Retry-After"), now); after > 0 {
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
