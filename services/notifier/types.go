package notifier

import "squirrly.dev/services/notifier/internal/channel"

// ChannelTypes are the names of all types of channels; each has a consumer of its own.
func ChannelTypes() []string { return channel.Names() }
