package claim

import (
	"bytes"
	_ "embed" // the schema
	"encoding/json"
)

// SchemaName names the schema in a request to a provider.
const SchemaName = "squirrly_claims"

//go:embed schema.json
var readable []byte

// schema is it as it is sent, and as its tokens are counted.
var schema = func() []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, readable); err != nil {
		panic("claim: schema.json: " + err.Error())
	}
	return b.Bytes()
}()

// Schema returns the JSON schema of an answer, which is the same for every run of a release. It keeps to what the strict modes
// of all providers support: every property is required, no other is allowed, what is optional may be null, and there are no
// patterns. Its lists and texts are bounded, more tightly than [Decode] bounds them, since a grammar
// made of it is what ends the answer of a small model; a provider whose strict mode knows no bounds is sent it without.
func Schema() json.RawMessage { return bytes.Clone(schema) }
