package events_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/pkg/events"
)

func TestReasons_AreThoseOfThePackage(t *testing.T) {
	sameFile(t, filepath.Join(root, "docs", "reasons.md"), reasons(events.Codes()))
}

// Every constant is in the catalogue, and nothing else.
func TestReasons_AreDeclared(t *testing.T) {
	want := slices.Sorted(slices.Values(values(t, "Code")))
	var have []string
	for c := range events.Codes() {
		have = append(have, string(c))
	}
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("codes (-declared +in the catalogue):\n%s", diff)
	}
}

// The comparison sees a code that is gone from the catalogue.
func TestReasons_Differ(t *testing.T) {
	codes := events.Codes()
	delete(codes, events.CodeForbidden)
	if reasons(codes) == reasons(events.Codes()) {
		t.Error("the document does not depend on the codes")
	}
}

// reasons is the catalogue as a document.
func reasons(codes map[events.Code]string) string {
	var b strings.Builder
	b.WriteString(`# Reason codes

Why a run was rejected or failed (` + "`code`" + ` of run.rejected, run.failed and run.cancelled), why a letter is dead (the last token of
its subject), or why a notification was given up. The event carries the sentence of this table as ` + "`hint`" + `. New codes may
come within v1: treat one that you do not know as ` + "`internal`" + `. Written by ` + "`go test ./test/contract/events -update`" + `.

| code | what to do |
|---|---|
`)
	for _, c := range slices.Sorted(maps.Keys(codes)) {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c, strings.ReplaceAll(codes[c], "|", `\|`))
	}
	return b.String()
}
