const palette = bytes(facts.palette);
const { count, height, width, cols, scale, channels, plane, seam, across, down, indices } = facts;
const size = count * height * width * channels;
// One tile at a time is enlarged: every cell becomes a square of whole pixels.
const tile = new ImageData(...facts.tile);
tile.data.fill(255);
const pixels = new Uint32Array(tile.data.buffer);
const colours = new Uint32Array(256);
for (let i = 0; i < 256; i++) {
  new Uint8Array(colours.buffer, 4 * i).set([palette[3 * i], palette[3 * i + 1], palette[3 * i + 2], 255]);
}
// Little end first, as everything that has a browser is.
const rgb = at => (255 << 24 | levels[at + 2] << 16 | levels[at + 1] << 8 | levels[at]) >>> 0;
let levels;

async function unpack() {
  levels = new Uint8Array(await inflate(facts.levels));
  // Each frame after the first is told by its difference from the one before.
  for (let at = size; at < levels.length; at++) levels[at] += levels[at - size];
}

function paint(frame) {
  for (let n = 0, at = frame * size; n < count; n++) {
    for (let y = 0; y < height; y++) {
      const begin = y * scale * tile.width;
      for (let x = 0; x < width; x++, at += channels) {
        const left = begin + x * scale + Math.floor(x / plane) * seam;
        pixels.fill(channels === 1 ? colours[levels[at]] : rgb(at), left, left + scale);
      }
      for (let copy = 1; copy < scale; copy++) {
        pixels.copyWithin(begin + copy * tile.width, begin, begin + tile.width);
      }
    }
    pen.putImageData(tile, (n % cols) * across, Math.floor(n / cols) * down);
  }
}

function tell(x, y) {
  const n = Math.floor(y / down) * cols + Math.floor(x / across);
  if (n < count && x % across < tile.width && y % down < tile.height) return `slice ${indices[n]}`;
}
