package keys

// Same reports that two values of a key mean the same to Flink.
func Same(key, a, b string) bool { return Key{Name: key}.Type().equal(a, b) }

// Written is a value of a key as Flink's configuration is written: a size or a time in the largest unit that it is a whole
// number of, "256 mb" for "268435456 bytes". What is no value of the key stays as it is.
func Written(key, value string) string {
	t := Key{Name: key}.Type()
	q, err := t.parse(value)
	units := map[Type][]unit{MemorySize: memoryUnits, Duration: durationUnits}[t]
	if err != nil || len(units) == 0 || q.amount != float64(int64(q.amount)) {
		return value
	}
	last := units[len(units)-1]
	if int64(q.amount)%last.size != 0 { // finer than the units
		return value
	}
	return inUnits(int64(q.amount), units)
}

// Valid reports that a text is a value of a key.
func Valid(key, value string) bool {
	_, err := Key{Name: key}.Type().parse(value)
	return err == nil
}

// Ratio is how many times as large as b a value of a key is; ok is false when its type has no size, or one of them is not
// above 0.
func Ratio(key, a, b string) (ratio float64, ok bool) {
	t := Key{Name: key}.Type()
	x, errX := t.parse(a)
	y, errY := t.parse(b)
	if errX != nil || errY != nil || !x.sized || !y.sized || x.amount <= 0 || y.amount <= 0 {
		return 0, false
	}
	return x.amount / y.amount, true
}
