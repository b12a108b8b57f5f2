// Package operators tells in which operators of which vertices the samples of a capture lie. A profile names neither:
// its stacks show how operators nest, the plan of the job which of them a vertex holds, thread dumps which functions
// ran where, and counters how much time a vertex had.
//
// [Read] knows the vertices of all jobs on a TaskManager, [Attribute] gives each place of a capture those that it may
// belong to. What cannot be decided stays undecided: a place has one vertex only when nothing known speaks for another.
// The package is pure: no network, no clock, no text for people but the names of vertices and operators.
package operators
