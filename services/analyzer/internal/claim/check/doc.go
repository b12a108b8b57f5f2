// Package check decides what an LLM claims about a run, by the evidence alone.
//
// A claim is data: an operator, a mechanism, the fact that says how much, relations and changes. Each part of it holds, is
// refuted, or is undecided; what is undecided proves nothing. A mechanism that the rules found in the operator is proven by them;
// one that is merely possible there is supported, never proven, and more than one in the same place is no choice.
//
// Every sentence that comes of a claim is written here or in the catalogue, from names and numbers of the evidence. What an LLM
// says in its own words leaves this package as a reading, filtered, and nowhere else.
package check
