// A small chart for each reason of a ticket: the stretch of readings, or the days of events, that shows it.

import { bars, chart, colours, faded, iso, line, number, readJson, withGaps } from './charts.js';

const DAY_S = 86400;
const HEIGHT = 120;
const MAX_EVENTS = 500;

// The reason's own window is shaded; half as much before it is shown for comparison.
function windowOf(host) {
  const [since, until] = [host.dataset.since, host.dataset.until].map((text) => Date.parse(text) / 1000);
  return { since, until, shown: [since - (until - since) / 2, until + (until - since) / 20] };
}

function shade({ since, until }, palette) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const left = plot.valToPos(since, 'x', true);
    ctx.fillStyle = faded(palette.brand, 0.08);
    ctx.fillRect(left, bbox.top, plot.valToPos(until, 'x', true) - left, bbox.height);
  };
}

// The unit of what is drawn, above the axis; a day's rise or count is told as such.
function caption(host, text) {
  if (text) host.append(Object.assign(document.createElement('p'), { className: 'chart-unit', textContent: text }));
}

function usualLine(host, palette) {
  const usual = host.dataset.usual === '' ? null : Number(host.dataset.usual);
  return (plot) => {
    if (usual === null || usual < plot.scales.y.min || usual > plot.scales.y.max) return;
    const { ctx, bbox } = plot;
    const y = Math.round(plot.valToPos(usual, 'y', true)) + 0.5;
    ctx.save();
    ctx.strokeStyle = palette.faint;
    ctx.setLineDash([5, 4]);
    ctx.textAlign = 'left';
    ctx.textBaseline = 'bottom';
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    const text = `${host.dataset.textUsual} ${number(usual)}`;
    const [x, size] = [bbox.left + 8, 11 * devicePixelRatio];
    ctx.fillStyle = faded(palette.surface, 0.85);
    ctx.fillRect(x - 4, y - size - 5, ctx.measureText(text).width + 8, size + 4);
    ctx.fillStyle = palette.soft;
    ctx.fillText(text, x, y - 2);
    ctx.restore();
  };
}

async function drawPoint(host) {
  const palette = colours();
  const range = windowOf(host);
  const query = { from: iso(range.shown[0]), to: iso(range.shown[1]), point: host.dataset.source };
  const [series] = await readJson(`/assets/${encodeURIComponent(host.dataset.asset)}/series`, query);
  if (!series.at.length) return false;
  const counter = series.kind === 'counter';
  const daily = series.unit ? host.dataset.textDay.replace('#', series.unit) : host.dataset.textTimes;
  caption(host, counter ? daily : series.unit);
  const data = withGaps(series.at, counter ? [series.value] : [series.value, series.high, series.low], series.step_s);
  const none = line(faded(palette.info, 0));
  chart(host, {
    data, height: HEIGHT, window: range.shown, zone: host.dataset.zone, under: shade(range, palette), over: usualLine(host, palette),
    series: counter ? [bars(palette.info)] : [line(palette.info), none, none], bands: counter ? [] : [{ series: [2, 3], fill: faded(palette.info, 0.16) }],
  });
  return true;
}

function perDay(events, since, until) {
  const days = Math.max(Math.ceil((until - since) / DAY_S), 1);
  const counts = new Array(days).fill(0);
  events.forEach((event) => {
    const day = Math.floor((Date.parse(event.at) / 1000 - since) / DAY_S);
    if (day >= 0 && day < days && event.state !== 'clear') counts[day] += 1;
  });
  return [counts.map((_count, day) => since + (day + 0.5) * DAY_S), counts.map((count) => count || null)];
}

async function drawEvents(host) {
  const palette = colours();
  const range = windowOf(host);
  range.shown[1] = range.shown[0] + Math.ceil((range.shown[1] - range.shown[0]) / DAY_S) * DAY_S;
  const query = { from: iso(range.shown[0]), to: iso(range.shown[1]), code: host.dataset.source, limit: MAX_EVENTS };
  const { items } = await readJson(`/assets/${encodeURIComponent(host.dataset.asset)}/events`, query);
  if (!items.length) return false;
  caption(host, host.dataset.textTimes);
  chart(host, {
    data: perDay(items, range.shown[0], range.shown[1]), height: HEIGHT, window: range.shown, zone: host.dataset.zone, under: shade(range, palette),
    series: [bars(palette.warn)], scale: { range: (_plot, _low, high) => [0, Math.max(high ?? 0, 2)] },
    axisY: { incrs: [1, 2, 5, 10, 20, 50, 100] },
  });
  return true;
}

const DRAW = { point: drawPoint, event: drawEvents };

function drawAll() {
  document.querySelectorAll('.reason-chart[data-kind]:empty').forEach(async (host) => {
    const draw = DRAW[host.dataset.kind];
    if (!draw || host.dataset.drawn) return;
    host.dataset.drawn = 'begun';
    try {
      host.dataset.drawn = (await draw(host)) ? 'done' : 'none';
    } catch {
      delete host.dataset.drawn;
    }
  });
}

// The bar at the thumb leads to the form; it steps aside while the form is on the screen.
function watchForm() {
  const [form, bar] = [document.querySelector('#resolve-form'), document.querySelector('.thumb-bar')];
  if (form && bar) new IntersectionObserver(([entry]) => { bar.hidden = entry.isIntersecting; }).observe(form);
}

function begin() {
  drawAll();
  watchForm();
}

document.addEventListener('htmx:afterSettle', begin);
begin();
