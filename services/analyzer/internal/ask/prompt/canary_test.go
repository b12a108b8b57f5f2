package prompt_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/ask/rewrite"
)

const canary = "CANARYabc123"

// canaries are secrets as they may stand in any text.
var canaries = []string{
	"db.password=" + canary,
	"password: \"" + canary + "\"",
	"jdbc:mysql://u:" + canary + "@h/db",
	"jdbc:sqlserver://h;user=a;pwd=" + canary,
	"https://h/x?access_token=" + canary + "&y=1",
	"sasl.jaas.config: x required username=\"a\" password=\"" + canary + "\";",
	"sk-ant-api03-" + canary + "aaaaaaaa",
	"ghp_" + canary + "aaaaaaaaaaaaaaaaaaaaaaaa",
	"AKIACANARYABC1230000",
	"Authorization: Bearer " + canary + "aaaa",
	"'password' = '" + canary + "'",
	"config.setPassword(\"" + canary + "\")",
	"<password>" + canary + "</password>",
	"-Djavax.net.ssl.keyStorePassword=" + canary,
	"eyJhbGciOiJIUzI1NiJ9.eyJ" + canary + ".sig" + canary,
}

// planted is the sample with a canary in every text of it.
func planted(t *testing.T, secret string) prompt.Input {
	t.Helper()
	in := sample()
	plant := func(field, s string) string {
		if field == "ID" || field == "Evidence" {
			return s
		}
		return s + " " + secret
	}
	in.Analysis = rewrite.Strings(in.Analysis, plant)
	in.Operators = rewrite.Strings(in.Operators, plant)
	in.Edges, in.Windows = rewrite.Strings(in.Edges, plant), rewrite.Strings(in.Windows, plant)
	in.Keys, in.Failures, in.Java = rewrite.Strings(in.Keys, plant), rewrite.Strings(in.Failures, plant), in.Java+" "+secret
	for i := range in.Trees[0].Lines {
		in.Trees[0].Lines[i].Frame += "/" + secret + "/x.map" // within the name
		in.Trees[0].Lines[i].Callers = append(in.Trees[0].Lines[i].Callers, "com.acme."+secret+".run")
	}
	in.Trees[0].Lines[1].Frame = "com.acme." + strings.Repeat("Long", 36) + secret // cut in the middle of the secret
	in.Settings = []prompt.Setting{
		{Key: "state.backend.my-api-key", Value: canary, From: "cluster"},
		{Key: "env.java.opts.all", Value: "-Dx=y " + secret},
		{Key: "state." + secret, Value: secret},
		{Key: "taskmanager.memory.note", Value: strings.Repeat("x", 480) + " " + secret, From: secret},
	}
	in.Files = []prompt.File{
		{Name: "conf.yaml", Text: "a: b\n" + secret + "\nc:\n  - name: API_TOKEN\n    value: " + canary + "\n"},
		{Name: "job.sql", Text: "CREATE TABLE t (id INT) WITH ('connector' = 'jdbc', " + secret + ");\n"},
		{Name: "notes " + secret + ".md", Text: strings.Repeat("y", 495) + " " + secret + "\n"},
		{Name: "EvenStallingFunction.java", Text: "class EvenStallingFunction {\n  // " + secret + "\n  int map(int i) {\n    x(); // " +
			secret + "\n    String secretKey = \"" + canary + "\";\n    return i;\n  }\n}\n"},
	}
	in.Template = mustParse(t, "The secret: "+canary+"\n"+strings.NewReplacer("{{", "", "}}", "").Replace(secret)+"\n{{ .Job }}")
	return in
}

// TestCanaries: no secret reaches the prompt, whatever text it stands in.
func TestCanaries(t *testing.T) {
	for _, secret := range canaries {
		p := build(t, planted(t, secret))
		leaks(t, secret, p)
		if len(p.Redacted) == 0 {
			t.Errorf("%s: nothing was counted as removed", secret)
		}
	}
}

// leaks reports the lines of a prompt with a canary, or with a part of one that is long enough to matter.
func leaks(t *testing.T, secret string, p prompt.Prompt) {
	t.Helper()
	for line := range strings.Lines(p.Markdown() + "\n" + strings.Join(p.Left, "\n") + "\n" + strings.Join(p.Notes, "\n")) {
		if strings.Contains(line, "CANARY") {
			t.Errorf("%s is in the prompt: %s", secret, line)
		}
	}
}

// TestCanariesAnywhere mixes canaries, poison and ordinary text at random places.
func TestCanariesAnywhere(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := append([]string{"a", "=", "\n", "com.acme.Foo.map", ":", "«", "<<SECRET:x:1>>", "\"", "97.0 %"}, poison)
	for range 100 {
		secret := canaries[rnd.IntN(len(canaries))]
		plant := func(field, s string) string {
			if field == "ID" || rnd.IntN(3) > 0 {
				return s
			}
			return words[rnd.IntN(len(words))] + "\n" + secret + "\n" + words[rnd.IntN(len(words))]
		}
		in := sample()
		in.Analysis, in.Operators = rewrite.Strings(in.Analysis, plant), rewrite.Strings(in.Operators, plant)
		in.Edges, in.Windows, in.Failures = rewrite.Strings(in.Edges, plant), rewrite.Strings(in.Windows, plant), rewrite.Strings(in.Failures, plant)
		in.Settings, in.Keys = rewrite.Strings(in.Settings, plant), rewrite.Strings(in.Keys, plant)
		in.Trees, in.Files = rewrite.Strings(in.Trees, plant), rewrite.Strings(in.Files, plant)
		p := build(t, in)
		leaks(t, fmt.Sprintf("%q", secret), p)
		if n := strings.Count(p.User, "<<<END"); n != strings.Count(p.User, "<<<DATA") || strings.Count(p.User, nonce) != 2*n+1 {
			t.Errorf("%d fences are closed in\n%s", n, p.User)
		}
	}
}
