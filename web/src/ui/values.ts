// Arrays of the model: values row by row over named dimensions.
import type { Package, Parameters, Values } from "../engine/types";

export type Cell = number | string | boolean;
export type Place = Record<string, number>;

/** The labels of a dimension of the instance; an origin is a site. */
export function labelsOf(pack: Package, dim: string): string[] {
  return pack.labels[dim] ?? [];
}

/** A value as a number; infinity is written "inf". */
export function numberOf(value: Cell | undefined): number {
  return value === "inf" ? Infinity : Number(value);
}

/** Where a place stands in row-major order; dimensions that the array lacks are not looked at. */
export function position(pack: Package, dims: string[], place: Place): number {
  return dims.reduce((found, dim) => found * labelsOf(pack, dim).length + (place[dim] ?? 0), 0);
}

/** Every place of an array, in row-major order. */
export function places(pack: Package, dims: string[]): Place[] {
  return dims.reduce<Place[]>(
    (found, dim) => found.flatMap((place) => labelsOf(pack, dim).map((_, k) => ({ ...place, [dim]: k }))),
    [{}],
  );
}

/** A reader of numbers by place. What is over fewer dimensions is the same along the others. */
export function reader(pack: Package, parameters: Parameters, name: string): (place: Place) => number {
  const values = parameters[name];
  if (!values) return () => 0;
  return (place) => numberOf(values.data[position(pack, values.dims, place)]);
}

/** The value at a place, as it is given. */
export function cellAt(pack: Package, values: Values, place: Place): Cell {
  return values.data[position(pack, values.dims, place)] as Cell;
}
