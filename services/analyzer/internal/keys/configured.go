package keys

// Configured returns the value of a key that is set by any of its names, and from where.
func Configured(key, flink string, setting func(name string) (value, from string)) (value, from string) {
	for _, name := range spellings(key, flink) {
		if value, from := setting(name); value != "" {
			return value, from
		}
	}
	return "", ""
}
