// Package flink is a client of Flink's REST API: what a profile of a job needs, and no more.
//
// It knows HTTP and Flink. It knows no event, no run and no retry: retries, credentials and tracing are
// [http.RoundTripper]s of the caller. Every answer is read through a limit and decoded tolerantly, since fields come and
// go between Flink versions; every failure is an [*Error] that errors.Is sorts.
package flink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const maxErrorAnswer = 256 << 10 // bytes of an error's answer; Flink puts stack traces there

// Client talks to one JobManager. It is safe for use by several goroutines.
type Client struct {
	base url.URL
	http *http.Client
	// Shows says what the transport shows to the server, in words, for the error of an answer 401; nil says nothing. It never
	// holds the credentials themselves.
	Shows func() string
}

// New returns a client of the REST API at baseURL, such as http://my-job-rest:8081; a path prefix in it is kept, and
// credentials are refused: they are the transport's. A nil hc means http.DefaultClient, with the redirects of
// [CheckRedirect]. Deadlines are the caller's, by ctx or by hc.
func New(baseURL string, hc *http.Client) (*Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, errors.New("flink URL: cannot be parsed") // url's own text repeats credentials
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("flink URL: scheme is %q, want http or https", u.Scheme)
	}
	if u.User != nil {
		return nil, errors.New("flink URL: want it without user and password")
	}
	if u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("flink URL: want http://host:port without query and fragment")
	}
	u = u.JoinPath() // cleans the prefix
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	if hc == nil {
		hc = &http.Client{CheckRedirect: CheckRedirect}
	}
	return &Client{base: *u, http: hc}, nil
}

// call is one request: the elements of its path are escaped one by one, since ids and file names are free text.
type call struct {
	method string
	path   []string
	query  url.Values
	body   any // encoded as JSON unless nil
}

// get decodes the answer of GET path into a value.
func (c *Client) get(ctx context.Context, into any, path ...string) error {
	return c.json(ctx, call{method: http.MethodGet, path: path}, into)
}

// json makes the call and decodes its answer.
func (c *Client) json(ctx context.Context, r call, into any) error {
	return c.do(ctx, r, func(body io.Reader) error {
		decoded := false
		err := readAnswer(ctx, body, func(text []byte) error {
			decoded = true
			if isPage(text) {
				return r.failed(http.StatusOK, ErrLoginPage, nil)
			}
			if err := json.Unmarshal(text, into); err != nil {
				return r.failed(http.StatusOK, ErrMalformed, err)
			}
			return nil
		})
		switch {
		case err == nil, decoded:
			return err
		case errors.Is(err, ErrTooLarge):
			return r.failed(http.StatusOK, ErrTooLarge, nil)
		}
		return r.failed(http.StatusOK, ErrUnavailable, withoutURL(err))
	})
}

// do makes the call and has the body of a successful answer read.
func (c *Client) do(ctx context.Context, r call, read func(body io.Reader) error) error {
	req, err := c.request(ctx, r)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return r.unreached(err)
	}
	defer func() {
		_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
		_ = res.Body.Close()
	}()
	if res.StatusCode != http.StatusOK {
		return c.refused(r, res)
	}
	err = read(res.Body)
	if answer, ok := errors.AsType[*Error](err); ok && answer.cause == nil && res.Request.URL.Path != req.URL.Path {
		answer.cause = fmt.Errorf("it redirected to %s", shorten(res.Request.URL.Path, maxShown))
	}
	return err
}

const maxShown = 200 // bytes of what a server says of itself

func (c *Client) request(ctx context.Context, r call) (*http.Request, error) {
	u := c.base
	for _, element := range r.path {
		if element == "" || element == "." || element == ".." {
			return nil, fmt.Errorf("%s %s: %q cannot be an element of a path", r.method, r.name(), element)
		}
	}
	u.RawPath = u.EscapedPath() + r.name()
	u.Path += "/" + strings.Join(r.path, "/")
	u.RawQuery = r.query.Encode()
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, r.name(), err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, "", body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.method, r.name(), err)
	}
	req.URL, req.Host = &u, u.Host
	req.Header.Set("Accept", "application/json, text/html")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// name is the escaped path, without host, prefix and query: what errors may show.
func (r call) name() string {
	var name strings.Builder
	for _, element := range r.path {
		name.WriteString("/" + url.PathEscape(element))
	}
	return name.String()
}
