package events

// Rate turns the samples of one JVM into thread equivalents or cores. Where Cores is set, those are the samples over all of
// its samples of the mode, times Cores. Where Threads is set, they are the samples over those of all its threads of the root
// [RootTask], idle or not, times Threads. Else they are the samples over those that one thread gives in Seconds, one each
// IntervalMillis.
type Rate struct {
	JVM            string  `json:"jvm"`
	Samples        int64   `json:"samples"`                  // of the count in this JVM
	Threads        float64 `json:"threads,omitempty"`        // subtasks that ran there
	Seconds        float64 `json:"seconds,omitempty"`        // that all captures of the mode took
	IntervalMillis float64 `json:"intervalMillis,omitempty"` // between two looks at a thread
	Cores          float64 `json:"cores,omitempty"`          // that the JVM used meanwhile, by its own counter
}
