package parts

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"path/filepath"
)

// MinIO is a running MinIO server with one empty data folder.
type MinIO struct {
	Endpoint  string // URL of the S3 API
	AccessKey string // of the root user, made for this server
	SecretKey string

	proc *process
}

// StartMinIO runs a MinIO server with its data in dir, with credentials of its own.
func StartMinIO(ctx context.Context, dir string) (*MinIO, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	m := &MinIO{Endpoint: "http://" + addr, AccessKey: rand.Text(), SecretKey: rand.Text()}
	m.proc, err = start(ctx, minioServer, dir,
		[]string{"MINIO_ROOT_USER=" + m.AccessKey, "MINIO_ROOT_PASSWORD=" + m.SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off"},
		"server", filepath.Join(dir, "minio"), "--address", addr, "--certs-dir", filepath.Join(dir, "minio-certs"))
	if err != nil {
		return nil, err
	}
	if err := m.proc.ready(ctx, func(ctx context.Context) error {
		return get(ctx, m.Endpoint+"/minio/health/ready")
	}); err != nil {
		m.Stop()
		return nil, err
	}
	return m, nil
}

// Stop ends the server and waits for it. The data stays.
func (m *MinIO) Stop() { m.proc.Stop() }

// get succeeds when the URL answers 200.
func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	defer func() { _ = resp.Body.Close() }() // the status is all
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask %s: status %s", url, resp.Status)
	}
	return nil
}
