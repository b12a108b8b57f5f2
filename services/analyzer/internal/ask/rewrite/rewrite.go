// Package rewrite changes every text in a value: in its fields, lists and maps, at any depth.
//
// It knows neither what a text means nor why it is changed. Named kinds of text, such as a severity or a mode, are
// constants of ours and stay as they are.
package rewrite

import "reflect"

var text = reflect.TypeFor[string]()

// Strings returns a deep copy of v in which each string is what f makes of it. f gets the name of the struct field that
// holds the string, directly or in a list or map, and "" outside of structs. Keys of maps are changed like their
// values; of keys that become equal one stays. Fields that are not exported stay shared.
func Strings[T any](v T, f func(field, s string) string) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	out.Set(value(reflect.ValueOf(&v).Elem(), "", f))
	return out.Interface().(T) // out was made as a T.
}

func value(v reflect.Value, field string, f func(field, s string) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		if v.Type() == text {
			out.SetString(f(field, v.String()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(value(v.Field(i), v.Type().Field(i).Name, f))
			}
		}
	case reflect.Pointer, reflect.Slice, reflect.Map:
		if !v.IsNil() {
			out.Set(held(v, field, f))
		}
	}
	return out
}

// held copies what a pointer, a list or a map holds.
func held(v reflect.Value, field string, f func(field, s string) string) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(value(v.Elem(), field, f))
		return out
	case reflect.Slice:
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(value(v.Index(i), field, f))
		}
		return out
	default:
		out := reflect.MakeMapWithSize(v.Type(), v.Len())
		for _, key := range v.MapKeys() {
			out.SetMapIndex(value(key, field, f), value(v.MapIndex(key), field, f))
		}
		return out
	}
}
