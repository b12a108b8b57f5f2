package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// site is the HTTP API of a trigger, to read.
type site struct {
	base   string
	token  daemon.Secret
	client *http.Client
}

// newSite checks the address. The token is that of the environment, as the trigger has it.
func newSite(address string) (*site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, usage("--http %s: expected the address of the HTTP API, such as https://squirrly.example", clean(address))
	}
	cfg, err := daemon.Load[struct {
		Token daemon.Secret `env:"HTTP_TOKEN"`
	}](os.Environ())
	if err != nil {
		return nil, usage("%w", err)
	}
	const patience = time.Minute
	return &site{base: strings.TrimRight(address, "/"), token: cfg.Token, client: &http.Client{
		Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { // the token is for this address alone
			return http.ErrUseLastResponse
		},
	}}, nil
}

// get reads one answer of at most limit bytes.
func (s *site) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("ask the HTTP API: %w", err)
	}
	if token := s.token.Reveal(); token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the HTTP API: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, refusal(res)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read the answer of the HTTP API: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("the answer of the HTTP API is larger than %d MiB: %w", limit>>20, artifact.ErrTooLarge)
	}
	return body, nil
}

// refusal is the error of an answer that is no success, in its own words.
func refusal(res *http.Response) error {
	const most = 8 << 10
	var said struct{ Message, Hint string }
	body, _ := io.ReadAll(io.LimitReader(res.Body, most)) // what came is enough
	err := fmt.Errorf("the HTTP API answers %s", res.Status)
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		err = fmt.Errorf("%w: %s\n  %s", err, clean(said.Message), clean(said.Hint))
	}
	switch res.StatusCode {
	case http.StatusNotFound:
		return &coded{code: exitNotFound, err: err}
	case http.StatusGone:
		return &coded{code: exitNotFound, err: errors.Join(err, artifact.ErrGone)}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &coded{code: exitAuth, err: err}
	}
	return err
}

// find returns the id of the run that is meant by what it begins with.
func (s *site) find(ctx context.Context, given string) (string, error) {
	const most = 10
	given = strings.ToLower(given)
	if events.Token(given) != given {
		return "", fmt.Errorf("run %q: %w", clean(given), run.ErrNoRecord)
	}
	body, err := s.get(ctx, fmt.Sprintf("/v1/runs?run=%s&limit=%d", url.QueryEscape(given), most), maxAnalysis)
	if err != nil {
		return "", err
	}
	var page run.Page
	if err := json.Unmarshal(body, &page); err != nil {
		return "", fmt.Errorf("the HTTP API answers what is no list of runs: %w", err)
	}
	var text strings.Builder
	for _, r := range page.Runs {
		if events.Token(r.Run) != r.Run || !strings.HasPrefix(r.Run, given) {
			return "", errors.New("the HTTP API answers with other runs than those asked for: is it of an older version?")
		}
		if r.Run == given {
			return given, nil
		}
		fmt.Fprintf(&text, "\n  %s  %s  %s  %s", r.Run, clean(string(r.State)), clean(r.Identity.String()), age(r.Created))
	}
	switch {
	case len(page.Runs) == 0:
		return "", fmt.Errorf("run %s: %w", given, run.ErrNoRecord)
	case len(page.Runs) > 1:
		return "", usage("%d runs begin with %q; give more of it:%s", page.Matched, given, text.String())
	}
	return page.Runs[0].Run, nil
}

func (s *site) analysis(ctx context.Context, id string) (events.Analysis, error) {
	var an events.Analysis
	body, err := s.get(ctx, "/v1/runs/"+id+"/analysis", maxAnalysis)
	if err != nil {
		return an, err
	}
	if err := json.Unmarshal(body, &an); err != nil || an.Schema != events.AnalysisSchema {
		return an, fmt.Errorf("the HTTP API answers what is no analysis of this version (schema %q)", clean(an.Schema))
	}
	return an, nil
}
