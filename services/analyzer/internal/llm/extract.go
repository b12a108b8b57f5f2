package llm

import (
	"bytes"
	"encoding/json"
	"strings"
)

// maxCandidates bounds how many braces are tried as the start of an object.
const maxCandidates = 64

// extract returns the first JSON object in the text of a model, which may stand in a code fence or behind prose. What
// a reasoning model thought aloud is skipped. It returns nil when there is none.
func extract(text string) json.RawMessage {
	if i := strings.LastIndex(text, "</think>"); i >= 0 {
		text = text[i:]
	}
	rest := []byte(text)
	for range maxCandidates {
		i := bytes.IndexByte(rest, '{')
		if i < 0 {
			return nil
		}
		rest = rest[i:]
		var object json.RawMessage
		if err := json.NewDecoder(bytes.NewReader(rest)).Decode(&object); err == nil {
			return object
		}
		rest = rest[1:]
	}
	return nil
}
