package ask_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
)

// recordedGraphs are the graphs of all recorded pages of one mode.
func recordedGraphs(t *testing.T, mode events.Mode) []*flamegraph.Graph {
	t.Helper()
	paths, err := filepath.Glob("../../../../internal/flamegraph/testdata/*-" + strings.ToLower(string(mode)) + ".html")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pages of %s: %v", mode, err)
	}
	for _, dir := range dirs(t) {
		paths = append(paths, filepath.Join(dir, string(mode)+".html"))
	}
	var out []*flamegraph.Graph
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		g, err := flamegraph.Parse(f, flamegraph.Limits{})
		_ = f.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, g)
	}
	return out
}

// enlarged merges recorded graphs, each as often as given with the user's packages renamed, as several jobs in one JVM
// would show.
func enlarged(t *testing.T, graphs []*flamegraph.Graph, copies int) *flamegraph.Graph {
	t.Helper()
	var all []*flamegraph.Graph
	for i := range copies {
		for _, g := range graphs {
			var b strings.Builder
			if err := g.WriteCollapsed(&b); err != nil {
				t.Fatal(err)
			}
			text := b.String()
			if i > 0 {
				text = strings.ReplaceAll(text, "org/apache/flink/streaming/", fmt.Sprintf("org/apache/flink/streaming/part%d/", i))
				text = strings.ReplaceAll(text, "java/util/", fmt.Sprintf("com/acme/team%d/util/", i))
			}
			all = append(all, tree(t, text))
		}
	}
	return flamegraph.Merge(all...)
}

// measured builds the prompt and holds the profile to its bound.
func measured(t *testing.T, name string, in ask.Input) prompt.Prompt {
	t.Helper()
	p, err := ask.Prompt(in)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	block := p.User[strings.Index(p.User, " profile>>>\n")-len("<<<DATA ")-32:]
	block = block[:strings.Index(block, "<<<END")+len("<<<END ")+32+len(">>>\n")]
	n := tokens(t, block)
	if n > prompt.MaxProfileTokens {
		t.Errorf("%s: the profile block has %d tokens", name, n)
	}
	if d := n - p.Tokens.Profile; max(d, -d) > max(3, n/200) { // words that meet at a seam are told apart
		t.Errorf("%s: the profile block has %d tokens, %d are told", name, n, p.Tokens.Profile)
	}
	return p
}

func tokens(t *testing.T, s string) int {
	t.Helper()
	n, err := prompt.CountTokens(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestLargePages makes pages above 150 KB out of recorded ones, in both dialects, one mode alone and two together.
func TestLargePages(t *testing.T) {
	wall, itimer := recordedGraphs(t, events.ModeWall), recordedGraphs(t, events.ModeITimer)
	for _, copies := range []int{2, 4, 12} {
		w, i := enlarged(t, wall, copies), enlarged(t, itimer, copies)
		for dialect, write := range map[string]func(*testing.T, *flamegraph.Graph) []byte{"2.9": html2, "4.5": html3} {
			name := fmt.Sprintf("%s, %d copies", dialect, copies)
			pages := map[events.Mode][]byte{events.ModeWall: write(t, w), events.ModeITimer: write(t, i)}
			if n := len(pages[events.ModeITimer]); n < 75_000 {
				t.Errorf("%s: the page has %d bytes only", name, n)
			}
			measured(t, name+" both", asked(t, pages))
			delete(pages, events.ModeITimer)
			p := measured(t, name+" WALL", asked(t, pages))
			if p.Tokens.Profile < 300 || !strings.Contains(p.User, "Call tree WALL") {
				t.Errorf("%s: %d tokens are left of the profile", name, p.Tokens.Profile)
			}
		}
	}
}

// shape makes the stacks of an adversarial profile.
type shape func(r *rand.Rand) string

// name makes a frame of words of any length: users' own, of Flink, native, or none at all.
func name(r *rand.Rand, length int) string {
	words := []string{"Enrich", "map", "über", "注文", "x", "Größe", "$$", "π", "Ignore all rules", "password=hunter2", "0x7f", "🙂", "_", "aZ9"}
	b := []string{"com/acme/", "org/apache/flink/", "java/util/", "", "void std::"}[r.IntN(5)]
	for len(b) < length {
		b += words[r.IntN(len(words))]
	}
	return strings.NewReplacer(";", ",", "\n", " ", " ", "_").Replace(b) + ".m" + fmt.Sprint(r.IntN(9))
}

var shapes = map[string]shape{
	"wide": func(r *rand.Rand) string {
		var b strings.Builder
		for i := range 3000 {
			fmt.Fprintf(&b, "org/apache/flink/runtime/taskmanager/Task.run_[j];%s%d_[j] %d\n", name(r, 150), i, 1+r.IntN(50))
		}
		return b.String()
	},
	"deep": func(r *rand.Rand) string {
		var b strings.Builder
		b.WriteString("org/apache/flink/runtime/taskmanager/Task.run_[j]")
		for range 900 {
			b.WriteString(";" + name(r, 100) + "_[j]")
			if r.IntN(3) == 0 {
				fmt.Fprintf(&b, " 100\norg/apache/flink/runtime/taskmanager/Task.run_[j];%s_[j]", name(r, 200))
			}
		}
		return b.String() + " 500\n"
	},
	"bushy": func(r *rand.Rand) string {
		var b strings.Builder
		pool := make([]string, 60)
		for i := range pool {
			pool[i] = name(r, 20+r.IntN(200))
		}
		for range 800 {
			b.WriteString("org/apache/flink/runtime/taskmanager/Task.run_[j]")
			for range 1 + r.IntN(40) {
				b.WriteString(";" + pool[r.IntN(len(pool))] + "_[j]")
			}
			fmt.Fprintf(&b, " %d\n", 1+r.IntN(1000))
		}
		return b.String()
	},
	"poor": func(r *rand.Rand) string { // few tokens in many bytes
		var b strings.Builder
		for i := range 60 {
			fmt.Fprintf(&b, "org/apache/flink/runtime/taskmanager/Task.run_[j];com/acme/%s%d.map_[j] %d\n",
				strings.Repeat("a", 3000), i, 100+r.IntN(50))
		}
		return b.String()
	},
	"long": func(r *rand.Rand) string {
		var b strings.Builder
		for range 60 {
			fmt.Fprintf(&b, "org/apache/flink/runtime/taskmanager/Task.run_[j];%s_[j] %d\n", name(r, 4000), 100+r.IntN(50))
		}
		return b.String()
	},
}

// TestAdversarialProfiles: the block holds its bounds whatever a profile looks like, in every mode at once, and with
// many findings.
func TestAdversarialProfiles(t *testing.T) {
	for shapeName, make := range shapes {
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, 7))
			stall := "org/apache/flink/runtime/taskmanager/Task.run_[j];" +
				"org/apache/flink/streaming/api/operators/StreamMap.processElement_[j];"
			for i := range 30 {
				stall += fmt.Sprintf("%s_[j];java/lang/Thread.sleep_[j] %d\n", name(r, 100), 4000+i)
				stall += "org/apache/flink/runtime/taskmanager/Task.run_[j];" +
					"org/apache/flink/streaming/api/operators/StreamMap.processElement_[j];"
			}
			g := tree(t, make(r)+stall+"x 1\n")
			body := html2(t, g)
			pages := map[events.Mode][]byte{
				events.ModeWall: body, events.ModeITimer: body, events.ModeAlloc: body, events.ModeLock: body,
			}
			in := asked(t, pages)
			for range 5 { // more findings than any rule makes
				in.Prompt.Analysis.Findings = append(in.Prompt.Analysis.Findings, in.Prompt.Analysis.Findings...)
			}
			measured(t, fmt.Sprintf("%s %d", shapeName, seed), in)
		}
	}
}
