package llmtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// wire is how one protocol is spoken. The protocols differ in paths, headers, requests and answers, and in the words
// that they have for the same trouble; the behaviours are the same for all.
type wire interface {
	// base is what follows the address of the server in a base URL.
	base() string
	// serves reports whether a path is one of the protocol.
	serves(path string) bool
	// key returns the key of a request.
	key(h http.Header) string
	// decode reads a request as strictly as the real server.
	decode(r *http.Request, body []byte) (Request, error)
	// identify puts the id of the request where the real server has it.
	identify(h http.Header)
	// answer is the body of an answer.
	answer(req Request, s said) object
	// trouble is what the real server says; fail takes it.
	trouble(t trouble) fault
	// fault is the body of an error.
	fault(f fault) object
	// unknown says that the server does not know a form.
	unknown(form string) fault
}

// requestID is the id of every request.
const requestID = "req-stand-in"

// The protocols that the server speaks, as Server.Base takes them.
const (
	OpenAI    = "openai"
	Azure     = "azure"
	Anthropic = "anthropic"
	Gemini    = "gemini"
)

var wires = map[string]wire{OpenAI: openAI{}, Azure: azure{}, Anthropic: anthropic{}, Gemini: gemini{}}

// ending is how an answer ends.
type ending int

const (
	whole   ending = iota
	cut            // at the limit of tokens
	refused        // by the model
	silent         // without an answer
)

// said is what the model says.
type said struct {
	text string
	end  ending
}

// trouble is a reason to refuse that every protocol has words for.
type trouble int

const (
	badKey trouble = iota
	noPath
	badRequest
	tooLarge
	limited
	emptyAccount
	tooLong
	filtered
	noModel
)

// fault is an error of the API.
type fault struct {
	status        int
	code, message string
	details       []any // of Gemini
}

// wireOf finds the protocol of a path; what no protocol serves is answered in the form of OpenAI.
func wireOf(path string) (wire, bool) {
	for _, w := range wires {
		if w.serves(path) {
			return w, true
		}
	}
	return openAI{}, false
}

// speaks returns the protocol of a request; one made by hand is OpenAI's.
func (r Request) speaks() wire {
	if r.wire == nil {
		return openAI{}
	}
	return r.wire
}

// Tokens counts a request roughly, as the usage in the answer tells it.
func (r Request) Tokens() int {
	n := 0
	for _, m := range r.Messages {
		n += len(m.Content) / 4
	}
	return n
}

func complete(w http.ResponseWriter, req Request, text string) { say(w, req, said{text: text}) }

func say(w http.ResponseWriter, req Request, s said) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(req.speaks().answer(req, s))
}

func fail(w http.ResponseWriter, p wire, f fault) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(p.fault(f))
}

// strictly decodes a request in which every field is known.
func strictly(body []byte, into any) error {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("unsupported parameter: %w", err)
	}
	return nil
}
