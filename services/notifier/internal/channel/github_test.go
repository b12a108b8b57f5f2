package channel_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// githubServer is the issues of one repository, as far as GitHub's API shows them. It refuses what GitHub refuses.
type githubServer struct {
	t      testing.TB
	mu     sync.Mutex
	mux    http.ServeMux
	issues []*githubIssue
	loses  bool // the next issue is made, and its answer lost
}

type githubIssue struct {
	Number      int                 `json:"number"`
	Title       string              `json:"title"`
	Body        string              `json:"body"`
	State       string              `json:"state"`
	StateReason string              `json:"state_reason,omitempty"`
	Labels      []map[string]string `json:"labels"`
	comments    []map[string]string
}

func newGitHub(t testing.TB) *githubServer {
	g := &githubServer{t: t}
	const issues = "/repos/acme/flink-jobs/issues"
	handle := func(pattern string, fn func(r *http.Request) (int, any)) {
		g.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			g.mu.Lock()
			defer g.mu.Unlock()
			status, answer := http.StatusUnauthorized, any(map[string]string{"message": "Bad credentials"})
			if r.Header.Get("Authorization") == "Bearer "+token {
				status, answer = fn(r)
			}
			answer = paged(w, r, answer)
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(answer)
		})
	}
	handle("GET "+issues, g.list)
	handle("POST "+issues, g.create)
	handle("GET "+issues+"/{n}", func(r *http.Request) (int, any) { return g.one(r, func(i *githubIssue) (int, any) { return 200, i }) })
	handle("PATCH "+issues+"/{n}", g.edit)
	handle("GET "+issues+"/{n}/comments", func(r *http.Request) (int, any) {
		return g.one(r, func(i *githubIssue) (int, any) { return 200, i.comments })
	})
	handle("POST "+issues+"/{n}/comments", g.comment)
	return g
}

// paged is a page of a list, with a link to the next one.
func paged(w http.ResponseWriter, r *http.Request, answer any) any {
	size, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	page, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		page = 1
	}
	cut := func(n int) (from, to int) {
		if from, to = min((page-1)*size, n), min(page*size, n); to < n {
			w.Header().Set("Link", fmt.Sprintf(`<http://%s%s?page=%d>; rel="next"`, r.Host, r.URL.Path, page+1))
		}
		return from, to
	}
	switch all := answer.(type) {
	case []*githubIssue:
		from, to := cut(len(all))
		return all[from:to]
	case []map[string]string:
		from, to := cut(len(all))
		return all[from:to]
	}
	return answer
}

func (g *githubServer) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.mux.ServeHTTP(w, r) }

func (g *githubServer) list(r *http.Request) (int, any) {
	all := []*githubIssue{}
	for _, i := range g.issues {
		for _, l := range i.Labels {
			if l["name"] == r.URL.Query().Get("labels") {
				all = append(all, i)
			}
		}
	}
	return http.StatusOK, all
}

func (g *githubServer) one(r *http.Request, fn func(*githubIssue) (int, any)) (int, any) {
	for _, i := range g.issues {
		if fmt.Sprint(i.Number) == r.PathValue("n") {
			return fn(i)
		}
	}
	return http.StatusNotFound, map[string]string{"message": "Not Found"}
}

func (g *githubServer) create(r *http.Request) (int, any) {
	var in struct {
		Title, Body string
		Labels      []string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return http.StatusBadRequest, nil
	}
	i := &githubIssue{Number: len(g.issues) + 1, Title: in.Title, Body: in.Body, State: "open"}
	for _, l := range in.Labels {
		i.Labels = append(i.Labels, map[string]string{"name": l})
	}
	if !g.right(in.Title, in.Body) {
		return http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"}
	}
	g.issues = append(g.issues, i)
	if g.loses {
		g.loses = false
		return http.StatusBadGateway, map[string]string{"message": "Server Error"}
	}
	return http.StatusCreated, i
}

func (g *githubServer) edit(r *http.Request) (int, any) {
	return g.one(r, func(i *githubIssue) (int, any) {
		if err := json.NewDecoder(r.Body).Decode(i); err != nil || !g.right(i.Title, i.Body) {
			return http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"}
		}
		return http.StatusOK, i
	})
}

func (g *githubServer) comment(r *http.Request) (int, any) {
	return g.one(r, func(i *githubIssue) (int, any) {
		var c map[string]string
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || !g.right("x", c["body"]) {
			return http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"}
		}
		i.comments = append(i.comments, c)
		return http.StatusCreated, c
	})
}

var (
	githubLink = regexp.MustCompile(`<a href="https://squirrly\.example/run-1">Report</a>`)
	githubPing = regexp.MustCompile(`@[A-Za-z0-9]|(?:^|[^&])#\d|GH-\d`)
	codeSpan   = regexp.MustCompile(`<code>[^<]*</code>`)
)

// right checks GitHub's limits, and that nothing in a text calls, links or loads anything.
func (g *githubServer) right(title, body string) bool {
	ok := true
	wrong := func(format string, args ...any) { ok = false; g.t.Errorf(format, args...) }
	if n := utf8.RuneCountInString(title); n == 0 || n > 256 || strings.ContainsAny(title, "\r\n") {
		wrong("a title of %d characters: %q", n, title)
	}
	if n := utf8.RuneCountInString(body); n == 0 || n > 65536 {
		wrong("a body of %d characters", n)
	}
	if n := strings.Count("\n"+body, "\n<!-- squirrly:"); n == 0 || n > 2 || !strings.HasPrefix(body, "<!-- squirrly:") {
		wrong("%d marks", n)
	}
	var html bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(body), &html); err != nil {
		wrong("%v", err)
	}
	page := codeSpan.ReplaceAllString(githubLink.ReplaceAllString(html.String(), ""), "")
	for _, tag := range []string{"<a ", "<img", "<script", "<h1", "<h2", "<table", "<pre"} {
		if strings.Contains(page, tag) && !strings.Contains(page, `<a href="http`) {
			wrong("%s in %s", tag, page)
		}
	}
	if githubPing.MatchString(strings.ReplaceAll(page, "&#", "")) && !strings.Contains(page, "GH-") {
		wrong("somebody is called: %s", page)
	}
	return ok
}

// A finding is one issue for all its life.
func TestGitHub_Life(t *testing.T) {
	g := newGitHub(t)
	srv := newReceiver(t, g, "")
	ch := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL})
	tell := func(c channel.Change, ref string, number int) channel.Receipt {
		t.Helper()
		c.Number, c.Ref = number, ref
		m := news(t)
		m.ID, m.Runs[0].Changes = fmt.Sprint("m", number), []channel.Change{c}
		var known channel.Receipt
		for range 2 { // the second attempt tells nothing twice
			var err error
			if known, err = ch.Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
		}
		return known
	}
	known := tell(change(events.LifeOpened, "aaaaaaaaaaaa", "A blocking wait"), "", 1)
	i := g.issues[0]
	if len(g.issues) != 1 || known["aaaaaaaaaaaa"] != "1" || i.Title != "orders: A blocking wait" || len(i.comments) != 0 || i.State != "open" {
		t.Fatalf("%d issues, receipt %v, %+v", len(g.issues), known, i)
	}
	for _, want := range []string{
		"> Vertex enrich limits the job: Enrich.map sleeps.", "**Now:** New, up to 10×", "**Change:** Use asynchronous I/O.", "**How sure:** proven",
		"`squirrly findings dismiss aaaaaaaaaaaa --as wrong`", "[Report](<https://squirrly.example/run-1>)",
	} {
		if !strings.Contains(i.Body, want) {
			t.Errorf("the issue lacks %q:\n%s", want, i.Body)
		}
	}
	tell(change(events.LifeWorsened, "aaaaaaaaaaaa", "A blocking wait"), "", 2) // the receipt was lost
	if len(g.issues) != 1 || len(i.comments) != 1 || !strings.Contains(i.comments[0]["body"], "Worse, up to 10×") || !strings.Contains(i.Body, "Worse") {
		t.Errorf("%d issues, %+v", len(g.issues), i)
	}
	tell(change(events.LifeResolved, "aaaaaaaaaaaa", "A blocking wait"), "1", 3)
	if i.State != "closed" || i.StateReason != "completed" || len(i.comments) != 2 {
		t.Errorf("%+v", i)
	}
	tell(change(events.LifeReopened, "aaaaaaaaaaaa", "A blocking wait"), "1", 4)
	if i.State != "open" || len(i.comments) != 3 {
		t.Errorf("%+v", i)
	}
	i.State = "closed" // by somebody
	tell(change(events.LifeImproved, "aaaaaaaaaaaa", "A blocking wait"), "1", 5)
	if i.State != "closed" || len(i.comments) != 4 {
		t.Errorf("%+v", i)
	}
	reminder := change(events.LifeImproved, "aaaaaaaaaaaa", "A blocking wait")
	reminder.Reminds = true
	tell(reminder, "1", 5)
	if len(i.comments) != 5 || !strings.Contains(i.comments[4]["body"], "Still open") {
		t.Errorf("%+v", i)
	}
	if known = tell(change(events.LifeResolved, "bbbbbbbbbbbb", "Never told"), "", 1); len(known) != 0 || len(g.issues) != 1 {
		t.Errorf("%d issues, receipt %v", len(g.issues), known)
	}
	if known = tell(change(events.LifeOpened, "cccccccccccc", "Another"), "77", 1); known["cccccccccccc"] != "2" { // its issue is gone
		t.Errorf("receipt %v", known)
	}
}

// An issue that was made although its answer was lost is found again.
func TestGitHub_LostAnswer(t *testing.T) {
	g := newGitHub(t)
	g.loses = true
	srv := newReceiver(t, g, "")
	ch := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL})
	if _, err := ch.Send(t.Context(), news(t)); err == nil {
		t.Fatal("an answer that was lost counts as told")
	}
	known, err := ch.Send(t.Context(), news(t))
	if err != nil || len(g.issues) != 2 || known["aaaaaaaaaaaa"] != "1" || known["bbbbbbbbbbbb"] != "2" || len(g.issues[0].comments) != 0 {
		t.Errorf("%d issues, receipt %v, %v", len(g.issues), known, err)
	}
}

// An issue and a comment are found on whatever page of a list they are.
func TestGitHub_Pages(t *testing.T) {
	g := newGitHub(t)
	srv := newReceiver(t, g, "")
	ch := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL})
	m := news(t)
	m.Runs[0].Changes = m.Runs[0].Changes[:1]
	if _, err := ch.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	others := make([]*githubIssue, 250)
	for i := range others {
		others[i] = &githubIssue{Number: 100 + i, Title: "another", Body: "text <!-- squirrly:x -->", State: "open", Labels: g.issues[0].Labels}
	}
	g.issues = append(others, g.issues...)
	issue := g.issues[250]
	worse := change(events.LifeWorsened, "aaaaaaaaaaaa", "A blocking wait in user code")
	worse.Number = 2
	m.Runs[0].Changes = []channel.Change{worse}
	for range 150 {
		issue.comments = append(issue.comments, map[string]string{"body": "of somebody"})
	}
	for range 2 {
		if _, err := ch.Send(t.Context(), m); err != nil || len(g.issues) != 251 || len(issue.comments) != 151 {
			t.Fatalf("%d issues, %d comments, %v", len(g.issues), len(issue.comments), err)
		}
		issue.Body = strings.SplitN(issue.Body, "\n", 2)[0] + "\nedited by somebody" // the mark of what was told is gone
	}
}

// Runs without a result have one issue for each job and reason.
func TestGitHub_Outcomes(t *testing.T) {
	g := newGitHub(t)
	srv := newReceiver(t, g, "")
	ch := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL})
	for _, id := range []string{"run-1", "run-1", "run-2"} {
		o := rejected()
		o.Run = id
		if _, err := ch.Send(t.Context(), message(t, o)); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.issues) != 1 || len(g.issues[0].comments) != 1 {
		t.Errorf("%d issues: %+v", len(g.issues), g.issues[0])
	}
	again := message(t, ready())
	again.Runs[0].Recovered = events.CodeSeveralJobs
	if _, err := ch.Send(t.Context(), again); err != nil || g.issues[0].State != "closed" || !strings.Contains(g.issues[0].Title, "Runs again") {
		t.Errorf("runs that end with a result again: %+v, %v", g.issues[0], err)
	}
	if _, err := ch.Send(t.Context(), message(t, ready())); err != nil || len(g.issues) != 1 { // nothing changes
		t.Errorf("%d issues, %v", len(g.issues), err)
	}
}

func TestGitHub_Refusals(t *testing.T) {
	reset := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	for name, c := range map[string]struct {
		status  int
		header  [2]string
		refused bool
		after   bool
	}{
		"bad token":       {status: 401},
		"issues are off":  {status: 410, refused: true},
		"not understood":  {status: 422, refused: true},
		"primary limit":   {status: 403, header: [2]string{"X-RateLimit-Reset", reset}, after: true},
		"renamed":         {status: 301, header: [2]string{"Location", "http://127.0.0.1:1/"}},
		"no such project": {status: 404},
	} {
		srv := newReceiver(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if c.header[0] != "" {
				w.Header().Set("X-RateLimit-Limit", "5000")
				w.Header().Set("X-RateLimit-Remaining", "0")
				w.Header().Set(c.header[0], c.header[1])
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(`{"message":"no"}`))
		}), "")
		_, err := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL}).Send(t.Context(), news(t))
		if err == nil || errors.Is(err, channel.ErrRefused) != c.refused || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
		if _, ok := errors.AsType[*channel.RetryAfter](err); ok != c.after {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is in a result, GitHub takes it, and nobody is called by it.
func FuzzGitHub(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := newGitHub(t)
		srv := newReceiver(t, g, "")
		if _, err := open(t, &channel.GitHubSettings{Repo: "acme/flink-jobs", TokenFile: "x", APIURL: srv.URL}).Send(t.Context(), poisoned(t, s)); err != nil {
			t.Fatal(err)
		}
	})
}
