// Package oracle counts the numbers of an analysis again, from its JSON and the pages of its captures alone.
//
// It reads what pkg/events says a count means (Count, Counting) and nothing else of Squirrly: its reader of pages, its names
// of frames and its walk of stacks are its own, so that a fault of the analyzer is not repeated here. Only the tests let the
// analyzer write what is then counted.
package oracle
