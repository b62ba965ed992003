// How wide a sheet of tiles will be to its height, about, so that its place is kept until it is there.

/** @typedef {import('./types.d.ts').Layer} Layer */

/** As many columns as the service takes by itself. @param {number} count */
function sheet(count, height = 1, width = 1) {
  let rows = Math.floor(Math.sqrt(count));
  while (count % rows) rows--;
  const even = count <= 2.5 * rows * rows;
  const cols = even ? count / rows : Math.ceil(Math.sqrt(count));
  return (cols * width) / (Math.ceil(count / cols) * height);
}

/** Of the filters of a layer, so many at the most. @param {Layer} layer @param {number} most */
export function filterRatio({ filters = 1, kernel, channels }, most) {
  return channels === null ? sheet(Math.min(most, filters)) : sheet(Math.min(most, filters), kernel?.[0], kernel?.[1]);
}

/** Of its feature maps, or of the values of its units. @param {Layer} layer @param {number} most */
export function mapRatio({ output_shape: shape }, most) {
  const count = Math.min(most, shape.at(-1) ?? 1);
  return shape.length === 3 ? sheet(count, shape[0], shape[1]) : sheet(count);
}
