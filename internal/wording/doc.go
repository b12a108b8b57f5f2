// Package wording is how numbers and names are written for people, in one way everywhere.
//
// What is said with them does not belong here.
package wording
