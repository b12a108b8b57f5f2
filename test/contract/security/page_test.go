// Package security_test holds docs/security.md to the tests that it names.
package security_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../../.."

var named = regexp.MustCompile("`([a-z0-9/]+) (Test\\w+)`")

// Every row of a table says which test holds it, and that test is there, in the folder that is named and no helper.
func TestPage_NamesItsTests(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows, tests := 0, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		cells := strings.Split(strings.Trim(line, "|"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		if !strings.HasPrefix(line, "|") || last == "Test" || strings.HasPrefix(last, "---") {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(last, -1)
		if len(found) == 0 || strings.Trim(named.ReplaceAllString(last, ""), ", ") != "" {
			t.Errorf("no test, or what is none, holds %s", line)
		}
		for _, m := range found {
			tests++
			if !there(t, m[1], m[2]) {
				t.Errorf("%s has no %s: %s", m[1], m[2], line)
			}
		}
	}
	if rows < 50 || tests < rows {
		t.Errorf("%d rows and %d tests are read", rows, tests)
	}
}

// there reports whether a folder has a test of that name.
func there(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+name+"(t *testing.T)") {
			return true
		}
	}
	return false
}
