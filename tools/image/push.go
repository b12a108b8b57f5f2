package main

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends a layout to a registry, with the login that docker or crane has left, and returns the digest of what it sent.
// Registries on this machine are spoken to without TLS.
func push(ctx context.Context, out, ref string) (v1.Hash, error) {
	to, err := name.ParseReference(ref, name.StrictValidation)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("expected REGISTRY/NAME:TAG: %w", err)
	}
	index, err := layout.ImageIndexFromPath(out)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("read the layout: %w", err)
	}
	if err := remote.WriteIndex(to, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return v1.Hash{}, fmt.Errorf("push: %w", err)
	}
	digest, err := index.Digest()
	if err != nil {
		return v1.Hash{}, fmt.Errorf("name the index: %w", err)
	}
	return digest, nil
}
