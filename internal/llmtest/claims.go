package llmtest

import (
	"encoding/json"
	"net/http"
)

// An answer in the form that the schema of claims demands. Everything that the schema requires is there.
type (
	answer struct {
		Claims       []claim       `json:"claims"`
		Observations []observation `json:"observations"`
	}
	claim struct {
		Operator  string     `json:"operator"`
		Mechanism string     `json:"mechanism"`
		Share     string     `json:"share"`
		Because   []relation `json:"because"`
		Changes   []change   `json:"changes"`
		Doubts    *string    `json:"doubts"`
		Reading   *string    `json:"reading"`
	}
	observation struct {
		Because []relation `json:"because"`
		Reading string     `json:"reading"`
	}
	relation struct {
		Kind string  `json:"kind"`
		A    string  `json:"a"`
		B    *string `json:"b"`
	}
	change struct {
		Kind     string  `json:"kind"`
		Key      *string `json:"key"`
		Value    *string `json:"value"`
		Operator *string `json:"operator"`
		Frame    *string `json:"frame"`
		Sketch   *string `json:"sketch"`
	}
)

// object is a JSON object.
type object = map[string]any

// text is the answer as it is written. Lists that are empty are [].
func (a answer) text() string {
	a.Claims, a.Observations = filled(a.Claims), filled(a.Observations)
	for i := range a.Claims {
		a.Claims[i].Because, a.Claims[i].Changes = filled(a.Claims[i].Because), filled(a.Claims[i].Changes)
	}
	for i := range a.Observations {
		a.Observations[i].Because = filled(a.Observations[i].Because)
	}
	b, err := json.Marshal(a)
	if err != nil {
		panic("llmtest: " + err.Error())
	}
	return string(b)
}

func filled[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// replies answers with what is made of the prompt.
func replies(answer func(Request) string) Behaviour {
	return func(w http.ResponseWriter, req Request) { complete(w, req, answer(req)) }
}

func rel(kind, a, b string) relation { return relation{kind, a, &b} }

func set(key, value string) change { return change{Kind: "set", Key: &key, Value: &value} }

func turn(kind, key string) change { return change{Kind: kind, Key: &key} }

// mechanismsOf are the mechanisms that a schema allows.
func mechanismsOf(schema json.RawMessage) []string {
	var root schemaNode
	if json.Unmarshal(schema, &root) != nil {
		return nil
	}
	claims := root.Properties["claims"]
	if claims == nil || claims.Items == nil || claims.Items.Properties["mechanism"] == nil {
		return nil
	}
	return claims.Items.Properties["mechanism"].Enum
}
