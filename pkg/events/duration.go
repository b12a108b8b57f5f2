package events

import (
	"encoding/json"
	"fmt"
	"time"
)

// Duration is a time span that is written as a Go duration ("60s") and read as that or as a number of seconds.
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%q", time.Duration(d).String()), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err == nil {
		const most = 1e6 // far above any profile, far below an overflow
		if seconds < 0 || seconds > most {
			return field("duration", `a number of seconds from 0 to 1000000`, string(b))
		}
		*d = Duration(seconds * float64(time.Second))
		return nil
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return field("duration", `a duration such as "60s", or a number of seconds`, string(b))
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		return field("duration", `a duration such as "60s", or a number of seconds`, text)
	}
	*d = Duration(v)
	return nil
}

// Seconds is the duration in whole seconds, rounded up: Flink's profiler takes whole seconds.
func (d Duration) Seconds() int {
	return int((time.Duration(d) + time.Second - 1) / time.Second)
}
