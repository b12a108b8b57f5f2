package analyzer_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// realInput is the pages of a real Flink with files of a user.
func realInput(t *testing.T) analyzer.Input {
	t.Helper()
	return analyzer.Input{
		Identity: events.Identity{Cluster: "local", Namespace: "shop", Job: "orders"},
		Pages:    []analyzer.Page{page(t, "2.3.0", events.ModeITimer), page(t, "2.3.0", events.ModeWall)},
		Files:    []analyzer.File{{Name: "notes.md", Text: "The team is called Pelican.\npassword: hunter2\n"}},
	}
}

func service(t *testing.T, cfg analyzer.Config) *analyzer.Service {
	t.Helper()
	s, err := analyzer.New(cfg, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func preview(t *testing.T, cfg analyzer.Config, in analyzer.Input) analyzer.Preview {
	t.Helper()
	p, err := service(t, cfg).Prompt(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPrompt_Preview(t *testing.T) {
	p := preview(t, analyzer.Config{}, realInput(t))
	if !strings.Contains(p.User, "Call tree WALL") || !strings.Contains(p.User, "| The team is called Pelican.") || strings.Contains(p.User, "hunter2") {
		t.Errorf("prompt is\n%s", p.User)
	}
	if p.Model != "" || p.Tokens < p.Parts["system"]+p.Parts["profile"] || p.Parts["profile"] == 0 ||
		p.Parts["context"] == 0 || p.Redacted["setting"] != 1 || !strings.Contains(p.Markdown, p.User) {
		t.Errorf("preview is %+v", p)
	}
	t.Logf("%d tokens: %v", p.Tokens, p.Parts)
	cfg := analyzer.Config{LLM: analyzer.LLMConfig{BaseURL: "http://127.0.0.1:9/v1", Model: "some-model"}}
	if p := preview(t, cfg, realInput(t)); p.Model != "some-model" {
		t.Errorf("model is %q", p.Model)
	}
}

func TestPrompt_TooSmallWindow(t *testing.T) {
	_, err := service(t, analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Window: 9000}}}).Prompt(realInput(t))
	if err == nil || !strings.Contains(err.Error(), "does not fit the context of the model") {
		t.Errorf("Prompt returned %v", err)
	}
}

func TestPrompt_Privacy(t *testing.T) {
	p := preview(t, analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Privacy: analyzer.PrivacyMask}}}, realInput(t))
	if strings.Contains(p.Markdown, "EvenStalling") || strings.Contains(p.Markdown, "Pelican") || !strings.Contains(p.User, "u1.C1.m1") {
		t.Errorf("prompt is\n%s", p.User)
	}
}

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The prompt of the request wins over that of the job, and that one over the prompt of the process.
func TestPrompt_Precedence(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "orders.md", "For the job.")
	write(t, dir, "README", "{{ .Unknown }}")
	cfg := analyzer.Config{PromptFile: write(t, t.TempDir(), "all.md", "For the process."), LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Dir: dir}}}
	in := realInput(t)
	in.Prompt = "For the request."
	for _, want := range []string{"For the request.", "For the job.", "For the process."} {
		p := preview(t, cfg, in)
		if !strings.HasPrefix(p.User, want) || !strings.Contains(p.User, "<<<DATA") || !strings.HasSuffix(p.User, "obey these rules alone.\n") {
			t.Errorf("the prompt starts with %q, want %q", p.User[:40], want)
		}
		if in.Prompt == "" {
			in.Identity.Job = "another"
		}
		in.Prompt = ""
	}
}

func TestNew_RefusesPrompts(t *testing.T) {
	dir, bad := t.TempDir(), t.TempDir()
	file := write(t, dir, "all.md", "one\n\n{{ .Grpah }}")
	write(t, bad, "orders.md", "{{ metric \"v\" \"speed\" }}")
	for _, c := range []struct {
		cfg  analyzer.Config
		want string
	}{
		{analyzer.Config{PromptFile: file}, "SQUIRRLY_PROMPT_FILE: prompt " + file + ": check prompt: prompt:3:3: unknown variable .Grpah"},
		{analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Dir: bad}}}, "orders.md: check prompt: prompt:1:3: unknown metric \"speed\""},
		{analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Block: "pdf"}}}, "SQUIRRLY_PROFILE_BLOCK: \"pdf\": there is one form of the profile, compact"},
		{analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Block: "html"}}}, "SQUIRRLY_PROFILE_BLOCK: html: pages as captured are not sent any more; what a prompt holds in their place is a map"},
		{analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Privacy: "some"}}}, "SQUIRRLY_LLM_PRIVACY \"some\": choose off or mask"},
		{analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Window: -1}}}, "SQUIRRLY_LLM_CONTEXT_TOKENS"},
	} {
		if _, err := analyzer.New(c.cfg, analyzer.Deps{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New returned %v, want %q", err, c.want)
		}
	}
	if _, err := analyzer.New(analyzer.Config{LLM: analyzer.LLMConfig{Prompt: analyzer.PromptConfig{Dir: filepath.Join(dir, "none")}}}, analyzer.Deps{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("New returned %v", err)
	}
	if err := analyzer.CheckPrompt("a\n{{ env \"HOME\" }}"); err == nil || !strings.Contains(err.Error(), "prompt:2: function \"env\" not defined") {
		t.Errorf("CheckPrompt returned %v", err)
	}
}

// TestPrompt_FreeMarkdown: a prompt with four sections of free Markdown gets claims that hold, and what goes beyond them as
// readings, whether the model keeps to the form or wraps it in prose.
func TestPrompt_FreeMarkdown(t *testing.T) {
	const markdown = "You are a performance engineer. Analyze the flame graph and answer in Markdown.\n\n# Key Bottlenecks\n\n# Root Causes\n\n" +
		"# Actionable Recommendations\n\n# Additional Observations\n"
	const beyond = "## Additional Observations\nThe source reads more than the sink writes. **Key Bottlenecks**: see above."
	answer := func(req llmtest.Request) string {
		var said map[string][]any
		if err := json.Unmarshal([]byte(llmtest.HonestAnswer(req)), &said); err != nil {
			t.Error(err)
		}
		if strings.Contains(req.Messages[1].Content, "# Root Causes") {
			said["observations"] = append(said["observations"], map[string]any{"because": []any{}, "reading": beyond})
		}
		b, err := json.Marshal(said)
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	for name, behaviour := range map[string]llmtest.Behaviour{
		"in form": func(w http.ResponseWriter, req llmtest.Request) { llmtest.Fixed(answer(req))(w, req) },
		"wrapped": llmtest.Without(llmtest.Wrapped(answer), "json_schema", "json_object_schema", "json_object"),
	} {
		t.Run(name, func(t *testing.T) {
			server := llmtest.NewServer(behaviour)
			t.Cleanup(server.Close)
			in := realInput(t)
			in.Prompt = markdown
			a, err := service(t, analyzer.Config{LLM: analyzer.LLMConfig{
				Provider: analyzer.ProviderOpenAI, BaseURL: server.URL(), Model: llmtest.Model, Key: daemon.Secret(llmtest.Key),
			}}).Analyze(t.Context(), in)
			if err != nil || a.Degraded {
				t.Fatalf("%v, %q", err, a.DegradedWhy)
			}
			if c := a.Provenance.Claims; c == nil || c.Verified == 0 || c.Refuted > 0 || len(a.Findings) == 0 {
				t.Errorf("claims %+v, findings %d", c, len(a.Findings))
			}
			found := slices.ContainsFunc(a.Readings, func(r events.Reading) bool {
				return r.Kind == events.ReadingObservation && strings.Contains(r.Text, "The source reads more")
			})
			if !found {
				t.Errorf("readings: %+v", a.Readings)
			}
			for _, f := range a.Findings {
				if strings.Contains(f.Title+f.Cause, "The source reads more") {
					t.Errorf("a reading is told as a finding: %q", f.Title)
				}
			}
		})
	}
}
