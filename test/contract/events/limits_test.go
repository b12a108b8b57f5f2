package events_test

import (
	"encoding/json"
	"strconv"

	js "github.com/invopop/jsonschema"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// rule narrows the schema of a type or of one of its fields.
type rule func(*js.Schema)

// limits say what Validate demands beyond the Go types: by type, then by field; "" is the type itself.
var limits = map[string]map[string]rule{
	"Event": {
		"specversion": is(events.SpecVersion), "id": filled, "source": filled,
	},
	"Target": {
		"":        either("url", "deployment"),
		"cluster": length(1, 253), "namespace": length(1, 253), "deployment": length(1, 253), "job": length(1, 1024),
		"url": matches(`^https?://[^/?#@]+(/[^?#]*)?$`),
	},
	"Scope": {"maxTaskManagers": natural, "taskManagers": items(0, events.MaxTaskManagers)},
	"ContextFile": {
		"":     either("text", "key"),
		"name": length(1, 1024), "key": matches(`^` + events.UploadPrefix + hash + `$`), "sha256": isHash, "size": natural,
	},
	"ProfileRequested": {
		"modes": items(0, events.MaxModes), "context": items(0, events.MaxContextFiles),
		"prompt": length(0, events.MaxPromptBytes), "reason": length(0, 1024), "labels": properties(events.MaxLabels),
		"baseline": matches(`^(last|release|none|` + uuid + `)$`), "parent": matches(`^` + uuid + `$`), "depth": upTo(events.MaxDepth),
		"scope": orText(`^[ ,\t]*(all|busiest[ ,\t]+0*[1-9][0-9]*|named([ ,\t]+[^ ,\t]+)+)[ ,\t]*$`),
	},
	"RunCancel": {"": allOptional, "run": isRun},
	"Plan": {
		"run": isRun, "identity": named, "restUrl": filled, "jobId": filled,
		"modes": items(1, events.MaxModes), "context": items(0, events.MaxContextFiles),
	},
	"GraphRef":  {"key": filled, "sha256": isHash, "size": natural},
	"ObjectRef": {"key": filled, "sha256": isHash, "size": natural},
	"ContextRef": {
		"kind": is(events.ContextJob, events.ContextUser), "key": filled, "sha256": isHash, "size": natural,
	},
	"CaptureRef":    {"": storedHasKey, "jvm": filled, "size": natural, "samples": natural},
	"ArtifactReady": {"run": isRun, "captures": holdsStored},
	"RecommendationReady": {
		"run": isRun, "findings": items(0, events.MaxEventFindings),
		"doubts": items(0, events.MaxEventDoubts), "readings": items(0, events.MaxEventReadings),
	},
	"Reading":        {"text": length(1, events.MaxReading)},
	"Finding":        {"mode": orNone},
	"FindingExcerpt": {"mode": orNone, "facts": items(0, events.MaxEventFacts)},
	"Verdict":        {"headline": filled},
	"RunRejected":    {"run": isRun, "message": filled, "existing": isRun},
	"RunFailed":      outcome, "RunCancelled": outcome,
	"NotificationSent": notification, "NotificationFailed": notification,
	"FindingOpened": life, "FindingWorsened": life, "FindingImproved": life, "FindingResolved": life, "FindingReopened": life,
	"FindingDismissed": life,
	"Checked":          {"verdict": isJudged}, "CheckedClaim": {"verdict": isJudged}, "CheckedRelation": {"verdict": isJudged},
	"CheckedChange": {"verdict": isJudged},
	"Analysis":      {"schema": is(events.AnalysisSchema), "run": isRun},
}

var (
	outcome      = map[string]rule{"run": isRun, "message": filled}
	life         = map[string]rule{"id": filled, "fingerprint": filled, "title": filled}
	notification = map[string]rule{"run": isRun, "channel": filled}
)

const (
	hash = `[0-9a-f]{64}`
	uuid = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
)

func isJudged(s *js.Schema) {
	is(analyzer.ClaimHolds, analyzer.ClaimRefuted, analyzer.ClaimUndecided)(s)
}

func filled(s *js.Schema)  { length(1, 0)(s) }
func isHash(s *js.Schema)  { s.Pattern = `^` + hash + `$` }
func isRun(s *js.Schema)   { s.Pattern = `^[A-Za-z0-9_-]{1,48}$` }
func natural(s *js.Schema) { s.Minimum = "0" }
func upTo(n int) rule {
	return func(s *js.Schema) { s.Minimum, s.Maximum = "0", json.Number(strconv.Itoa(n)) }
}
func matches(p string) rule { return func(s *js.Schema) { s.Pattern = p } }

func is(values ...any) rule {
	return func(s *js.Schema) {
		if s.Enum = values; len(values) == 1 {
			s.Enum, s.Const = nil, values[0]
		}
	}
}

// orNone lets one of a closed list be empty.
func orNone(s *js.Schema) { s.Enum = append(s.Enum, "") }

// orText lets a field be a text of a pattern instead of what it is.
func orText(pattern string) rule {
	return func(s *js.Schema) {
		s.AnyOf = []*js.Schema{{Type: "string", Pattern: pattern}, {Ref: s.Ref}}
		s.Ref = ""
	}
}

// length bounds a text in characters; 0 is no bound.
func length(from, to uint64) rule {
	return func(s *js.Schema) { s.MinLength, s.MaxLength = bound(from), bound(to) }
}

func items(from, to uint64) rule {
	return func(s *js.Schema) { s.MinItems, s.MaxItems = bound(from), bound(to) }
}

func properties(to uint64) rule { return func(s *js.Schema) { s.MaxProperties = bound(to) } }

func bound(n uint64) *uint64 {
	if n == 0 {
		return nil
	}
	return &n
}

// either demands exactly one of some fields.
func either(names ...string) rule {
	return func(s *js.Schema) {
		for _, n := range names {
			s.OneOf = append(s.OneOf, &js.Schema{Required: []string{n}})
		}
	}
}

// allOptional is for a body whose one required field stands in the subject too.
func allOptional(s *js.Schema) { s.Required = nil }

// named is an identity whose job is known.
func named(s *js.Schema) {
	s.Properties = js.NewProperties()
	s.Properties.Set("job", &js.Schema{MinLength: bound(1)})
}

func stored() *js.Schema {
	s := &js.Schema{Properties: js.NewProperties(), Required: []string{"status"}}
	s.Properties.Set("status", &js.Schema{Const: events.CaptureStored})
	return s
}

// storedHasKey demands key and hash of a capture that was stored; those of a lost one are empty.
func storedHasKey(s *js.Schema) {
	s.If, s.Then = stored(), &js.Schema{Properties: js.NewProperties()}
	s.Then.Properties.Set("key", &js.Schema{MinLength: bound(1)})
	s.Then.Properties.Set("sha256", &js.Schema{Pattern: `^` + hash + `$`})
}

// holdsStored demands at least one capture that was stored.
func holdsStored(s *js.Schema) { s.Contains = stored() }
