package flinktest

import "encoding/json"

// Exchange is one recorded request with its answer: a file of the recordings.
type Exchange struct {
	Method      string          `json:"method"`
	Path        string          `json:"path"`              // escaped, with query
	Request     json.RawMessage `json:"request,omitempty"` // JSON
	Status      int             `json:"status"`
	ContentType string          `json:"contentType"`
	JSON        json.RawMessage `json:"json,omitempty"` // the answer, when it is JSON
	Text        string          `json:"text,omitempty"` // the answer, when it is not
}

// RecordedJobID stands in the recordings for the id of the sample job, which Flink draws anew each time.
const RecordedJobID = "5c1e0f7a9b3d4e628f0a1b2c3d4e5f60"
