// Keeps every page alive: the clock of the deployment ticks, and what has changed is fetched anew by htmx.

const MAX_SECONDS_SPEED = 30;

function startClock() {
  const clock = document.querySelector('[data-clock]');
  if (!clock || clock.dataset.started) return;
  clock.dataset.started = '1';
  const shownAt = Date.parse(clock.dataset.clock);
  const speed = Number(clock.dataset.speed) || 1;
  const since = performance.now();
  const language = document.documentElement.lang;
  const seconds = speed <= MAX_SECONDS_SPEED ? { second: '2-digit' } : {};
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...seconds, timeZone: clock.dataset.zone });
  const day = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, { month: 'short', day: 'numeric', timeZone: clock.dataset.zone });
  const tick = () => {
    if (!clock.isConnected) return;
    const now = new Date(shownAt + (performance.now() - since) * speed);
    clock.querySelector('.clock-hms').textContent = time.format(now);
    clock.querySelector('.clock-day').textContent = day.format(now);
    setTimeout(tick, 500);
  };
  tick();
}

function rowsOf(event) {
  try {
    return JSON.parse(event.detail.data);
  } catch {
    return null;
  }
}

// A list that was extended by "more" must not shrink under the reader's thumb: a note offers the new state instead.
function holdBack(event) {
  const element = event.detail.elt;
  const trigger = event.detail.requestConfig.triggeringEvent;
  if (element.id === 'live-note' && document.querySelector('#ticket-list[data-extended]')) {
    element.hidden = false;
    event.preventDefault();
  }
  if (element.dataset.watch === 'ticket' && trigger) {
    const rows = rowsOf(trigger);
    const concerned = !rows || rows.some((row) => row.id === null || row.id === Number(element.dataset.id));
    if (!concerned) event.preventDefault();
  }
}

// What arrives may be what is shown already, or come when the reader has begun to write, or overtake the answer to what
// the reader has just sent (and would throw it away with the form): then nothing is swapped.
function keepPen(event) {
  const element = event.detail.requestConfig.elt;
  if (element.dataset.watch !== 'ticket') return;
  const same = event.detail.serverResponse.includes(`data-version="${element.dataset.version}"`);
  const busy = document.querySelector('#ticket[data-touched]');
  const sending = document.querySelector('#ticket form.htmx-request');
  if (busy && !same && !sending) document.querySelector('#ticket-note').hidden = false;
  if (busy || same || sending) event.detail.shouldSwap = false;
}

document.addEventListener('htmx:beforeRequest', holdBack);
document.addEventListener('htmx:beforeSwap', keepPen);
document.addEventListener('htmx:beforeSwap', (event) => {
  if (event.detail.target?.matches('.ticket-lines > .more')) document.querySelector('#ticket-list').dataset.extended = '1';
});
document.addEventListener('htmx:afterSettle', startClock);
document.addEventListener('input', (event) => {
  const ticket = event.target.closest('#ticket');
  if (ticket && event.target.name !== 'actor') ticket.dataset.touched = '1';
});
startClock();
