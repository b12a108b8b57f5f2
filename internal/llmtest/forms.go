package llmtest

import (
	"fmt"
	"net/http"
	"strings"
)

// Malformed are answers that are not in the form of claims, by name. None of them may be used in part.
func Malformed() map[string]Behaviour {
	good := func(req Request) string { return read(req).honest().text() }
	many := func(n int) func(Request) string {
		return func(req Request) string {
			a := read(req).each(func(*claim) bool { return true })
			for i := 0; len(a.Claims) > 0 && len(a.Claims) < n; i++ {
				a.Claims = append(a.Claims, a.Claims[i])
			}
			return a.text()
		}
	}
	return map[string]Behaviour{
		"not JSON":           Garbage(),
		"a list":             Fixed(`[{"claims":[]}]`),
		"cut off":            Truncated(),
		"cut off silently":   replies(func(req Request) string { text := good(req); return text[:len(text)*2/3] }),
		"10,000 claims":      replies(many(10_000)),
		"one claim too many": replies(many(maxClaims + 1)),
		"the form of before": Fixed(`{"findings":[{"ref":"R1","why":"Phantom"}],"observations":[]}`),
		"another property": replies(func(req Request) string {
			return strings.Replace(good(req), `{"claims"`, `{"summary":"Phantom","claims"`, 1)
		}),
		"another type":        Fixed(`{"claims":"Phantom","observations":[]}`),
		"an unknown relation": Fixed(`{"claims":[],"observations":[{"because":[{"kind":"causes","a":"Phantom","b":null}],"reading":"x"}]}`),
		"an unknown change": Fixed(`{"claims":[{"operator":"O1","mechanism":"A1","share":"F1","because":[],"changes":[{"kind":"delete","key":"Phantom",` +
			`"value":null,"operator":null,"frame":null,"sketch":null}],"doubts":null,"reading":null}],"observations":[]}`),
		"nothing at all":   Fixed(`{"claims":[],"observations":[]}`),
		"empty":            Fixed(``),
		"no text":          NoChoices(),
		"a megabyte":       Fixed(answer{Observations: []observation{{Reading: strings.Repeat("Phantom ", 130_000)}}}.text()),
		"a long reading":   Fixed(answer{Observations: []observation{{Reading: strings.Repeat("Phantom ", 600)}}}.text()),
		"deep":             Fixed(strings.Repeat(`{"claims":[`, 20_000)),
		"endless":          Endless(6 << 20),
		"streamed garbage": Streaming(200),
	}
}

// Streaming answers with a stream of events that hold garbage, though none was asked for.
func Streaming(events int) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range events {
			if _, err := fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":\"\\u00%02x}{[\"}}]}\n\n", i%256); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// Changing answers as b does, each time as another model.
func Changing(models []string, b Behaviour) Behaviour {
	next := make(chan string, len(models))
	for _, m := range models {
		next <- m
	}
	return func(w http.ResponseWriter, req Request) {
		req.answers = <-next
		next <- req.answers
		b(w, req)
	}
}
