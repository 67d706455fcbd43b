// The one time axis of an asset: what happened, the risk, and chosen points, aligned under a shared cursor.

import { bars, chart, colours, faded, fitWidth, iso, line, moments, number, originColour, readJson, withGaps } from './charts.js';

const DAY_S = 86400;
const REFRESH_MS = 30000;
const LANES = ['ticket', 'event', 'repair', 'complaint'];
const MAX_RISKS = 3;

const axis = document.querySelector('#axis');
const host = document.querySelector('#axis-charts');
const readout = document.querySelector('#axis-readout');
const texts = Object.fromEntries(Object.entries(axis.dataset).filter(([key]) => key.startsWith('text')).map(([key, value]) => [key.slice(4).toLowerCase(), value]));
const language = axis.dataset.lang;
const moment = moments(axis.dataset.zone, language);
const hint = readout.textContent;

const state = { days: 30, zoom: null, plots: [], loading: 0, story: null };

function chosenPoints() {
  return [...axis.querySelectorAll('[data-point][aria-pressed="true"]')].map((button) => button.dataset.point);
}

function wantedWindow() {
  if (state.zoom) return state.zoom;
  const until = (axis.dataset.until ? Date.parse(axis.dataset.until) : Date.now()) / 1000 + 1;
  return [until - state.days * DAY_S, until];
}

function lane(title, unit = '') {
  const element = document.createElement('div');
  element.className = 'lane';
  const head = document.createElement('p');
  head.className = 'lane-title';
  head.append(Object.assign(document.createElement('span'), { textContent: unit ? `${title} · ${unit}` : title }), document.createElement('strong'));
  const body = document.createElement('div');
  element.append(head, body);
  host.append(element);
  return { body, value: head.lastChild };
}

// Tickets as pale bands and repairs of failures as thin lines behind every chart; routine visits are only marks above.
function behind(story, palette) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    story.tickets.forEach((ticket) => {
      const left = plot.valToPos(ticket.at, 'x', true);
      const right = plot.valToPos(ticket.until ?? story.until, 'x', true);
      ctx.fillStyle = faded(originColour(ticket.origin, palette), 0.1);
      ctx.fillRect(left, bbox.top, Math.max(right - left, 2), bbox.height);
    });
    ctx.strokeStyle = palette.info;
    ctx.setLineDash([4, 4]);
    story.marks.filter((mark) => mark.lane === 'repair' && mark.tone === 'corrective').forEach((mark) => {
      const x = Math.round(plot.valToPos(mark.at, 'x', true)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    });
    ctx.restore();
  };
}

function toneColour(mark, palette) {
  if (mark.lane === 'repair') return mark.tone === 'corrective' ? palette.info : faded(palette.info, 0.35);
  return { critical: palette.alarm, major: palette.alarm, minor: palette.warn, info: palette.faint }[mark.tone] ?? palette.warn;
}

function drawMark(ctx, mark, x, y, size, palette) {
  ctx.fillStyle = toneColour(mark, palette);
  ctx.beginPath();
  if (mark.lane === 'repair') {
    ctx.moveTo(x, y - size);
    ctx.lineTo(x + size, y);
    ctx.lineTo(x, y + size);
    ctx.lineTo(x - size, y);
  } else if (mark.lane === 'event') {
    ctx.rect(x - size / 4, y - size, size / 2, size * 2);
  } else {
    ctx.arc(x, y, size * 0.8, 0, 2 * Math.PI);
  }
  ctx.fill();
}

function drawStory(story, palette) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const size = 5 * devicePixelRatio;
    const rowOf = (name) => plot.valToPos(LANES.length - 0.5 - LANES.indexOf(name), 'y', true);
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    story.tickets.forEach((ticket) => {
      const left = plot.valToPos(ticket.at, 'x', true);
      const right = plot.valToPos(ticket.until ?? story.until, 'x', true);
      ctx.fillStyle = faded(originColour(ticket.origin, palette), ticket.until ? 0.55 : 0.9);
      ctx.beginPath();
      ctx.roundRect(left, rowOf('ticket') - size, Math.max(right - left, size), size * 2, size / 2);
      ctx.fill();
    });
    story.marks.forEach((mark) => drawMark(ctx, mark, plot.valToPos(mark.at, 'x', true), rowOf(mark.lane), size, palette));
    ctx.restore();
  };
}

function near(story, second, reachS) {
  const marks = story.marks.filter((mark) => Math.abs(mark.at - second) <= reachS).map((mark) => mark.label[language]);
  const tickets = story.tickets.filter((ticket) => ticket.at <= second && second <= (ticket.until ?? story.until)).map((ticket) => ticket.label[language]);
  return [...new Set([...tickets, ...marks])];
}

function follow(story, value, show) {
  return (plot) => {
    const { left, idx } = plot.cursor;
    if (left === undefined || left < 0) {
      value.textContent = '';
      readout.textContent = hint;
      return;
    }
    const second = plot.posToVal(left, 'x');
    const [since, until] = [plot.scales.x.min, plot.scales.x.max];
    readout.textContent = [moment(second), ...near(story, second, (until - since) / 120)].join(' · ');
    value.textContent = idx === null || idx === undefined ? '' : show(idx);
  };
}

function select(plot) {
  const { left, width } = plot.select;
  if (width < 8 || state.loading) return;
  state.zoom = [plot.posToVal(left, 'x'), plot.posToVal(left + width, 'x')];
  axis.querySelectorAll('[data-days]').forEach((button) => button.setAttribute('aria-pressed', 'false'));
  load();
}

function storyLane(story, common) {
  const palette = colours();
  const { body, value } = lane(texts.story);
  return chart(body, {
    ...common, data: [[story.since, story.until], [null, null]], series: [{}], height: 142, scale: { range: () => [0, LANES.length] },
    axisX: { side: 0 }, axisY: { splits: () => LANES.map((_lane, row) => LANES.length - 0.5 - row), values: () => LANES.map((name) => texts[name]), grid: { show: false } },
    over: drawStory(story, palette), onCursor: follow(story, value, () => ''),
  });
}

function riskLane(story, common) {
  const palette = colours();
  const risks = [...story.risk].sort((one, other) => Math.max(...other.p) - Math.max(...one.p)).slice(0, MAX_RISKS);
  if (!risks.length) return null;
  const { body, value } = lane(texts.risk, '%');
  const at = risks[0].at;
  const aligned = (risk, column) => {
    const byTime = new Map(risk.at.map((second, index) => [second, risk[column][index] * 100]));
    return at.map((second) => byTime.get(second) ?? null);
  };
  const strokes = [palette.brand, palette.warn, palette.faint];
  const lines = risks.map((risk) => aligned(risk, 'p'));
  const top = Math.max(20, ...risks[0].high.map((share) => share * 100));
  return chart(body, {
    ...common, data: [at, ...lines, aligned(risks[0], 'high'), aligned(risks[0], 'low')], height: 130, scale: { range: () => [0, Math.min(top * 1.05, 100)] },
    series: [...risks.map((_risk, index) => line(strokes[index], { width: index ? 1.2 : 2.2 })), line(faded(palette.brand, 0), { points: { show: false } }), line(faded(palette.brand, 0))],
    bands: [{ series: [risks.length + 1, risks.length + 2], fill: faded(palette.brand, 0.16) }],
    onCursor: follow(story, value, (idx) => risks.map((risk, index) => `${risk.label[language]} ${number(lines[index][idx])}%`).join('  ')),
  });
}

// What a counter's bars stand for: its rise in each bucket.
function bucket(stepS) {
  const [text, unitS] = stepS >= DAY_S ? [texts.perdays, DAY_S] : stepS >= 3600 ? [texts.perhours, 3600] : [texts.perminutes, 60];
  return text.replace('#', stepS / unitS);
}

function pointLane(story, common, series) {
  const palette = colours();
  const counter = series.kind === 'counter';
  const { body, value } = lane(series.label[language], [series.unit, counter && bucket(series.step_s)].filter(Boolean).join(' '));
  const data = withGaps(series.at, counter ? [series.value] : [series.value, series.high, series.low], series.step_s);
  const show = (idx) => `${number(data[1][idx])} ${series.unit}`;
  if (counter) return chart(body, { ...common, data, height: 118, series: [bars(palette.info)], scale: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, 1)] }, onCursor: follow(story, value, show) });
  const none = line(faded(palette.info, 0));
  return chart(body, { ...common, data, height: 118, series: [line(palette.info), none, none], bands: [{ series: [2, 3], fill: faded(palette.info, 0.16) }], onCursor: follow(story, value, show) });
}

function draw(story, points) {
  state.plots.forEach((plot) => plot.destroy());
  host.replaceChildren();
  const common = { window: [story.since, story.until], zone: axis.dataset.zone, sync: 'axis', axisX: { values: () => [] , size: 6 }, under: behind(story, colours()), onSelect: select };
  state.plots = [storyLane(story, common), riskLane(story, common), ...points.map((series) => pointLane(story, common, series))].filter(Boolean);
  if (points.every((series) => !series.at.length) && !story.marks.length) {
    host.append(Object.assign(document.createElement('p'), { className: 'empty', textContent: texts.empty }));
  }
  host.dataset.drawn = String(state.plots.length);
}

async function load() {
  const turn = (state.loading += 1);
  host.setAttribute('aria-busy', 'true');
  const [since, until] = wantedWindow();
  const query = { from: iso(since), to: iso(until) };
  const path = `/assets/${encodeURIComponent(axis.dataset.asset)}`;
  const points = chosenPoints();
  try {
    const [story, series] = await Promise.all([readJson(`${path}/timeline`, query), points.length ? readJson(`${path}/series`, { ...query, point: points }) : []]);
    if (turn === state.loading) draw(story, series);
  } catch {
    if (turn === state.loading) readout.textContent = texts.failed;
  }
  if (turn === state.loading) {
    state.loading = 0;
    host.setAttribute('aria-busy', 'false');
  }
}

axis.addEventListener('click', (event) => {
  const range = event.target.closest('[data-days]');
  const point = event.target.closest('[data-point]');
  if (range) {
    state.days = Number(range.dataset.days);
    state.zoom = null;
    axis.querySelectorAll('[data-days]').forEach((button) => button.setAttribute('aria-pressed', String(button === range)));
  }
  if (point) point.setAttribute('aria-pressed', String(point.getAttribute('aria-pressed') !== 'true'));
  if (range || point) load();
});

let refreshedAt = Date.now();
document.addEventListener('htmx:afterSettle', (event) => {
  const newest = event.target.querySelector?.('[data-newest]') ?? event.target;
  if (!newest.dataset?.newest || state.zoom || Date.now() - refreshedAt < REFRESH_MS) return;
  refreshedAt = Date.now();
  axis.dataset.until = newest.dataset.newest;
  load();
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', load);
fitWidth(host, () => state.plots);
load();
