package daemon

import "log/slog"

const masked = "***"

// Secret is a text that no log, error, event or dump ever shows: every way of printing it gives "***". [Secret.Reveal]
// is the only way to the text, which makes each use of it easy to find.
type Secret string

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// String implements fmt.Stringer. An empty secret stays empty, so that "is it set?" can be seen.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return masked
}

// GoString implements fmt.GoStringer for %#v.
func (s Secret) GoString() string { return `daemon.Secret("` + s.String() + `")` }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText implements encoding.TextMarshaler, for encoders of every kind.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
