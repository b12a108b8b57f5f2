package prompt

import (
	"fmt"
	"strings"

	"squirrly.dev/internal/redact"
)

// maxPageBytesPerToken is more than a token of a page holds: pages beyond it do not fit and need no counting.
const maxPageBytesPerToken = 8

// profile renders the profile in the form that was asked for.
func (c cleaner) profile(in Input, secrets *redact.Redactor) (string, int, error) {
	if in.Block != BlockHTML {
		return c.profileBlock(in, secrets, in.Budget.Profile)
	}
	var b strings.Builder
	c.findings(&b, in.Analysis, levels[0])
	size := 0
	for _, p := range in.Pages {
		if size += len(p.Body); size <= in.Budget.Window*maxPageBytesPerToken {
			fmt.Fprintf(&b, "\nPage %s, as captured\n%s\n", c.label(secrets.Text(p.Name)), c.page(secrets.Text(string(p.Body))))
		}
	}
	fenced := c.fence("profile", secrets.Text(b.String()))
	if size > in.Budget.Window*maxPageBytesPerToken {
		return fenced, in.Budget.Window + 1, nil // a bound: more than fits
	}
	n, err := CountTokens(fenced)
	return fenced, n, err
}
