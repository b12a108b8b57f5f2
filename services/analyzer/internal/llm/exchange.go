package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
)

// exchange is what came back over HTTP in the end. The client libraries keep different parts of it, and the headers of
// errors are lost in most; the transport sees it all.
type exchange struct {
	status int // 0: there was no response
	header http.Header
	body   []byte // of an error
}

type exchangeKey struct{}

// notes returns a context whose requests are noted in the exchange.
func notes(ctx context.Context) (context.Context, *exchange) {
	x := &exchange{header: http.Header{}}
	return context.WithValue(ctx, exchangeKey{}, x), x
}

// noting notes the last response in the exchange of the request's context.
type noting struct {
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (n noting) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.next.RoundTrip(req)
	x, ok := req.Context().Value(exchangeKey{}).(*exchange)
	if err != nil || !ok {
		return resp, err //nolint:wrapcheck // nothing to add
	}
	x.status, x.header = resp.StatusCode, resp.Header
	if failed(resp) {
		x.body, err = io.ReadAll(resp.Body) // in memory already
		if err != nil {
			return nil, err //nolint:wrapcheck // nothing to add
		}
		resp.Body = io.NopCloser(bytes.NewReader(x.body))
	}
	return resp, nil
}

func failed(resp *http.Response) bool { return resp.StatusCode >= http.StatusMultipleChoices }

// requestID is what the provider's support asks for: OpenAI and most, Anthropic, Azure.
func (x *exchange) requestID() string {
	for _, name := range []string{"X-Request-Id", "Request-Id", "Apim-Request-Id", "X-Ms-Request-Id"} {
		if id := x.header.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// fault is an error as the providers write it: {"error": {"message": …}}, with a code (OpenAI, Azure), a type
// (Anthropic) or a status (Gemini).
type fault struct {
	Error struct {
		Message string `json:"message"`
		Code    any    `json:"code"`
		Type    string `json:"type"`
		Status  string `json:"status"`
		Details []struct {
			Reason     string `json:"reason"`
			RetryDelay string `json:"retryDelay"`
		} `json:"details"`
	} `json:"error"`
}

// told returns the provider's message, and everything it says for a machine to recognise. A body that is not one of an
// API is a message as a whole.
func (x *exchange) told() (message, all string) {
	var f fault
	if json.Unmarshal(x.body, &f) != nil || f.Error.Message == "" {
		return string(x.body), string(x.body)
	}
	return f.Error.Message, string(x.body)
}
