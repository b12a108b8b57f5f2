package channel_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
)

// sections are those of docs/channels.md, by their titles.
func sections(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile("../../../../docs/channels.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, s := range strings.Split(string(b), "\n## ")[1:] {
		title, body, _ := strings.Cut(s, "\n")
		all[title] = body
	}
	return all
}

var setting = regexp.MustCompile("`([a-z_]+)`")

// Each type of channel has a section with all of its settings, and says which are required.
func TestDocs_Settings(t *testing.T) {
	all := sections(t)
	for _, typ := range channel.Types() {
		body, ok := all[typ.Name]
		if !ok {
			t.Errorf("no section %s", typ.Name)
			continue
		}
		_, table, _ := strings.Cut(body, "| setting | |\n|---|---|\n")
		table, _, _ = strings.Cut(table, "\n\n")
		var told, mustBe []string
		for row := range strings.Lines(table) {
			cells := strings.SplitN(row, "|", 3)
			for _, m := range setting.FindAllStringSubmatch(cells[1], -1) {
				told = append(told, m[1])
				if strings.HasPrefix(strings.TrimSpace(cells[2]), "required") {
					mustBe = append(mustBe, m[1])
				}
			}
		}
		fields, required := typ.Settings().Fields()
		var have []string
		for name := range fields {
			have = append(have, name)
		}
		for _, list := range [][]string{told, mustBe, have, required} {
			slices.Sort(list)
		}
		if !slices.Equal(told, have) || !slices.Equal(mustBe, slices.Clone(required)) {
			t.Errorf("%s: told %v, required %v; there are %v, required %v", typ.Name, told, mustBe, have, required)
		}
	}
}

// Each example is a file of routes, and each type has one.
func TestDocs_Examples(t *testing.T) {
	seen := map[string]bool{}
	for title, body := range sections(t) {
		for _, part := range strings.Split(body, "```yaml\n")[1:] {
			example, _, _ := strings.Cut(part, "```")
			cfg, err := route.Read([]byte(example), []string{"log"})
			if err != nil {
				t.Errorf("%s: %v\n%s", title, err, example)
				continue
			}
			for _, c := range cfg.Channels {
				seen[c.Type.Name] = true
			}
		}
	}
	for _, name := range channel.Names() {
		if !seen[name] {
			t.Errorf("no example of %s", name)
		}
	}
}

// A template sees what the document says that it sees.
func TestDocs_Templates(t *testing.T) {
	body := sections(t)["Templates"]
	_, fields, _ := strings.Cut(body, "| field | |")
	fields, items, _ := strings.Cut(fields, "| of each of `.Items` | |")
	items, _, _ = strings.Cut(items, "```")
	for i, part := range []string{fields, items} {
		var told []string
		for row := range strings.Lines(part) {
			cells := strings.SplitN(row, "|", 3)
			if len(cells) < 3 {
				continue
			}
			for _, m := range regexp.MustCompile("`\\.([A-Za-z]+)`").FindAllStringSubmatch(cells[1], -1) {
				told = append(told, m[1])
			}
		}
		have := channel.ViewFields()[i]
		slices.Sort(told)
		slices.Sort(have)
		if !slices.Equal(told, have) {
			t.Errorf("told %v, there are %v", told, have)
		}
	}
}
