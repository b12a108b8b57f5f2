package limits

import "slices"

// Skew is how unevenly the subtasks of a vertex are loaded.
type Skew struct {
	Subtask int     // the busiest
	Ratio   float64 // its load over the median
	Gain    float64 // upper bound of the speed-up of the vertex if all were loaded alike: largest over mean
	Records bool    // by records read, else by busy time
}

// MaxSkew bounds a ratio, since the median may be zero.
const MaxSkew = 1000

// SkewOf returns the skew of a vertex by records read or by busy time, whichever is worse. ok is false when the vertex
// has a single subtask or does too little to tell. A measure that is unknown of one subtask proves no skew.
func SkewOf(l *Load) (skew Skew, ok bool) {
	const enough = 0.2 // busy share of the busiest subtask
	if len(l.Subtasks) < 2 || l.Max(Busy) < enough {
		return Skew{}, false
	}
	byBusy := skewBy(l, Busy)
	byRecords := skewBy(l, In)
	byRecords.Records = true
	skew = byBusy
	if byRecords.Ratio > byBusy.Ratio {
		skew = byRecords
	}
	return skew, skew.Ratio > 0
}

// BusySkewOf returns the skew of a vertex by busy time alone.
func BusySkewOf(l *Load) (skew Skew, ok bool) {
	skew = skewBy(l, Busy)
	return skew, len(l.Subtasks) > 1 && skew.Ratio > 0
}

// SentSkewOf returns the skew of a vertex by the records that its subtasks send; without any its ratio is 0.
func SentSkewOf(l *Load) Skew {
	if len(l.Subtasks) < 2 {
		return Skew{}
	}
	skew := skewBy(l, Out)
	skew.Records = true
	return skew
}

// Sent returns how many records the subtask with an index sent in the windows, and how many all of them.
func Sent(l *Load, subtask int) (its, all int64) {
	for i := range l.Subtasks {
		all = plus(all, l.Subtasks[i].Written)
		if l.Subtasks[i].Index == subtask {
			its = l.Subtasks[i].Written
		}
	}
	return its, all
}

func skewBy(l *Load, of func(*Subtask) float64) Skew {
	values := make([]float64, len(l.Subtasks))
	worst, sum := 0, 0.0
	for i := range l.Subtasks {
		if values[i] = of(&l.Subtasks[i]); values[i] == Unknown {
			return Skew{}
		}
		sum += values[i]
		if values[i] > values[worst] {
			worst = i
		}
	}
	largest := values[worst]
	if largest == 0 {
		return Skew{}
	}
	slices.Sort(values)
	median := values[(len(values)-1)/2] // the lower one: of two subtasks it is the other
	ratio := float64(MaxSkew)
	if median > largest/MaxSkew {
		ratio = largest / median
	}
	return Skew{Subtask: l.Subtasks[worst].Index, Ratio: ratio, Gain: largest * float64(len(values)) / sum}
}
