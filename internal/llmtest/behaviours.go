package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Fixed answers with the text.
func Fixed(text string) Behaviour {
	return func(w http.ResponseWriter, req Request) { complete(w, req, text, "stop") }
}

// Garbage answers with prose that holds no JSON object.
func Garbage() Behaviour { return Fixed("Sure! The job looks {mostly} fine to me.") }

// Wrapped answers as a server without structured output does: what b answers stands in a code fence behind prose and
// the thoughts of the model.
func Wrapped(answer func(Request) string) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		complete(w, req, "<think>I should answer {\"x\": 1}.</think>Here it is:\n```json\n"+answer(req)+"\n```\nGood luck!", "stop")
	}
}

// RateLimited refuses with 429 and asks to come again after the given time.
func RateLimited(after time.Duration) Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Retry-After", strconv.FormatFloat(after.Seconds(), 'f', -1, 64))
		fail(w, http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached for requests")
	}
}

// OutOfQuota refuses with 429 because the account is empty.
func OutOfQuota() Behaviour {
	return Failing(http.StatusTooManyRequests, "insufficient_quota", "You exceeded your current quota")
}

// Failing answers with an error of the API.
func Failing(status int, code, message string) Behaviour {
	return func(w http.ResponseWriter, _ Request) { fail(w, status, code, message) }
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
func Refusing() Behaviour {
	return func(w http.ResponseWriter, req Request) {
		send(w, req, map[string]any{"role": "assistant", "content": nil, "refusal": "I cannot help with that."}, "stop")
	}
}

// Truncated answers with the start of an object, cut at the limit of tokens.
func Truncated() Behaviour {
	return func(w http.ResponseWriter, req Request) { complete(w, req, `{"findings":[{"ref":"R1",`, "length") }
}

// NoChoices answers without an answer.
func NoChoices() Behaviour {
	return func(w http.ResponseWriter, _ Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"id":"x","model":"stand-in-1","choices":[]}`)
	}
}

// Without answers as b does, and refuses requests that demand one of the forms.
func Without(b Behaviour, forms ...string) Behaviour {
	return func(w http.ResponseWriter, req Request) {
		for _, f := range forms {
			if req.Form() == f {
				fail(w, http.StatusBadRequest, "", fmt.Sprintf("response_format type %s is not supported", f))
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
			fail(w, http.StatusUnprocessableEntity, "", "extra fields not permitted: max_completion_tokens")
			return
		}
		b(w, req)
	}
}

func complete(w http.ResponseWriter, req Request, text, finish string) {
	send(w, req, map[string]any{"role": "assistant", "content": text}, finish)
}

func send(w http.ResponseWriter, req Request, message map[string]any, finish string) {
	in := 0
	for _, m := range req.Messages {
		in += len(m.Content) / 4
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": Model + "-2026-11-01",
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
		"usage": map[string]any{
			"prompt_tokens": in, "completion_tokens": 500, "total_tokens": in + 500,
			"prompt_tokens_details":     map[string]any{"cached_tokens": 100},
			"completion_tokens_details": map[string]any{"reasoning_tokens": 50},
		},
	})
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]any{"message": message, "type": "invalid_request_error", "param": nil, "code": code},
	})
}
