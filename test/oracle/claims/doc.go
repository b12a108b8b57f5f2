// Package claims makes claims about recorded runs of which it knows whether they are true.
//
// The truth comes from the pages of a run, counted by the package oracle, from the readings of its context, from the source of
// its job and from the fault that was planted in it. Nothing of it comes from the analyzer, except the ids and texts by which a
// claim names things: those are read from its analysis, as a user of `squirrly check` reads them. A claim is only made when the
// truth is clear by a wide margin; what a page leaves open is not asked.
package claims
