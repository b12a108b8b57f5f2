package channel

// ParseTemplate is for the fuzzer.
var ParseTemplate = parseTemplate //nolint:gochecknoglobals // of tests.
