package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"

	"squirrly.dev/pkg/events"
)

// JSON writes the analysis as it is, indented. Characters that a terminal or an editor would obey instead of showing
// are written as escapes, which mean the same to a parser.
func JSON(w io.Writer, a events.Analysis) error {
	b, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("encode analysis of run %s: %w", a.Run, err)
	}
	if _, err := w.Write(visibleJSON(b)); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// visibleJSON escapes what a terminal or an editor would obey instead of showing.
func visibleJSON(b []byte) []byte {
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case r == '\n' || r != 0x7f && r < unicode.MaxASCII || unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	out.WriteByte('\n')
	return out.Bytes()
}
