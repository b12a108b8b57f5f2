// Package deploy_test holds docker-compose.yml and the Dockerfile to their contract, with the parsers of the tools that
// read them. No container engine is needed.
package deploy_test
