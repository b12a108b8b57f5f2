package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/failsafehttp"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
)

// Limits of responses in bytes.
const (
	maxResponseBytes = 4 << 20
	maxErrorBytes    = 64 << 10
)

// emptyAccount is a header that bounded adds to a 429 which no waiting mends: the account has no money left.
const emptyAccount = "Squirrly-Empty-Account"

// errTooLarge says that a response exceeds maxResponseBytes.
var errTooLarge = errors.New("the response is too large")

// retrying returns a transport that asks up to attempts times: after faults of the network, 408, 409, 429 and 5xx. It
// waits as long as Retry-After says, and does not retry when that is longer than maxWait.
//
//nolint:bodyclose // the policy only looks at responses: the caller of the transport closes them
func retrying(base http.RoundTripper, attempts int, backoff, maxWait time.Duration) http.RoundTripper {
	policy := retrypolicy.NewBuilder[*http.Response]().
		HandleIf(func(resp *http.Response, err error) bool { return retryable(resp, err, maxWait) }).
		AbortOnErrors(context.Canceled, context.DeadlineExceeded).
		WithBackoff(backoff, max(maxWait, 2*backoff)).
		WithJitterFactor(0.1).
		WithDelayFunc(func(exec failsafe.ExecutionAttempt[*http.Response]) time.Duration {
			if wait, ok := retryAfter(exec.LastResult()); ok {
				return wait
			}
			return -1
		}).
		WithMaxAttempts(attempts).
		ReturnLastFailure().
		Build()
	return failsafehttp.NewRoundTripper(bounded{base}, policy)
}

// retryable reports whether asking again is worth it.
func retryable(resp *http.Response, err error, maxWait time.Duration) bool {
	if err != nil || resp == nil {
		return err != nil
	}
	if wait, ok := retryAfter(resp); ok && wait > maxWait {
		return false
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusConflict:
		return true
	case http.StatusTooManyRequests:
		return resp.Header.Get(emptyAccount) == ""
	}
	return resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented
}

// retryAfter reads how long the provider asks to wait: in seconds, in milliseconds (retry-after-ms) or as a date.
func retryAfter(resp *http.Response) (time.Duration, bool) {
	if resp == nil {
		return 0, false
	}
	return headerWait(resp.Header)
}

func headerWait(h http.Header) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms >= 0 && ms < 1e10 {
		return time.Duration(ms * float64(time.Millisecond)), true
	}
	value := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(value, 64); err == nil && s >= 0 && s < 1e7 {
		return time.Duration(s * float64(time.Second)), true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at)), true
	}
	return 0, false
}

// bounded limits the size of responses. Bodies of errors are read at once, so that connections are free for a retry.
type bounded struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("ask the provider: %w", err)
	}
	if !failed(resp) {
		resp.Body = &capped{body: resp.Body, left: maxResponseBytes}
		return resp, nil
	}
	all, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	_ = resp.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the error of the provider: %w", err)
	}
	if resp.StatusCode == http.StatusTooManyRequests {
		explain429(resp.Header, all)
	}
	resp.Body = io.NopCloser(bytes.NewReader(all))
	return resp, nil
}

// explain429 notes in the header what a provider says in the body only: that the account has no money left, or Gemini's
// delay (google.rpc.RetryInfo). A quota with a delay fills up again by itself.
func explain429(h http.Header, body []byte) {
	var f fault
	_ = json.Unmarshal(body, &f) // a body of another form says neither
	for _, d := range f.Error.Details {
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait >= 0 && h.Get("Retry-After") == "" {
			h.Set("Retry-After", strconv.FormatFloat(wait.Seconds(), 'f', -1, 64))
			return
		}
	}
	if aboutMoney.Match(body) {
		h.Set(emptyAccount, "true")
	}
}

// capped fails when a body is longer than allowed, instead of passing on a part of it.
type capped struct {
	body io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLarge
	}
	n, err := c.body.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err //nolint:wrapcheck // io.EOF has to stay itself
}

// Close implements io.Closer.
func (c *capped) Close() error {
	return c.body.Close() //nolint:wrapcheck // nothing to add
}
