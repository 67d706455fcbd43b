// Charts over time with uPlot: one look, one time zone, gaps left open. What is drawn comes as plain data.

import uPlot from '/vendor/uplot/uPlot.esm.js';

export const AXIS_WIDTH = 72;
const DAY_S = 86400;

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: of('ink'), soft: of('ink-soft'), faint: of('ink-faint'), line: of('line'), surface: of('surface'), brand: of('brand'),
    alarm: of('alarm'), warn: of('warn-bar'), info: of('info'), sunken: of('sunken'),
  };
}

export function originColour(origin, palette) {
  return { proactive: palette.brand, alarm: palette.alarm, complaint: palette.warn }[origin] ?? palette.info;
}

// `#rrggbb` with an opacity from 0 to 1.
export function faded(colour, opacity) {
  return colour + Math.round(opacity * 255).toString(16).padStart(2, '0');
}

export function number(value) {
  if (value === null || value === undefined) return '–';
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

// The marks of one axis, all to as many decimal places as the finest needs.
function ticks(splits) {
  const digits = Math.max(...splits.map((value) => (String(Number(value.toFixed(6))).split('.')[1] ?? '').length));
  return splits.map((value) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
}

export function moments(zone, language) {
  const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
  const full = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false, timeZone: zone });
  return (seconds) => full.format(new Date(seconds * 1000));
}

// Puts a null where readings are missing for longer than one and a half buckets, so that no line bridges a gap.
export function withGaps(at, columns, stepS) {
  const times = [];
  const open = columns.map(() => []);
  at.forEach((second, index) => {
    if (index && second - at[index - 1] > 1.5 * stepS) {
      times.push(at[index - 1] + stepS);
      open.forEach((column) => column.push(null));
    }
    times.push(second);
    open.forEach((column, number) => column.push(columns[number][index]));
  });
  return [times, ...open];
}

function timeAxis(zone, palette, options) {
  const parts = new Intl.DateTimeFormat('en-GB', { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false, timeZone: zone });
  const label = (second, stepS) => {
    const found = Object.fromEntries(parts.formatToParts(new Date(second * 1000)).map((part) => [part.type, part.value]));
    return stepS >= DAY_S || (found.hour === '00' && found.minute === '00') ? `${found.month}/${found.day}` : `${found.hour}:${found.minute}`;
  };
  return {
    stroke: palette.faint, grid: { stroke: palette.line, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif', size: 24, gap: 4,
    values: (_plot, splits, _axis, _space, stepS) => splits.map((second) => label(second, stepS)), ...options,
  };
}

// A chart in `host`. `under` and `over` draw on the canvas below and above the series.
export function chart(host, { data, series, bands, height, window, zone, scale, axisX, axisY, sync, under, over, onCursor, onSelect }) {
  const palette = colours();
  const options = {
    width: Math.max(host.clientWidth, 240),
    height,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), zone),
    scales: { x: { time: true, range: window ? () => window : undefined }, y: scale ?? {} },
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false, setScale: false }, ...(sync ? { sync: { key: sync, setSeries: false, scales: ['x', null] } } : {}) },
    series: [{}, ...series],
    bands: bands ?? [],
    axes: [
      timeAxis(zone, palette, axisX),
      { stroke: palette.faint, grid: { stroke: palette.line, width: 1 }, ticks: { show: false }, font: '11px system-ui, sans-serif', size: AXIS_WIDTH, gap: 6, space: 26, values: (_plot, splits) => ticks(splits), ...axisY },
    ],
    hooks: {
      drawClear: under ? [under] : [],
      draw: over ? [over] : [],
      setCursor: onCursor ? [onCursor] : [],
      setSelect: onSelect ? [onSelect] : [],
    },
  };
  return new uPlot(options, data, host);
}

export function line(colour, options = {}) {
  return { stroke: colour, width: 1.6, points: { show: false }, ...options };
}

export function bars(colour) {
  return { stroke: colour, fill: faded(colour, 0.35), width: 1, points: { show: false }, paths: uPlot.paths.bars({ size: [0.8, 28] }) };
}

// Charts follow the width of their hosts.
export function fitWidth(host, plots) {
  const observer = new ResizeObserver(() => {
    plots().forEach((plot) => plot.setSize({ width: Math.max(plot.root.parentElement.clientWidth, 240), height: plot.height }));
  });
  observer.observe(host);
  return observer;
}

export async function readJson(path, query) {
  const parameters = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => [value].flat().map((each) => [name, each])));
  const answer = await fetch(`/api/v1${path}?${parameters}`, { headers: { Accept: 'application/json' } });
  if (!answer.ok) throw new Error(`${answer.status} ${path}`);
  return answer.json();
}

export function iso(seconds) {
  return new Date(seconds * 1000).toISOString();
}
