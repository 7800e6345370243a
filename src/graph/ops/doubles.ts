import type { ReferenceTensor } from "../tensor.js";

/**
 * The numbers of a tensor in double precision, as reference kernels compute: loops over one kind of array are several
 * times as fast as over any.
 */
export const doubles = (data: ReferenceTensor["data"]): Float64Array =>
  data instanceof Float64Array ? data : new Float64Array(data);
