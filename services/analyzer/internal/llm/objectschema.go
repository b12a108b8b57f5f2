package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// objectSchemaKey is where the context of a request has the schema of [FormObjectSchema].
type objectSchemaKey struct{}

// objectSchema puts the schema of [FormObjectSchema] into requests: the client library has no field for it.
type objectSchema struct{ next http.RoundTripper }

// withObjectSchema returns a client that does so.
func withObjectSchema(h *http.Client) *http.Client {
	out := *h
	out.Transport = objectSchema{h.Transport}
	return &out
}

// RoundTrip implements http.RoundTripper.
func (t objectSchema) RoundTrip(r *http.Request) (*http.Response, error) {
	schema, ok := r.Context().Value(objectSchemaKey{}).(json.RawMessage)
	if !ok {
		return t.next.RoundTrip(r) //nolint:wrapcheck // nothing to add
	}
	var body map[string]json.RawMessage
	err := json.NewDecoder(r.Body).Decode(&body)
	_ = r.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	format := map[string]any{"type": FormObject, "schema": schema}
	if body["response_format"], err = json.Marshal(format); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	out := r.Clone(r.Context())
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	return t.next.RoundTrip(out) //nolint:wrapcheck // nothing to add
}
