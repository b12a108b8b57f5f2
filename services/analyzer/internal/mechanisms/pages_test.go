package mechanisms

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPages holds the links of the fixes against testdata/pages.txt: the files of the repository apache/flink that pages
// of the documentation are made of. Whoever adds a link looks its file up there first.
func TestPages(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "pages.txt"))
	if err != nil {
		t.Fatal(err)
	}
	unused := map[string]bool{}
	for file := range strings.FieldsSeq(string(b)) {
		page, ok := strings.CutPrefix(strings.TrimSuffix(strings.TrimSuffix(file, ".md"), "/_index"), "docs/content/")
		if !ok {
			t.Errorf("pages.txt: %s makes no page", file)
		}
		unused[strings.ToLower(page)+"/"] = true
	}
	for _, r := range Default().Mechanisms {
		for _, c := range r.Changes {
			for _, page := range c.Links {
				if _, ok := unused[page]; !ok {
					t.Errorf("mechanism %s: is there a page %s? If so, list its file in testdata/pages.txt", r.ID, page)
				}
				unused[page] = false
			}
		}
	}
	for page, is := range unused {
		if is {
			t.Errorf("pages.txt: no rule links to %s", page)
		}
	}
}
