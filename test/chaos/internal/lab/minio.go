package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"path/filepath"
)

// MinIO is an S3 server with one data folder.
type MinIO struct {
	*Process

	Line *Link // the way of the services to it

	endpoint, access, secret string
}

// StartMinIO runs a MinIO with its data in a folder, which exists, and its log in dir.
func StartMinIO(ctx context.Context, root, dir, data string) (*MinIO, error) {
	path, err := part(root, "minio")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	m := &MinIO{endpoint: "http://" + addr, access: rand.Text(), secret: rand.Text()}
	m.Process = newProcess(dir, "minio", path,
		[]string{"MINIO_ROOT_USER=" + m.access, "MINIO_ROOT_PASSWORD=" + m.secret, "MINIO_BROWSER=off", "MINIO_UPDATE=off"},
		"server", data, "--address", addr, "--certs-dir", filepath.Join(dir, "minio-certs"))
	if m.Line, err = NewLink(ctx, addr); err != nil {
		return nil, err
	}
	if err := m.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	return m, until(ctx, "MinIO", func(ctx context.Context) error { return answers(ctx, m.endpoint+"/minio/health/ready") })
}

// Env are the variables with which services use this server.
func (m *MinIO) Env() []string {
	return []string{
		"SQUIRRLY_S3_ENDPOINT=http://" + m.Line.Addr, "SQUIRRLY_S3_BUCKET=squirrly",
		"SQUIRRLY_S3_ACCESS_KEY=" + m.access, "SQUIRRLY_S3_SECRET_KEY=" + m.secret,
	}
}

// answers succeeds when a URL answers 200.
func answers(ctx context.Context, url string) error {
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
