package events

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Limits of a request. Larger context is stored first and referred to by key.
const (
	MaxModes         = 5
	MaxContextFiles  = 32
	MaxInlineContext = 40 << 10 // bytes of all inline context together
	MaxPromptBytes   = 16 << 10
	MaxLabels        = 32
	maxName          = 253 // a DNS name
	maxText          = 1024
	maxJobName       = 1024
	// UploadPrefix is the only place from which a request may name stored context.
	UploadPrefix = "uploads/"
)

// ContextFile is a file of the user's own that helps the analysis: source, configuration, notes. Either Text is
// given, or Key and SHA256 of an object that was stored below [UploadPrefix] before.
type ContextFile struct {
	Name   string `json:"name"`
	Text   string `json:"text,omitempty"`
	Key    string `json:"key,omitempty"`
	SHA256 string `json:"sha256,omitempty"` // 64 hex digits
	Size   int64  `json:"size,omitempty"`   // bytes
}

// ProfileRequested is somebody's wish for a profile. As plain JSON it is decoded strictly.
type ProfileRequested struct {
	Target   Target            `json:"target"`
	Modes    []Mode            `json:"modes,omitempty"`    // in order; empty is ITIMER then WALL
	Duration Duration          `json:"duration,omitempty"` // of each mode; 0 is the server's default
	Scope    Scope             `json:"scope,omitzero"`     // which TaskManagers; "all", "busiest N" and "named ID…" are understood too
	Context  []ContextFile     `json:"context,omitempty"`
	Prompt   string            `json:"prompt,omitempty"` // Markdown that replaces the analyzer's default prompt
	Reason   string            `json:"reason,omitempty"` // why, for people
	Labels   map[string]string `json:"labels,omitempty"`
	Expires  time.Time         `json:"expires,omitzero"`   // not worth starting after this time
	Baseline string            `json:"baseline,omitempty"` // what to compare with: "last" (also when empty), "release", "none" or a run id
	Parent   string            `json:"parent,omitempty"`   // id of the run that this one follows up; set by the analyzer
	Depth    int               `json:"depth,omitempty"`    // 1 for a follow-up
}

// Words for the baseline of a request.
const (
	BaselineLast    = "last"    // the last analyzed run of the same target
	BaselineRelease = "release" // the last one whose label "release" differs
	BaselineNone    = "none"    // nothing
)

// LabelRelease is the label that tells releases of a job apart.
const LabelRelease = "release"

// MaxDepth is how deep follow-ups go: a follow-up has none of its own.
const MaxDepth = 1

// EventType implements Payload.
func (ProfileRequested) EventType() Type { return TypeProfileRequested }

// Validate implements Payload.
func (r ProfileRequested) Validate() error {
	if err := r.Target.Validate(); err != nil {
		return err
	}
	if len(r.Modes) > MaxModes {
		return field("modes", "at most 5 modes", strconv.Itoa(len(r.Modes)))
	}
	for i, m := range r.Modes {
		if !m.Valid() {
			return field("modes["+strconv.Itoa(i)+"]", "CPU, ITIMER, WALL, ALLOC or LOCK", string(m))
		}
	}
	switch {
	case r.Duration < 0:
		return field("duration", "a positive duration", time.Duration(r.Duration).String())
	case len(r.Prompt) > MaxPromptBytes || !utf8.ValidString(r.Prompt):
		return field("prompt", "at most 16 KiB of UTF-8 text", "")
	case len(r.Reason) > maxText:
		return field("reason", "at most 1024 bytes", r.Reason)
	case len(r.Labels) > MaxLabels:
		return field("labels", "at most 32 labels", strconv.Itoa(len(r.Labels)))
	}
	if err := r.Scope.Validate(); err != nil {
		return err
	}
	if err := validateRelations(r.Baseline, r.Parent, r.Depth); err != nil {
		return err
	}
	return validateContext(r.Context)
}

// validateRelations checks what ties a run to others.
func validateRelations(baseline, parent string, depth int) error {
	switch {
	case baseline != "" && baseline != BaselineLast && baseline != BaselineRelease && baseline != BaselineNone && !isUUID(baseline):
		return field("baseline", "last, release, none or a run id", baseline)
	case depth < 0 || depth > MaxDepth:
		return field("depth", "0 or 1", strconv.Itoa(depth))
	case (parent == "") != (depth == 0):
		return field("parent", "a run id together with depth 1", parent)
	case parent != "" && !isUUID(parent):
		return field("parent", "a run id", parent)
	}
	return nil
}

// isUUID accepts the form that run ids have.
func isUUID(s string) bool {
	const length = 36
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if c := s[i]; dash != (c == '-') || !dash && !isHexDigit(c) {
			return false
		}
	}
	return true
}

func isHexDigit(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' }

func validateContext(files []ContextFile) error {
	if len(files) > MaxContextFiles {
		return field("context", "at most 32 files", strconv.Itoa(len(files)))
	}
	inline := 0
	for i, f := range files {
		at := "context[" + strconv.Itoa(i) + "]"
		if f.Name == "" || len(f.Name) > maxText {
			return field(at+".name", "1 to 1024 bytes", f.Name)
		}
		if (f.Text == "") == (f.Key == "") {
			return field(at, "either text or key", "")
		}
		if f.Key != "" {
			if err := validateUpload(at, f); err != nil {
				return err
			}
		}
		inline += len(f.Text)
	}
	if inline > MaxInlineContext {
		return field("context", "at most 40 KiB of inline text (store larger files first)", strconv.Itoa(inline))
	}
	return nil
}

func validateUpload(at string, f ContextFile) error {
	if want := UploadPrefix + f.SHA256; !isSHA256(f.SHA256) || f.Key != want {
		return field(at+".key", "uploads/<sha256> with the sha256 of the object", f.Key)
	}
	return nil
}

func isSHA256(s string) bool {
	if len(s) != 64 {
		return false
	}
	for i := range len(s) {
		if !isHexDigit(s[i]) {
			return false
		}
	}
	return true
}

// RunCancel asks for the end of a run; the run id is the last token of the subject.
type RunCancel struct {
	Run    string `json:"run"`
	Reason string `json:"reason,omitempty"`
}

// EventType implements Payload.
func (RunCancel) EventType() Type { return TypeRunCancel }

// Validate implements Payload.
func (c RunCancel) Validate() error { return requireRun(c.Run) }

func requireRun(run string) error {
	if run == "" || Token(run) != run {
		return field("run", "a run id", run)
	}
	return nil
}
