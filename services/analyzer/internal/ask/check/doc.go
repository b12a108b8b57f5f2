// Package check checks what an LLM says against the evidence, sentence by sentence, and merges into an analysis only
// what holds.
//
// A number that no cited fact carries, a frame that is not in the profile, a configuration key that is not of this Flink, a link that is not ours,
// and text that repeats instructions planted in the data never become part of a finding. The severity, the share and the
// rank of the findings of the rules cannot be changed by an answer. The package is pure: it asks nobody and stores
// nothing.
package check
