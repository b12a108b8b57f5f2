// Package flamegraph reads the profiles that async-profiler writes and gives
// them back as one call tree, whatever the dialect of the file.
//
// [Parse] takes a flame graph page of async-profiler up to 2.9 (what Flink
// serves), one of async-profiler 3 and 4, collapsed stacks, or a profile of
// pprof, and returns a [Graph]: a tree of frames in pre-order with widths in samples. The parsers
// treat every page as hostile: [Limits] bound time and memory, names are made
// valid UTF-8, and each graph that leaves Parse or [Merge] holds these
// invariants:
//
//   - frame 0 is the root "all", its width is [Graph.Total];
//   - the widths of a frame's children sum up to at most its own width, and
//     Self is exactly the rest;
//   - the sum of Self over all frames is Total;
//   - a child follows its parent, and a subtree is one run of frame ids.
//
// Names stay as the file spells them ("java/lang/Thread.run"); [Normalize]
// gives the form that is equal in two JVMs, and Merge applies it while it
// joins the graphs of several JVMs.
//
// The package is pure: no network, no context, no logging, no knowledge of
// Flink or of events. What a frame means for a job is for its callers to say.
package flamegraph
