package mechanisms

import (
	"fmt"
	"strings"
	"text/template"
)

// Render fills a text in: it is a template of text/template over values by the names of [Measures], formatted for people.
// What is unknown is empty, so that a sentence may hang on it, as in "{{with .windowsPerRecord}}Each goes into {{.}} windows.{{end}}".
func Render(text string, values map[string]string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	t, err := parseText(text)
	if err != nil {
		return text // the catalogue was checked when it was loaded
	}
	var b strings.Builder
	if err := t.Execute(&b, values); err != nil {
		return text
	}
	return strings.TrimSpace(b.String())
}

func parseText(text string) (*template.Template, error) {
	t, err := template.New("text").Option("missingkey=zero").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("text %q: %w", text, err)
	}
	return t, nil
}

func checkTexts(texts ...string) error {
	for _, text := range texts {
		if _, err := parseText(text); err != nil {
			return err
		}
	}
	return nil
}
