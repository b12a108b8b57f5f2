package keys

// Same reports that two values of a key mean the same to Flink.
func Same(key, a, b string) bool { return Key{Name: key}.Type().equal(a, b) }

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
