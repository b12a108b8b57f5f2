package llmtest

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fixed answers with the text.
func Fixed(text string) Behaviour {
	return func(w http.ResponseWriter, req Request) { complete(w, req, text) }
}

// Garbage answers with prose that holds no JSON object.
func Garbage() Behaviour { return Fixed("Sure! The job looks {mostly} fine to me.") }

// Wrapped answers as a server without structured output does: what b answers stands in a code fence behind prose and
// the thoughts of the model.
func Wrapped(answer func(Request) string) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		complete(w, req, "<think>I should answer {\"x\": 1}.</think>Here it is:\n```json\n"+answer(req)+"\n```\nGood luck!")
	}
}

// RateLimited refuses with 429 and asks to come again after the given time.
func RateLimited(after time.Duration) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		seconds := strconv.FormatFloat(after.Seconds(), 'f', -1, 64)
		f := req.speaks().trouble(limited)
		if _, google := req.speaks().(gemini); google {
			f.details = []any{object{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": seconds + "s"}}
		} else {
			w.Header().Set("Retry-After", seconds)
		}
		fail(w, req.speaks(), f)
	}
}

// OutOfQuota refuses because the account is empty.
func OutOfQuota() Behaviour { return troubled(emptyAccount) }

// TooLong refuses because the prompt does not fit into the model.
func TooLong() Behaviour { return troubled(tooLong) }

// Filtered refuses because of what the prompt says.
func Filtered() Behaviour { return troubled(filtered) }

// NoModel refuses because there is no such model.
func NoModel() Behaviour { return troubled(noModel) }

// WrongKey refuses the key.
func WrongKey() Behaviour { return troubled(badKey) }

func troubled(t trouble) Behaviour {
	return func(w http.ResponseWriter, req Request) { fail(w, req.speaks(), req.speaks().trouble(t)) }
}

// Failing answers with an error of the API.
func Failing(status int, code, message string) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		fail(w, req.speaks(), fault{status: status, code: code, message: message})
	}
}

// Body answers with status 200 and any JSON, which need not be an answer.
func Body(json string) Behaviour { return Any(http.StatusOK, json) }

// Any answers with any status and body.
func Any(status int, body string) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

// Page answers with an HTML page, as a proxy in between does.
func Page(status int) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, "<html><body>Bad gateway</body></html>")
	}
}

// Slow waits, or until the client is gone, before it answers as b does.
func Slow(wait time.Duration, b Behaviour) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		time.Sleep(wait)
		b(w, req)
	}
}

// Cut announces a whole response and closes the connection in the middle of it.
func Cut() Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Length", "10000")
		_, _ = fmt.Fprint(w, `{"id":"x","choices":[`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// HangUp closes the connection without a response.
func HangUp() Behaviour {
	return func(http.ResponseWriter, Request) { panic(http.ErrAbortHandler) }
}

// Empty answers with a response that has no body.
func Empty() Behaviour {
	return func(w http.ResponseWriter, _ Request) { w.WriteHeader(http.StatusOK) }
}

// Endless sends a response that is larger than any client should take.
func Endless(bytes int) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"id":"`)
		chunk := make([]byte, 64<<10)
		for i := range chunk {
			chunk[i] = 'x'
		}
		for sent := 0; sent < bytes; sent += len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}
}

// Redirect sends the client elsewhere.
func Redirect(location string) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// Refusing answers that the model does not want to.
func Refusing() Behaviour { return finishes(said{end: refused}) }

// Truncated answers with the start of an object, cut at the limit of tokens.
func Truncated() Behaviour { return finishes(said{`{"claims":[{"operator":"O1",`, cut}) }

// NoChoices answers without an answer.
func NoChoices() Behaviour { return finishes(said{end: silent}) }

func finishes(s said) Behaviour {
	return func(w http.ResponseWriter, req Request) { say(w, req, s) }
}

// Without answers as b does, and refuses requests that demand one of the forms.
func Without(b Behaviour, forms ...string) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		for _, f := range forms {
			if req.Form() == f {
				fail(w, req.speaks(), req.speaks().unknown(f))
				return
			}
		}
		b(w, req)
	}
}

// OldTokens answers as b does, and refuses max_completion_tokens as old servers do.
func OldTokens(b Behaviour) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		if req.MaxCompletionTokens > 0 {
			fail(w, req.speaks(), fault{
				status: http.StatusUnprocessableEntity, message: "extra fields not permitted: max_completion_tokens",
			})
			return
		}
		b(w, req)
	}
}
