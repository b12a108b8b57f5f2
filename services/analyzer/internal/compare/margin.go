package compare

import "math"

// Two runs of one unchanged job differ. How much is told by several readings of both, and by what readings of one run
// cannot show: the place of threads and memory, other programs on the machine, the age of compiled code.
const (
	confidence  = 2.6  // standard deviations: one pair of a hundred is beyond by chance
	windowNoise = 0.05 // standard deviation of the rate of one reading before anything was measured, as a share
	priorWeight = 2    // readings that this guess counts as
	rateNoise   = 0.08 // standard deviation of the throughput from run to run
	costNoise   = 0.10 // likewise of the time for each record
	coldFactor  = 1.5  // by which the margins of a run are wider that was not warm
	doubtful    = 0.6  // of a margin: less is chance, more is not told apart from it
	vague       = 0.7  // a margin beyond twice as much or half as much tells nothing: the logarithm of 2
)

// figure is one figure of a run, with the readings that it is the average of.
type figure struct {
	value    float64
	readings []float64 // at least two, or none
}

// deviations are the squares of what the readings differ from their average by, as shares of it, added up.
func (f *figure) deviations() (sum float64, degrees int) {
	if len(f.readings) < 2 {
		return 0, 0
	}
	mean := 0.0
	for _, x := range f.readings {
		mean += x / float64(len(f.readings))
	}
	if !sensible(mean) {
		return 0, 0
	}
	for _, x := range f.readings {
		sum += (x/mean - 1) * (x/mean - 1)
	}
	return sum, len(f.readings) - 1
}

// margin is how far the logarithms of two figures must be apart to count: the standard error of the difference, from the
// readings of both runs pooled with a guess, and from what runs differ by beside that.
func margin(a, b figure, between float64) float64 {
	devA, degreesA := a.deviations()
	devB, degreesB := b.deviations()
	window := (priorWeight*windowNoise*windowNoise + devA + devB) / float64(priorWeight+degreesA+degreesB)
	each := 1/float64(max(1, len(a.readings))) + 1/float64(max(1, len(b.readings)))
	return confidence * math.Sqrt(window*each+2*between*between) //nolint:mnd // two runs
}

// sensible reports a figure that a job can have.
func sensible(x float64) bool { return x > 1e-6 && x < 1e15 }
