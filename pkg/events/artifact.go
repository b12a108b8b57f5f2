package events

import "strconv"

// ObjectRef points to a stored artifact. A reader checks size and hash.
type ObjectRef struct {
	Key    string `json:"key"`
	SHA256 string `json:"sha256"` // 64 hex digits
	Size   int64  `json:"size"`   // bytes
}

// Validate reports the first missing or wrong field.
func (o ObjectRef) Validate() error {
	switch {
	case o.Key == "":
		return field("key", "an object key", "")
	case !isSHA256(o.SHA256):
		return field("sha256", "64 hex digits", o.SHA256)
	case o.Size < 0:
		return field("size", "0 or more", strconv.FormatInt(o.Size, 10))
	}
	return nil
}

// CaptureStatus says what became of a capture.
type CaptureStatus string

// The outcomes of a capture.
const (
	CaptureStored CaptureStatus = "stored"
	CaptureLost   CaptureStatus = "lost"
)

// CaptureRef is one profiler result of one JVM in one mode.
type CaptureRef struct {
	JVM         string        `json:"jvm"` // id of the TaskManager
	Mode        Mode          `json:"mode"`
	Status      CaptureStatus `json:"status"`
	ObjectRef                 // empty when lost
	Samples     int64         `json:"samples"`             // root width of the page; 0 is an empty profile
	TriggerTime int64         `json:"triggerTime"`         // epoch ms by the clock of that JVM; the capture's key at Flink
	Requested   Mode          `json:"requested,omitempty"` // the mode asked for, when the profiler refused it and Mode replaced it
	Adopted     bool          `json:"adopted,omitempty"`   // taken over from an attempt that did not finish
	Code        Code          `json:"code,omitempty"`      // why it was lost or replaced; empty when the TaskManager is gone
	Note        string        `json:"note,omitempty"`      // the same for people: what Flink or its profiler says
	Hint        string        `json:"hint,omitempty"`      // what to do about it
}

// ContextRef is a stored piece of context.
type ContextRef struct {
	Name string `json:"name"`
	Kind string `json:"kind"` // "job" for what Flink said, "user" for a file of the request
	ObjectRef
}

// The kinds of context.
const (
	ContextJob  = "job"
	ContextUser = "user"
)

// ArtifactReady says that every capture and all context of a run is stored.
type ArtifactReady struct {
	Run      string       `json:"run"`
	Identity Identity     `json:"identity"`
	Manifest ObjectRef    `json:"manifest"`
	Captures []CaptureRef `json:"captures"`
	Context  []ContextRef `json:"context,omitempty"`
}

// EventType implements Payload.
func (ArtifactReady) EventType() Type { return TypeArtifactReady }

// Validate implements Payload.
func (a ArtifactReady) Validate() error {
	if err := requireRun(a.Run); err != nil {
		return err
	}
	if err := a.Manifest.Validate(); err != nil {
		return within("manifest", err)
	}
	stored := 0
	for i, c := range a.Captures {
		at := "captures[" + strconv.Itoa(i) + "]"
		switch {
		case c.JVM == "":
			return field(at+".jvm", "a TaskManager id", "")
		case !c.Mode.Valid():
			return field(at+".mode", "a mode of the profiler", string(c.Mode))
		case c.Status == CaptureLost:
			continue
		case c.Status != CaptureStored:
			return field(at+".status", "stored or lost", string(c.Status))
		}
		if err := c.Validate(); err != nil {
			return within(at, err)
		}
		stored++
	}
	if stored == 0 {
		return field("captures", "at least one stored capture", "")
	}
	for i, c := range a.Context {
		if err := c.Validate(); err != nil {
			return within("context["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}
