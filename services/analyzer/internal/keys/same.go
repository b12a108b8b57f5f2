package keys

// Same reports that two values of a key mean the same to Flink.
func Same(key, a, b string) bool { return Key{Name: key}.Type().equal(a, b) }
