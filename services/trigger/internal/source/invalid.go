package source

import (
	"errors"
	"fmt"
)

// ErrInvalid is the error of a body that nobody could take, however often it comes.
var ErrInvalid = errors.New("invalid")

// Invalid makes an [ErrInvalid].
func Invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrInvalid, fmt.Errorf(format, args...))
}
