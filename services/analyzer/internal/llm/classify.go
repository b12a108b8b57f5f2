package llm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// What the messages of providers say, since their codes differ.
var (
	aboutForm    = regexp.MustCompile(`(?i)response_?format|json_?schema|json_?object|structured|guided|grammar`)
	aboutTokens  = regexp.MustCompile(`(?i)max_completion_tokens`)
	aboutContext = regexp.MustCompile(`(?i)context_?( )?length|context window|maximum context|too many tokens|prompt is too long|input is too long`)
	aboutFilter  = regexp.MustCompile(`(?i)content_filter|content management policy|content_policy`)
)

// stepDown notes that the server does not know something that the request used, and reports whether to ask again
// without it.
func (o *OpenAI) stepDown(err error, form int32, old bool) bool {
	status, message, _ := details(err)
	switch status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusNotImplemented:
	default:
		return false
	}
	switch {
	case aboutContext.MatchString(message), aboutFilter.MatchString(message):
		return false
	case !old && aboutTokens.MatchString(message):
		o.oldTokens.Store(true)
		return true
	case int(form) < len(forms)-1 && aboutForm.MatchString(message):
		o.form.CompareAndSwap(form, form+1)
		return true
	}
	return false
}

// classify turns an error of the client into one of this package.
func (o *OpenAI) classify(err error, header http.Header) error {
	status, message, code := details(err)
	e := &Error{Status: status, Message: o.scrub(message), RequestID: o.scrub(header.Get("X-Request-Id"))}
	e.RetryAfter, _ = headerWait(header)
	switch {
	case status == 0:
		e.Kind, e.Message, e.Err = o.local(err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		e.Kind = ErrAuth
	case status == http.StatusTooManyRequests:
		e.Kind = ErrRateLimited
	case aboutContext.MatchString(code + " " + message), status == http.StatusRequestEntityTooLarge:
		e.Kind = ErrContextTooLong
	case aboutFilter.MatchString(code + " " + message):
		e.Kind = ErrRefused
	case status >= http.StatusInternalServerError, status == http.StatusRequestTimeout, status == http.StatusConflict:
		e.Kind = ErrUnavailable
	default:
		e.Kind = ErrRequest
	}
	return e
}

// local classifies an error that came without a status.
func (o *OpenAI) local(err error) (kind error, message string, cause error) {
	if withURL, ok := errors.AsType[*url.Error](err); ok { // its text holds the URL with its user
		return ErrUnavailable, o.scrub(withURL.Err.Error()), withURL.Err
	}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.Is(err, openai.ErrReasoningModelMaxTokensDeprecated), errors.Is(err, openai.ErrChatCompletionInvalidModel):
		return ErrRequest, o.scrub(err.Error()), nil
	case errors.Is(err, errTooLarge):
		return ErrBadOutput, errTooLarge.Error(), nil
	case errors.As(err, &syntax), errors.As(err, &mismatch), errors.Is(err, io.EOF):
		return ErrBadOutput, "the response is not a chat completion", nil
	}
	return ErrUnavailable, o.scrub(err.Error()), err
}

// details returns what an error of the client tells of the response; status 0 means that there was none.
func details(err error) (status int, message, code string) {
	var api *openai.APIError
	var raw *openai.RequestError
	switch {
	case errors.As(err, &api):
		return api.HTTPStatusCode, api.Message, fmt.Sprint(api.Code)
	case errors.As(err, &raw):
		return raw.HTTPStatusCode, string(raw.Body), ""
	}
	return 0, "", ""
}

// scrub makes a text of the provider fit for errors: one line, short, without the key and the user of the URL.
func (o *OpenAI) scrub(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " ")
	if o.config.Key != "" {
		s = strings.ReplaceAll(s, o.config.Key, "***")
	}
	if u, err := url.Parse(o.config.BaseURL); err == nil && u.User != nil {
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
