package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/services/notifier"
)

func (a *app) provisionCommand() *cobra.Command {
	var t bus.Topology
	c := &cobra.Command{
		Use:   "provision",
		Short: "Create or update the streams, buckets and consumers on a NATS server, and the S3 bucket",
		Long: `Create or update everything that the services need: streams, key-value and object buckets and durable consumers on
the NATS server, and the bucket of the S3 store when SQUIRRLY_S3_ENDPOINT is set. It can be run again at any time.
Services only use what is there; they create nothing.`,
		Args: args(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := storeConfig(); err != nil { // before anything is made
				return err
			}
			b, err := a.connect(c.Context())
			if err != nil {
				return err
			}
			defer b.Close()
			if err := b.Provision(c.Context(), t); err != nil {
				return fmt.Errorf("provision: %w", err)
			}
			store, err := openStore(c.Context(), b)
			if err != nil {
				return err
			}
			if err := store.EnsureBucket(c.Context()); errors.Is(err, artifact.ErrNoExpiry) {
				fmt.Fprintln(a.err, "squirrly: warning:", err)
			} else if err != nil {
				return fmt.Errorf("provision: %w", err)
			}
			fmt.Fprintln(a.err, "Streams, buckets and consumers are in place.")
			return nil
		},
	}
	c.Flags().IntVar(&t.Replicas, "replicas", 1, "`NUMBER` of copies of each stream: 1, or 3 in a cluster")
	c.Flags().DurationVar(&t.AckWait, "ack-wait", bus.DefaultAckWait, "`TIME` of silence after which a worker's message goes to another")
	c.Flags().StringSliceVar(&t.Channels, "channels", notifier.ChannelTypes(), "`TYPES` of notification channels; each gets a consumer")
	c.Flags().StringArrayVar(&t.Subscribers, "subscriber", nil, "`NAME` of a user of nats-users who reads results, for a consumer; may be repeated")
	return c
}
