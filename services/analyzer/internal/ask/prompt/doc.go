// Package prompt builds what an LLM is asked: the rules that every answer has to obey, the frame that the user may
// replace by Markdown of their own, and the data of one analysis, fenced, redacted and cut to a budget of tokens.
//
// It builds text and sends nothing. Frames, names and files are hostile: they reach the text only through the functions
// of sanitize.go, between fences with a random nonce.
package prompt

import (
	_ "embed"
)

//go:embed default.md
var defaultText string

//go:embed contract.md
var contractText string

// DefaultText returns the Markdown that frames the question when the user gives none.
func DefaultText() string { return defaultText }
