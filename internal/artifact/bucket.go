package artifact

import (
	"context"
	"fmt"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/lifecycle"
)

const (
	// expiryRule is the id of our rule in the bucket's lifecycle; other rules are left alone.
	expiryRule  = "squirrly-expiry"
	noLifecycle = "NoSuchLifecycleConfiguration"
)

// ensure gives the rule only to a bucket that is still empty: in any other, somebody else's objects may live.
func (s s3) ensure(ctx context.Context) error {
	if err := s.makeBucket(ctx); err != nil {
		return err
	}
	for first := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{MaxKeys: 1, Recursive: true}) {
		return s.wrap(first.Err) // in use, or an error
	}
	if err := s.expire(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNoExpiry, err)
	}
	return nil
}

func (s s3) makeBucket(ctx context.Context) error {
	found, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.wrap(err)
	}
	if found {
		return nil
	}
	err = s.client.MakeBucket(ctx, s.bucket, minio.MakeBucketOptions{Region: s.region})
	if minio.ToErrorResponse(err).Code == minio.BucketAlreadyOwnedByYou {
		return nil
	}
	return s.wrap(err)
}

func (s s3) expire(ctx context.Context) error {
	config, err := s.client.GetBucketLifecycle(ctx, s.bucket)
	switch {
	case minio.ToErrorResponse(err).Code == noLifecycle:
		config = lifecycle.NewConfiguration()
	case err != nil:
		return fmt.Errorf("read lifecycle of bucket %s: %w", s.bucket, err)
	}
	for _, rule := range config.Rules {
		if rule.ID == expiryRule {
			return nil
		}
	}
	config.Rules = append(config.Rules, lifecycle.Rule{
		ID:         expiryRule,
		Status:     "Enabled",
		Expiration: lifecycle.Expiration{Days: lifecycle.ExpirationDays(Expiry / (24 * time.Hour))},
	})
	if err := s.client.SetBucketLifecycle(ctx, s.bucket, config); err != nil {
		return fmt.Errorf("set lifecycle of bucket %s: %w", s.bucket, err)
	}
	return nil
}
