// Package faithful measures, in its tests, whether what leaves the verifier can be believed: that every number and every
// frame of a final analysis is carried by the evidence, that what an honest model says survives, and that nothing is ever
// ranked worse than the rules rank it.
//
// The oracle of these tests shares no code with package check: a fault of one is then seen by the other. The package
// has no code but its tests.
package faithful
