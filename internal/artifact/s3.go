package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/pkg/events"
)

// sumHeader is the user metadata that holds the hash of an object.
const sumHeader = "Sha256"

// S3Config says how to reach an S3 server.
type S3Config struct {
	// Endpoint is the URL of the server, for example http://minio:9000 or https://s3.eu-central-1.amazonaws.com.
	// Without a scheme it is https.
	Endpoint  string        `env:"ENDPOINT" about:"host:port or URL of an S3 server; empty is the object store on NATS"`
	Bucket    string        `env:"BUCKET" envDefault:"squirrly" about:"bucket of the artifacts"`
	Region    string        `env:"REGION" envDefault:"us-east-1" about:"region of the bucket"`
	AccessKey string        `env:"ACCESS_KEY" about:"empty: the AWS environment, credentials file, or the instance's role"`
	SecretKey daemon.Secret `env:"SECRET_KEY" about:"secret of the access key"`
	// Transport carries the requests; nil is that of the client library.
	Transport http.RoundTripper `env:"-"`
}

// OpenS3 uses a bucket of an S3 server. It does not connect; see [Store.Ready] and [Store.EnsureBucket].
func OpenS3(cfg S3Config) (*Store, error) {
	host, secure, err := endpoint(cfg.Endpoint)
	if err != nil {
		return nil, err
	}
	if cfg.Bucket == "" {
		return nil, errors.New("open S3: no bucket is named")
	}
	client, err := minio.NewCore(host, &minio.Options{
		Creds:      cfg.credentials(),
		Secure:     secure,
		Region:     cfg.Region,
		Transport:  cfg.Transport,
		MaxRetries: 3, // longer faults are for the caller to wait for
	})
	if err != nil {
		return nil, fmt.Errorf("open S3 at %s: %w", host, err)
	}
	client.SetAppInfo("squirrly", daemon.Version())
	return newStore(s3{client: client, bucket: cfg.Bucket, region: cfg.Region}), nil
}

func (c S3Config) credentials() *credentials.Credentials {
	if c.AccessKey != "" {
		return credentials.NewStaticV4(c.AccessKey, c.SecretKey.Reveal(), "")
	}
	return credentials.NewChainCredentials([]credentials.Provider{
		&credentials.EnvAWS{}, &credentials.FileAWSCredentials{}, &credentials.IAM{},
	})
}

// endpoint splits a URL into what the client library wants.
func endpoint(raw string) (host string, secure bool, err error) {
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return "", false, errors.New("open S3: the endpoint must be a URL such as https://host:9000, without user and path")
	}
	return u.Host, u.Scheme == "https", nil
}

type s3 struct {
	client *minio.Core
	bucket string
	region string
}

func (s s3) stat(ctx context.Context, key string) (stat, error) {
	info, err := s.client.StatObject(ctx, s.bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return stat{}, s.wrap(err)
	}
	return stat{size: info.Size, sha256: info.UserMetadata[sumHeader]}, nil
}

// put sends the object on condition that there is none, and looks afterwards what the server has. A put is atomic
// there: the server checks the MD5 of the body, and shows all of the object or nothing.
func (s s3) put(ctx context.Context, o object) error {
	opts := minio.PutObjectOptions{
		ContentType:      contentType(o.ref.Key),
		UserMetadata:     map[string]string{sumHeader: o.ref.SHA256},
		SendContentMd5:   true,
		DisableMultipart: true,
	}
	if isForeign(o.ref.Key) {
		opts.ContentDisposition = "attachment"
	}
	unconditional := opts
	if !o.replace {
		opts.SetMatchETagExcept("*")
	}
	err := s.send(ctx, o, opts)
	if code := statusOf(err); code == http.StatusNotImplemented || code == http.StatusBadRequest {
		err = s.send(ctx, o, unconditional) // this server knows no conditions
	}
	switch code := statusOf(err); {
	case code == http.StatusPreconditionFailed, code == http.StatusConflict: // somebody else stored it just now
	case err != nil:
		return s.wrap(err)
	}
	return s.verify(ctx, o.ref)
}

// verify compares what the server lists with what was sent.
func (s s3) verify(ctx context.Context, ref events.ObjectRef) error {
	after, err := s.stat(ctx, ref.Key)
	if err == nil && !after.matches(ref) {
		err = fmt.Errorf("%w: sent %d bytes, the store has %d", ErrCorrupt, ref.Size, after.size)
	}
	return err
}

func (s s3) send(ctx context.Context, o object, opts minio.PutObjectOptions) error {
	body := io.NewSectionReader(o.body, 0, o.ref.Size) // the library reads it twice, and holds none of it
	_, err := s.client.Client.PutObject(ctx, s.bucket, o.ref.Key, body, o.ref.Size, opts)
	return err //nolint:wrapcheck // put wraps it.
}

func (s s3) open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, _, _, err := s.client.GetObject(ctx, s.bucket, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.wrap(err)
	}
	return s3Reader{r, s}, nil
}

// s3Reader sorts the errors of a body.
type s3Reader struct {
	io.ReadCloser
	of s3
}

// Read implements io.Reader.
func (r s3Reader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err //nolint:wrapcheck // io.EOF must stay as it is
	case errors.Is(err, io.ErrUnexpectedEOF):
		return n, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return n, r.of.wrap(err)
}

// survey lists what has our hash in its metadata, or at least a key like ours: a bucket may hold objects of others.
func (s s3) survey(ctx context.Context) (Survey, error) {
	all := Survey{Objects: map[string]Found{}}
	for o := range s.client.ListObjectsIter(ctx, s.bucket, minio.ListObjectsOptions{Recursive: true}) {
		if o.Err != nil {
			return all, s.wrap(o.Err)
		}
		st, err := s.stat(ctx, o.Key)
		switch {
		case errors.Is(err, ErrGone):
		case err != nil:
			return all, err
		case st.sha256 != "" || ours.MatchString(o.Key):
			all.Objects[o.Key] = Found{Size: st.size, SHA256: st.sha256}
		}
	}
	return all, nil
}

// ours is the form of the keys that this package makes: the last part ends in a hash, and perhaps an extension.
var ours = regexp.MustCompile(`(-[0-9a-f]{12}(\.[a-z]+)?|/[0-9a-f]{64})$`)

func (s s3) ready(ctx context.Context) error {
	found, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.wrap(err)
	}
	if !found {
		return fmt.Errorf("%w: there is no bucket %s", ErrUnavailable, s.bucket)
	}
	return nil
}

// wrap sorts an error of the client library. A missing bucket is not a missing object.
func (s s3) wrap(err error) error {
	var resp minio.ErrorResponse
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &resp) && resp.Code == minio.NoSuchBucket:
		return fmt.Errorf("%w: there is no bucket %s", ErrUnavailable, s.bucket)
	case resp.StatusCode == http.StatusNotFound:
		return ErrGone
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// statusOf is the HTTP status of an error of the client library, 0 if it has none.
func statusOf(err error) int {
	if resp, ok := errors.AsType[minio.ErrorResponse](err); ok {
		return resp.StatusCode
	}
	return 0
}
