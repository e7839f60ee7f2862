//go:build !amd64

package mpm

func detect() CPU { return Portable }
