package channel

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v89/github"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
)

// GitHubSettings are those of a [GitHub].
type GitHubSettings struct {
	LayoutSettings

	Repo, TokenFile, APIURL, Label string
}

var (
	repoName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	issueLabel = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 :._-]{0,49}$`)
)

// Fields implements Settings.
func (g *GitHubSettings) Fields() (map[string]func(strictyaml.Value), []string) {
	return map[string]func(strictyaml.Value){
		"repo": func(v strictyaml.Value) {
			if g.Repo = v.Text(); !repoName.MatchString(g.Repo) {
				v.Wrong("expected owner/name of a repository")
			}
		},
		"token_file": func(v strictyaml.Value) { g.TokenFile = v.Text() },
		"api_url":    func(v strictyaml.Value) { g.APIURL = v.Text() },
		"label": func(v strictyaml.Value) {
			if g.Label = v.Text(); !issueLabel.MatchString(g.Label) {
				v.Wrong("expected the name of a label, of at most 50 letters, digits, spaces and : . _ -")
			}
		},
		"template": g.field,
	}, []string{"repo", "token_file"}
}

// Open implements Settings.
func (g *GitHubSettings) Open(name string, d Deps) (Channel, error) {
	token, err := d.Secret(g.TokenFile)
	if err != nil {
		return nil, err
	}
	ch := &GitHub{name: name, label: g.Label}
	if ch.label == "" {
		ch.label = "squirrly"
	}
	if ch.layout, err = g.layout(name, d.Logger); err != nil {
		return nil, err
	}
	ch.owner, ch.repo, _ = strings.Cut(g.Repo, "/")
	ch.api, err = githubAPI(token, g.APIURL, d.Guard)
	return ch, err
}

func githubAPI(token, url string, guard *netguard.Guard) (*github.IssuesService, error) {
	if url == "" {
		url = "https://api.github.com"
	}
	url = strings.TrimSuffix(url, "/") + "/"
	if err := guard.CheckURL(url); err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	c, err := github.NewClient(github.WithHTTPClient(client(guard)), github.WithAuthToken(token), github.WithURLs(&url, nil), github.WithUserAgent(userAgent))
	if err != nil {
		return nil, errors.New("api_url or token: cannot be used")
	}
	return c.Issues, nil
}

// GitHub keeps an issue for each finding: it is opened, commented when the finding changes, closed when it is resolved, and
// opened again when it is back. Hidden marks in issues and comments say what was told, so that nothing is told twice
// although GitHub knows no idempotency key.
type GitHub struct {
	name        string
	layout      *layout
	api         *github.IssuesService
	owner, repo string
	label       string
}

// Name implements Channel.
func (g *GitHub) Name() string { return g.name }

// Send implements Channel.
func (g *GitHub) Send(ctx context.Context, m Message) (Receipt, error) {
	known := Receipt{}
	for _, r := range m.Runs {
		if err := g.send(ctx, m.eventID(r), r, known); err != nil {
			return known, err
		}
	}
	return known, nil
}

func (g *GitHub) send(ctx context.Context, id string, r Run, known Receipt) error {
	topics := g.topics(id, r)
	if len(topics) == 0 { // nothing to file: that the repository can be read is all that can be told
		_, err := g.find(ctx, mark("run", r.ID))
		return err
	}
	for _, t := range topics {
		number, err := g.tell(ctx, t)
		if err != nil {
			return err
		}
		if t.id != "" && number != 0 {
			known[t.id] = strconv.Itoa(number)
		}
	}
	return nil
}

// tell brings an issue up to date, and returns its number; 0 is none.
func (g *GitHub) tell(ctx context.Context, t topic) (int, error) {
	issue, err := g.issue(ctx, t)
	switch {
	case err != nil:
		return 0, err
	case issue == nil && t.state == closed: // nobody was told of it
		return 0, nil
	case issue == nil:
		return g.create(ctx, t)
	case strings.HasPrefix(strings.ReplaceAll(issue.GetBody(), "\r", ""), t.mark+"\n"+t.news): // an earlier attempt was told
		return issue.GetNumber(), nil
	}
	number := issue.GetNumber()
	if err := g.comment(ctx, number, t); err != nil {
		return 0, err
	}
	change := &github.IssueRequest{Title: &t.title, Body: &t.body} // last, for its mark says that all is done
	if t.state != "" {
		change.State = &t.state
	}
	if t.state == closed {
		change.StateReason = &t.reason
	}
	_, _, err = g.api.Edit(ctx, g.owner, g.repo, number, change)
	return number, githubError(err)
}

func (g *GitHub) create(ctx context.Context, t topic) (int, error) {
	labels := []string{g.label}
	issue, _, err := g.api.Create(ctx, g.owner, g.repo, &github.IssueRequest{Title: &t.title, Body: &t.body, Labels: &labels})
	return issue.GetNumber(), githubError(err)
}

// comment says what changed, unless an earlier attempt did.
func (g *GitHub) comment(ctx context.Context, number int, t topic) error {
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: perPage}}
	for range maxPages {
		comments, res, err := g.api.ListComments(ctx, g.owner, g.repo, number, o)
		if err != nil {
			return githubError(err)
		}
		if slices.ContainsFunc(comments, func(c *github.IssueComment) bool { return strings.HasPrefix(c.GetBody(), t.news) }) {
			return nil
		}
		if o.Page = res.NextPage; o.Page == 0 {
			break
		}
	}
	_, _, err := g.api.CreateComment(ctx, g.owner, g.repo, number, &github.IssueComment{Body: &t.comment})
	return githubError(err)
}

const (
	perPage  = 100
	maxPages = 10
)

// issue is that of a topic: the one that was noted, or the one with its mark; nil when there is none.
func (g *GitHub) issue(ctx context.Context, t topic) (*github.Issue, error) {
	if number, err := strconv.Atoi(t.ref); err == nil {
		issue, _, err := g.api.Get(ctx, g.owner, g.repo, number)
		switch status := githubStatus(err); {
		case err == nil && strings.HasPrefix(issue.GetBody(), t.mark):
			return issue, nil
		case err != nil && status != http.StatusNotFound && status != http.StatusGone && status != http.StatusMovedPermanently:
			return nil, githubError(err)
		}
	}
	return g.find(ctx, t.mark)
}

// find looks for an issue with a mark at its beginning, the newest first. Only who may triage gives an issue its label.
func (g *GitHub) find(ctx context.Context, mark string) (*github.Issue, error) {
	o := &github.IssueListByRepoOptions{State: "all", Labels: []string{g.label}, ListOptions: github.ListOptions{PerPage: perPage}}
	for range maxPages {
		issues, res, err := g.api.ListByRepo(ctx, g.owner, g.repo, o)
		if err != nil {
			return nil, githubError(err)
		}
		for _, issue := range issues {
			if strings.HasPrefix(issue.GetBody(), mark) {
				return issue, nil
			}
		}
		if o.ListOptions.Page = res.NextPage; o.ListOptions.Page == 0 {
			break
		}
	}
	return nil, nil //nolint:nilnil // no issue is none.
}

// githubStatus is the status of an answer that is an error; 0 when there was none.
func githubStatus(err error) int {
	if said, ok := errors.AsType[*github.ErrorResponse](err); ok && said.Response != nil {
		return said.Response.StatusCode
	}
	return 0
}

// githubError says what an error of the client means. Its text holds neither URL nor token.
func githubError(err error) error {
	const who = "GitHub"
	if err == nil {
		return nil
	}
	if limit, ok := errors.AsType[*github.RateLimitError](err); ok {
		return tooMany(who, time.Until(limit.Rate.Reset.Time))
	}
	if limit, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		return tooMany(who, limit.GetRetryAfter())
	}
	if said, ok := errors.AsType[*github.RedirectionError](err); ok { // a repository that was renamed
		return answer(who, said.StatusCode, nil, time.Now())
	}
	if said, ok := errors.AsType[*github.ErrorResponse](err); ok && said.Response != nil {
		return answer(who, said.Response.StatusCode, said.Response.Header, time.Now())
	}
	return fmt.Errorf("tell GitHub: %w", withoutURL(err))
}

// tooMany says that a receiver wants to be left alone.
func tooMany(who string, wait time.Duration) error {
	err := fmt.Errorf("%s limits the rate", who)
	if wait <= 0 {
		return err
	}
	return &RetryAfter{After: min(wait, maxRetryAfter), Err: err}
}
