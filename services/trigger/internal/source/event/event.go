// Package event reads a CloudEvent of anybody and makes an offer of it: its attributes and the plain values of its data
// are what rules match. It decides about nothing.
package event

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source"
)

// MaxBytes bounds one event.
const MaxBytes = events.MaxEventBytes

const (
	binaryPrefix = "ce-"
	dataPrefix   = "data." // of the plain values of the data, which may be nested
	maxDepth     = 5
	maxValues    = 500
)

// Read returns the offer of an event in structured or binary mode; own is true of one that descends from a run.
func Read(ctx context.Context, records source.Records, h events.Header, body []byte) (offer source.Offer, own bool, err error) {
	attributes, data, err := unwrap(h, body)
	if err != nil {
		return offer, false, err
	}
	for _, name := range []string{"specversion", "id", "source", "type"} {
		if attributes[name] == "" {
			return offer, false, source.Invalid("attribute %s: expected a text", name)
		}
	}
	if v := attributes["specversion"]; v != events.SpecVersion {
		return offer, false, source.Invalid("attribute specversion: expected %q", events.SpecVersion)
	}
	if ours(attributes) {
		return offer, true, nil
	}
	flatten(attributes, strings.TrimSuffix(dataPrefix, "."), data, 0)
	if own, err = source.Descends(ctx, records, attributes, map[string]string{"body": string(body)}); own || err != nil {
		return offer, own, err
	}
	began, err := time.Parse(time.RFC3339Nano, attributes["time"])
	if err != nil {
		began = time.Now()
	}
	return source.Offer{
		ID: policy.Token(attributes["source"], attributes["id"]), Labels: attributes, Began: began,
		Why: fmt.Sprintf("event %s of %s", cut(attributes["type"]), cut(attributes["source"])),
	}, false, nil
}

// ours reports whether Squirrly itself made an event.
func ours(attributes map[string]string) bool {
	return strings.HasPrefix(attributes["source"], "squirrly/") || strings.HasPrefix(attributes["type"], "dev.squirrly.") ||
		attributes["runid"] != ""
}

// unwrap takes the attributes and the data out of an event.
func unwrap(h events.Header, body []byte) (map[string]string, any, error) {
	attributes := map[string]string{}
	for name, values := range h {
		attribute, ok := strings.CutPrefix(strings.ToLower(name), binaryPrefix)
		if !ok || len(values) == 0 {
			continue
		}
		attributes[attribute] = values[0]
		if decoded, err := url.PathUnescape(values[0]); err == nil {
			attributes[attribute] = decoded
		}
	}
	var data any
	if attributes["specversion"] != "" {
		if json.Unmarshal(body, &data) != nil {
			data = nil // data of any other kind is not looked into
		}
		return attributes, data, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return nil, nil, source.Invalid("not a CloudEvent: %w", err)
	}
	data = all["data"]
	delete(all, "data")
	delete(all, "data_base64")
	for name, value := range all {
		attributes[name] = text(value)
	}
	return attributes, data, nil
}

// flatten adds the plain values of data by their paths.
func flatten(into map[string]string, path string, data any, depth int) {
	if depth > maxDepth || len(into) > maxValues {
		return
	}
	fields, ok := data.(map[string]any)
	if !ok {
		if s := text(data); s != "" {
			into[path] = s
		}
		return
	}
	for name, value := range fields {
		flatten(into, path+"."+name, value, depth+1)
	}
}

// text is empty for what is no plain value.
func text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case bool, json.Number, float64:
		return fmt.Sprint(v)
	}
	return ""
}

// cut keeps what others wrote short.
func cut(s string) string {
	const most = 100
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
