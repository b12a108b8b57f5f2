package llm

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// What the messages of providers say, since their codes differ.
var (
	aboutForm = regexp.MustCompile(`(?i)response_?(format|json_?schema|mime_?type)|json_?schema|json_?object|json mode|` +
		`output_?(config|format)|tool_choice|tools?\b|function calling|structured|guided|grammar|\bschemas?\b`)
	aboutTokens  = regexp.MustCompile(`(?i)max_completion_tokens`)
	aboutContext = regexp.MustCompile(`(?i)context_?( )?length|context window|context limit|maximum context|too many tokens|` +
		`prompt is too long|input is too long|exceeds the maximum number of tokens`)
	aboutFilter = regexp.MustCompile(`(?i)content[ _]filter|content management policy|content_policy|usage polic`)
	aboutMoney  = regexp.MustCompile(`(?i)insufficient_quota|credit balance|billing_error|plan and billing|insufficient credits`)
	aboutKey    = regexp.MustCompile(`(?i)API_KEY_INVALID|api key not valid|api key expired`)
)

// stepDown notes that the server does not know something that the request used, and reports whether to ask again
// without it.
func (c *client) stepDown(x *exchange, rung int32, how manner) bool {
	switch x.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusNotImplemented:
	default:
		return false
	}
	_, all := x.told()
	switch {
	case !errors.Is(kindOf(x.status, all), ErrRequest) && x.status != http.StatusNotImplemented:
		return false
	case !how.oldTokens && aboutTokens.MatchString(all):
		c.oldTokens.Store(true)
		return true
	case int(rung) < len(c.protocol.forms())-1 && aboutForm.MatchString(all):
		c.rung.CompareAndSwap(rung, rung+1)
		return true
	}
	return false
}

// classify turns an error of a client library into one of this package.
func (c *client) classify(err error, x *exchange) error {
	e := &Error{Status: x.status, RequestID: c.scrub(x.requestID())}
	e.RetryAfter, _ = headerWait(x.header)
	if x.status < http.StatusBadRequest { // none, an answer that could not be read, or a redirect
		e.Status = 0
		e.Kind, e.Message, e.Err = c.local(err, x.status != 0)
		return e
	}
	message, all := x.told()
	e.Kind, e.Message = kindOf(x.status, all), c.scrub(message)
	return e
}

// kindOf classifies a response by its status and by what the provider says.
func kindOf(status int, said string) error {
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusPaymentRequired,
		status == http.StatusBadRequest && aboutMoney.MatchString(said):
		return ErrRateLimited
	case status == http.StatusUnauthorized, status == http.StatusForbidden,
		status == http.StatusBadRequest && aboutKey.MatchString(said):
		return ErrAuth
	case aboutContext.MatchString(said), status == http.StatusRequestEntityTooLarge:
		return ErrContextTooLong
	case aboutFilter.MatchString(said):
		return ErrRefused
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusConflict:
		return ErrUnavailable
	}
	return ErrRequest
}

// local classifies an error that is not one of the API: of the network, of reading the answer, or of making the request.
func (c *client) local(err error, answered bool) (kind error, message string, cause error) {
	if withURL, ok := errors.AsType[*url.Error](err); ok { // its text holds the URL with its user
		return ErrUnavailable, c.scrub(withURL.Err.Error()), withURL.Err
	}
	var network net.Error
	switch {
	case errors.Is(err, errTooLarge):
		return ErrBadOutput, errTooLarge.Error(), nil
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF),
		errors.As(err, &network):
		return ErrUnavailable, c.scrub(err.Error()), err
	case answered:
		return ErrBadOutput, errForeign.Error(), nil
	}
	return ErrRequest, c.scrub(err.Error()), nil
}

// scrub makes a text of the provider fit for errors: one line, short, without the key and the user of the URL.
func (c *client) scrub(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if c.config.Key != "" {
		s = strings.ReplaceAll(s, c.config.Key, "***")
	}
	if u, err := url.Parse(c.config.BaseURL); err == nil && u.User != nil {
		s = strings.ReplaceAll(s, u.User.String(), "***")
	}
	s = userinfo.ReplaceAllString(s, "://")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

var userinfo = regexp.MustCompile(`://[^/\s@]*@`)
