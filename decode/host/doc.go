// Package host says which process of the sensor's own host talks in a flow, and in
// which container it runs.
//
// A Table is filled by what package bpf/process tells, and at its start by what
// /proc shows of sockets that were open before. Nothing of it is on the way of a packet:
// events ask it when they are written.
package host
