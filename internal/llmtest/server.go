package llmtest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
)

// Key is the key that the server accepts.
const Key = "test-key-0123456789"

// Model is the model that the server knows.
const Model = "stand-in-1"

// maxBody bounds a request in bytes.
const maxBody = 8 << 20

// Behaviour answers one request.
type Behaviour func(w http.ResponseWriter, req Request)

// Server is a running stand-in.
type Server struct {
	// Grammar is set for a server that makes a grammar of a schema, as those of one's own do: it takes bounds of lists and texts,
	// which the strict modes of services refuse.
	Grammar atomic.Bool

	http *httptest.Server

	mu         sync.Mutex
	behaviours []Behaviour
	requests   []Request
	problems   []string
}

// NewServer starts a server on a free port of the loopback. The behaviours answer in turn, and the last one answers
// everything after. Close ends it.
func NewServer(behaviours ...Behaviour) *Server {
	s := &Server{behaviours: behaviours}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	return s
}

// URL is the base URL of the API of OpenAI, up to and with /v1.
func (s *Server) URL() string { return s.Base(OpenAI) }

// Base is the base URL of a protocol. It panics when there is none of that name.
func (s *Server) Base(protocol string) string { return s.http.URL + wires[protocol].base() }

// Close ends the server.
func (s *Server) Close() { s.http.Close() }

// Requests returns the well-formed requests so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Problems returns what was wrong with requests so far. A test should end with none.
func (s *Server) Problems() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.problems)
}

// Then replaces the behaviours.
func (s *Server) Then(behaviours ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviours = behaviours
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	p, known := wireOf(r.URL.Path)
	p.identify(w.Header())
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	switch key := p.key(r.Header); {
	case err != nil:
		s.refuse(w, p, tooLarge, err.Error())
		return
	case key != Key:
		s.refuse(w, p, badKey, ": "+key)
		return
	case !known || r.Method != http.MethodPost:
		s.refuse(w, p, noPath, fmt.Sprintf(" (%s %s)", r.Method, r.URL.Path))
		return
	}
	req, err := p.decode(r, body)
	if err == nil {
		err = req.checkForm(s.Grammar.Load())
	}
	if err != nil {
		s.refuse(w, p, badRequest, err.Error())
		return
	}
	s.next(req)(w, req)
}

// next notes the request and takes the behaviour whose turn it is.
func (s *Server) next(req Request) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, req)
	b := s.behaviours[0]
	if len(s.behaviours) > 1 {
		s.behaviours = s.behaviours[1:]
	}
	return b
}

// refuse answers as the real server does and remembers why.
func (s *Server) refuse(w http.ResponseWriter, p wire, t trouble, more string) {
	f := p.trouble(t)
	f.message += more
	s.mu.Lock()
	s.problems = append(s.problems, f.message)
	s.mu.Unlock()
	fail(w, p, f)
}
