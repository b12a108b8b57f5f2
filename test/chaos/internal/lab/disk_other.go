//go:build !linux

package lab

import "errors"

// Disk is a small disk of its own for one store; there is none on this system.
type Disk struct{}

// NewDisk is an error on this system.
func NewDisk(string, int) (*Disk, error) {
	return nil, errors.New(`small disks are made on Linux only: leave the fault "disk" out`)
}

// Fill does nothing.
func (*Disk) Fill() error { return nil }

// Free does nothing.
func (*Disk) Free() error { return nil }

// Remove does nothing.
func (*Disk) Remove() error { return nil }
