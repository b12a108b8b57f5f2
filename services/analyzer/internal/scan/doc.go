// Package scan reads what a capture proves: which samples lie in task threads, which are idle, which wait, below
// which operator and user function they lie, at which spot of a task, and which known patterns they match. One pass
// over the call tree finds all of it.
//
// [Scanner.Scan] knows frames and the catalogue of rules. It knows nothing of the job: vertices, load and blame are
// for its callers.
package scan
