// A canvas to draw a digit on, with finger, pen or mouse.
import { h } from './dom.js';

const side = 280;
const brush = 22;

/** onDrawn(blob) is called with a PNG after each stroke. @param {(blob: Blob) => unknown} onDrawn */
export function drawPad(onDrawn) {
  const canvas = h('canvas', { width: side, height: side, class: 'pad', role: 'img', 'aria-label': 'a place to draw on' });
  const pen = canvas.getContext('2d');
  let drawing = false;
  let latest = 0;

  function clear() {
    pen.fillStyle = '#000';
    pen.fillRect(0, 0, side, side);
    Object.assign(pen, { strokeStyle: '#fff', lineWidth: brush, lineCap: 'round', lineJoin: 'round' });
  }

  /** @param {PointerEvent} event */
  const place = event => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * side) / box.width, ((event.clientY - box.top) * side) / box.height];
  };

  canvas.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => {
    drawing = true;
    canvas.setPointerCapture(event.pointerId);
    const [x, y] = place(event);
    // A line to where it begins draws nothing, and a dot is a stroke, too.
    pen.beginPath();
    pen.arc(x, y, brush / 2, 0, 2 * Math.PI);
    pen.fillStyle = '#fff';
    pen.fill();
    pen.beginPath();
    pen.moveTo(x, y);
    event.preventDefault();
  });
  canvas.addEventListener('pointermove', (/** @type {PointerEvent} */ event) => {
    if (!drawing) return;
    for (const point of event.getCoalescedEvents?.() ?? [event]) pen.lineTo(...place(point));
    pen.stroke();
  });
  const end = () => {
    if (!drawing) return;
    drawing = false;
    const mine = ++latest;
    canvas.toBlob((/** @type {Blob} */ blob) => mine === latest && onDrawn(blob), 'image/png');
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
  clear();
  return h('div', { class: 'draw' }, canvas, h('button', { type: 'button', onclick: clear }, 'Clear'));
}
