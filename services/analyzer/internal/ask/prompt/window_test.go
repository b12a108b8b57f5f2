package prompt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/ask/prompt"
)

// TestWindow makes the model smaller and smaller.
func TestWindow(t *testing.T) {
	in := sample()
	in.Block = prompt.BlockHTML
	in.Pages = []prompt.Page{{Name: "tm-1 WALL", Body: []byte(strings.Repeat("f(1,2,3,4,'com/acme/Enrich.map')\n", 400))}}
	in.Files = append(in.Files, prompt.File{Name: "long.txt", Text: strings.Repeat("a line of notes\n", 200)})
	whole := build(t, in)
	if whole.Block != prompt.BlockHTML || whole.Notes != nil || !strings.Contains(whole.User, "Page tm-1 WALL, as captured\nf(1,2,3,4,'com/acme") {
		t.Fatalf("block %s, notes %q", whole.Block, whole.Notes)
	}
	in.Budget.Window = whole.Tokens.Whole - 1
	compact := build(t, in)
	if compact.Block != prompt.BlockCompact || len(compact.Notes) != 1 || !strings.Contains(compact.User, "Call tree WALL") || compact.Tokens.Context == 0 {
		t.Errorf("block %s, notes %q", compact.Block, compact.Notes)
	}
	in.Budget.Window = compact.Tokens.Whole - 1
	bare := build(t, in)
	if bare.Tokens.Context != 0 || len(bare.Notes) != 2 || !slices.Contains(bare.Left, "long.txt") || bare.Tokens.Whole > in.Budget.Window {
		t.Errorf("%d tokens of context, notes %q, left %q", bare.Tokens.Context, bare.Notes, bare.Left)
	}
	in.Budget.Window = 1000
	if _, err := prompt.Build(in, nonce); !errors.Is(err, prompt.ErrTooLarge) {
		t.Errorf("Build returned %v", err)
	}
}

// TestSettings: what bears on performance and is not the default, and what a finding recommends to change.
func TestSettings(t *testing.T) {
	in := sample()
	in.Keys = []string{"rest.port"}
	in.Settings = map[string]string{
		"taskmanager.memory.managed.fraction":       "0.4",
		"taskmanager.memory.network.fraction":       "0.2",
		"execution.checkpointing.timeout":           "10min",
		"state.backend.type":                        "rocksdb",
		"state.backend.rocksdb.files.open":          "100",
		"state.checkpoints.dir":                     "s3://bucket/x",
		"pipeline.name":                             "secret project",
		"jobmanager.rpc.address":                    "10.0.0.1",
		"rest.port":                                 "8081",
		"env.java.opts.all":                         "--add-exports=java.base/sun.net.util=ALL-UNNAMED --add-opens java.base/java.lang=ALL-UNNAMED -XX:+UseZGC",
		"env.java.opts.jobmanager":                  "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
		"table.exec.mini-batch.enabled":             "true",
		"execution.checkpointing.incremental.token": "hunter2",
	}
	p := build(t, in)
	want := "settings>>>\nenv.java.opts.all: -XX:+UseZGC\nexecution.checkpointing.incremental.token: <<SECRET:setting:1>>\nrest.port: 8081\n" +
		"state.backend.rocksdb.files.open: 100\nstate.backend.type: rocksdb\ntable.exec.mini-batch.enabled: true\n" +
		"taskmanager.memory.network.fraction: 0.2\n<<<END"
	if !strings.Contains(p.User, want) {
		t.Errorf("%q is missing in\n%s", want, p.User)
	}
}
