package events

// Layer says what a finding is a fault of. Findings of two layers may be about the same samples.
type Layer string

// The layers.
const (
	LayerApplication Layer = "application" // the code, query, types and topology of the job
	LayerRuntime     Layer = "runtime"     // how Flink and its state backend work, by their settings
	LayerResource    Layer = "resource"    // memory, caches and CPU: what they have to work with
)

// Silenced is a cause that was seen where another finding explains it.
type Silenced struct {
	Rule   string  `json:"rule"`             // id in the rule catalogue
	Title  string  `json:"title"`            //
	By     string  `json:"by"`               // id of the finding that stands for it
	Vertex string  `json:"vertex,omitempty"` // empty when it is not certain
	Share  float64 `json:"share"`            // of the samples of that finding's operator, 0 to 1
	Text   string  `json:"text"`             // the same in a sentence
}
