package parts

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
)

// S3 is a running S3 server with one data folder, at first empty.
type S3 struct {
	Endpoint  string // URL of the S3 API
	AccessKey string // of the root user, made for this server
	SecretKey string

	dir     string
	program program
	health  string // path that answers 200 when the server is ready
	env     []string
	args    []string
	proc    *process
}

// StartMinIO runs a MinIO server with its data in dir, with credentials of its own.
func StartMinIO(ctx context.Context, dir string) (*S3, error) {
	s, addr, err := newS3(ctx, minioServer, dir, "/minio/health/ready")
	if err != nil {
		return nil, err
	}
	s.env = []string{"MINIO_ROOT_USER=" + s.AccessKey, "MINIO_ROOT_PASSWORD=" + s.SecretKey, "MINIO_BROWSER=off", "MINIO_UPDATE=off"}
	s.args = []string{"server", filepath.Join(dir, "minio"), "--address", addr, "--certs-dir", filepath.Join(dir, "minio-certs")}
	return s, s.Start(ctx)
}

// StartVersityGW runs Versity's S3 gateway with its data in dir, with credentials of its own.
func StartVersityGW(ctx context.Context, dir string) (*S3, error) {
	s, addr, err := newS3(ctx, versityGW, dir, "/health")
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "versitygw")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("start versitygw: %w", err)
	}
	s.env = []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey}
	s.args = []string{"--port", addr, "--health", s.health, "--quiet", "posix", data}
	return s, s.Start(ctx)
}

func newS3(ctx context.Context, p program, dir, health string) (s *S3, addr string, err error) {
	addr, err = freeAddr(ctx)
	return &S3{
		Endpoint: "http://" + addr, AccessKey: rand.Text(), SecretKey: rand.Text(), dir: dir, program: p, health: health,
	}, addr, err
}

// Start runs the server, for the first time or again after [S3.Stop] or [S3.Kill], at the same address and on the same
// data.
func (s *S3) Start(ctx context.Context) error {
	proc, err := start(ctx, s.program, s.dir, s.env, s.args...)
	if err != nil {
		return err
	}
	s.proc = proc
	if err := s.proc.ready(ctx, func(ctx context.Context) error { return get(ctx, s.Endpoint+s.health) }); err != nil {
		s.Stop()
		return err
	}
	return nil
}

// Stop ends the server and waits for it. The data stays.
func (s *S3) Stop() { s.proc.Stop() }

// Kill ends the server at once, as a crash does (SIGKILL), and waits for it. The data stays.
func (s *S3) Kill() { s.proc.Kill() }

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
