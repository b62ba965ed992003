const { count, side, parts, radius, rim, labels, colours, names, references } = facts;
// Pixels of the canvas to one of the square.
const scale = canvas.height / side;
// Where points are now, each its x and y.
let places, now = new Float32Array(2 * count), motion = null;
canvas.style.imageRendering = 'auto';

async function unpack() {
  // They are in parts of a pixel of the square.
  places = Float32Array.from(new Uint16Array(await inflate(facts.places)), place => place / parts);
}

function paint(frame, milliseconds) {
  const from = now, to = places.subarray(2 * count * frame, 2 * count * (frame + 1)), begin = performance.now();
  cancelAnimationFrame(motion);
  const move = time => {
    const share = milliseconds ? Math.min(1, Math.max(0, (time - begin) / milliseconds)) : 1;
    now = share === 1 ? to : to.map((place, i) => from[i] + share * (place - from[i]));
    draw();
    if (share < 1) motion = requestAnimationFrame(move);
  };
  move(begin);
}

function draw() {
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.strokeStyle = '#d0d3d8';
  pen.strokeRect(0.5, 0.5, side - 1, side - 1);
  for (let n = 0; n < count; n++) {
    disc(now[2 * n], now[2 * n + 1], radius + rim, '#fff');
    disc(now[2 * n], now[2 * n + 1], radius, colours[labels[n]]);
  }
  pen.font = '12px system-ui, sans-serif';
  pen.textBaseline = 'middle';
  facts.legend.forEach(([name, colour], row) => {
    if (colour) disc(side + 17, (row + 0.5) * 20, 5, colour);
    pen.fillStyle = '#222';
    pen.fillText(name, side + (colour ? 27 : 12), (row + 0.5) * 20);
  });
}

function disc(x, y, r, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.fill();
}

function tell(x, y) {
  // What was drawn last is on top.
  for (let n = count - 1; n >= 0; n--) {
    if (Math.hypot(now[2 * n] - x / scale, now[2 * n + 1] - y / scale) <= radius + rim) {
      return `${names[labels[n]]} · ${references[n]}`;
    }
  }
}
