package parts

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Commands are the shell commands (blocks fenced as "sh") of one section of docs/kubernetes.md.
func Commands(section string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "kubernetes.md"))
	if err != nil {
		return "", fmt.Errorf("read the page: %w", err)
	}
	_, body, found := strings.Cut(string(text), "\n## "+section+"\n")
	if !found {
		return "", fmt.Errorf("docs/kubernetes.md has no section %q", section)
	}
	body, _, _ = strings.Cut(body, "\n## ")
	var commands strings.Builder
	for {
		_, rest, found := strings.Cut(body, "```sh\n")
		if !found {
			break
		}
		block, after, closed := strings.Cut(rest, "```")
		if !closed {
			return "", fmt.Errorf("docs/kubernetes.md: a block of %q does not end", section)
		}
		commands.WriteString(block)
		body = after
	}
	if commands.Len() == 0 {
		return "", fmt.Errorf("docs/kubernetes.md: %q has no commands", section)
	}
	return commands.String(), nil
}
