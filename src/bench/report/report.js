'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const words = {
    en: {
      title: 'thane: race report', verdict: 'Verdict', standings: 'Standings', engine: 'engine', gate: 'gate', p50: 'p50 ms', p90: 'p90', p99: 'p99',
      rate: 'per second', cpu: 'CPU ms', peak: 'peak MB', size: 'installed MB', ratio: 'against baseline', latency: 'Latency',
      latencyNote: 'Quantiles of all runs, as far out as at least 100 samples allow.', turns: 'Turn by turn', turnsNote: 'Each point is one turn; processes are fresh, turns interleaved.',
      pareto: 'Latency and memory', paretoNote: 'Down and to the left is better. Filled: nobody is better in both.', phases: 'From start to first output',
      phasesNote: 'Warm file cache, median of fresh processes.', start: 'start', open: 'open', bind: 'prepare', first: 'first run', profile: 'Where the native engine spends its time',
      op: 'op', node: 'node', kernel: 'kernel', share: 'share', roof: 'roof', accuracy: 'Accuracy', output: 'output', maxError: 'max error', meanError: 'mean error', cosine: 'cosine',
      top1: 'top-1', against: 'against', manifest: 'Manifest', ok: 'ok', failed: 'failed', disqualified: 'disqualified', repeat: 'Repeat', noise: 'A/A noise', noiseNote: 'smaller differences are ties',
      flips: 'Where the winner changes', threads: 'threads', batch: 'batch', winner: 'winner', folklore: 'What is often said', held: 'it held here', notHeld: 'it did not hold here', untested: 'not tested here',
      measured: { 'high-precision': 'error against float64', 'rapid-iteration': 'to first output ms', 'fast-deploy': 'fetch and start s' }, steady: 'steady MB', energy: 'mJ', interval: '95% interval', targets: 'Who runs which file', file: 'file', task: 'task accuracy', notes: 'Notes', best: 'best', front: 'Not beaten in everything', frontMeasures: 'latency, memory, installed size, cold start, error against float64', spread: 'Median latency', spreadNote: 'Dot: median. Bar: its 95% interval; the thin line reaches from p5 to p95 where samples allow.', inside: 'what differs',
      needs: { 'low-latency': 'low latency', 'high-throughput': 'high throughput', 'high-precision': 'high precision', 'cross-platform': 'cross-platform', 'rapid-iteration': 'rapid iteration', 'fast-deploy': 'fast deployment' }, measure: m => m, claim: c => c, why: w => w, scenarios: {},
      exact: 'error against float64', tuned: 'Tuned, with an equal budget', settings: 'settings', timed: 'What is timed', light: 'Light', dark: 'Dark', other: '中文', ms: 'ms', quantile: 'quantile', memory: 'peak MB', round: 'turn', forms: 'Who opens which form',
      champion: 'champion', tie: 'tie', none: 'nobody qualified', ahead: (r, low, high, over) => `${r}× [${low}, ${high}] ahead of ${over}`,
    },
    zh: {
      title: 'thane：竞赛报告', verdict: '结论', standings: '排名', engine: '引擎', gate: '校验', p50: 'p50 毫秒', p90: 'p90', p99: 'p99',
      rate: '每秒次数', cpu: 'CPU 毫秒', peak: '峰值内存 MB', size: '安装体积 MB', ratio: '与基准之比', latency: '延迟',
      latencyNote: '全部运行的分位数；只画到其外至少有 100 个样本的分位。', turns: '逐轮结果', turnsNote: '每个点是一轮；进程都是新启动的，各引擎交替进行。',
      pareto: '延迟与内存', paretoNote: '越靠左下越好。实心：没有引擎在两方面都更好。', phases: '从启动到第一个输出',
      phasesNote: '文件缓存已热，取多个新进程的中位数。', start: '启动', open: '打开', bind: '准备', first: '首次推理', profile: '原生引擎的时间花在哪里',
      op: '算子', node: '节点', kernel: '内核', share: '占比', roof: '屋顶线占比', accuracy: '精度', output: '输出', maxError: '最大误差', meanError: '平均误差', cosine: '余弦',
      top1: 'top-1 一致率', against: '对照', manifest: '清单', ok: '通过', failed: '失败', disqualified: '取消资格', repeat: '重复测量', noise: 'A/A 噪声', noiseNote: '更小的差别视为平局',
      flips: '胜者在何处改变', threads: '线程', batch: '批大小', winner: '胜者', folklore: '常见说法', held: '在此成立', notHeld: '在此不成立', untested: '此处未测',
      measured: { 'high-precision': '相对 float64 的误差', 'rapid-iteration': '到第一个输出 毫秒', 'fast-deploy': '下载并启动 秒' }, steady: '稳态内存 MB', energy: '毫焦', interval: '95% 区间', targets: '谁能运行哪个文件', file: '文件', task: '任务准确率', notes: '说明', best: '最佳', front: '未被全面超越', frontMeasures: '延迟、内存、安装体积、冷启动、相对 float64 的误差', spread: '延迟中位数', spreadNote: '圆点：中位数。粗线：其 95% 区间；细线在样本足够时从 p5 到 p95。', inside: '差异',
      needs: { 'low-latency': '低延迟', 'high-throughput': '高吞吐', 'high-precision': '高精度', 'cross-platform': '跨平台', 'rapid-iteration': '快速迭代', 'fast-deploy': '快速部署' },
      measure: m => [[/^(p\d+) latency$/, '$1 延迟'], [/^latency at batch 1$/, '批大小为 1 时的延迟'], [/^seconds per inference with several streams$/, '多流时每次推理的秒数'], [/^largest error against a float64 evaluation.*$/, '相对 float64 求值的最大误差（差 25% 以内视为平局）'], [/^targets that load the file and agree, of those asked$/, '能加载该文件且结果一致的目标所占比例'], [/^seconds from a changed file to the first output$/, '从文件改变到第一个输出的秒数'], [/^seconds to fetch and start cold$/, '下载并冷启动的秒数'], [/^tuned, median$/, '调优后，中位数']].reduce((text, [pattern, to]) => text.replace(pattern, to), m),
      claim: c => ({ 'For low latency, take TensorFlow Lite.': '要低延迟，选 TensorFlow Lite。', 'For throughput, take TensorFlow.': '要高吞吐，选 TensorFlow。', 'For high precision, take TensorFlow.': '要高精度，选 TensorFlow。', 'To be cross-platform, take ONNX.': '要跨平台，选 ONNX。', 'For rapid iteration, take PyTorch.': '要快速迭代，选 PyTorch。', 'For fast deployment, take PyTorch Lightning.': '要快速部署，选 PyTorch Lightning。' }[c] || c),
      why: w => w.replace(/^owns (\S+) files$/, '$1 文件归它所有').replace('the framework that owns the file takes no part, or did not run', '拥有该文件的框架没有参加或未能运行'),
      exact: '相对 float64 的误差', tuned: '以相等预算调优后', settings: '设置', timed: '计时范围', light: '浅色', dark: '深色', other: 'English', ms: '毫秒', quantile: '分位', memory: '峰值 MB', round: '轮次', forms: '谁能打开哪种格式',
      champion: '冠军', tie: '平局', none: '无人合格', ahead: (r, low, high, over) => `是 ${over} 的 ${r} 倍 [${low}, ${high}]`,
    },
  };
  // A hue per engine; its forms and variants differ in lightness and dashes.
  const hues = [222, 18, 160, 275, 45, 335, 195, 95, 300];
  const store = { get: k => { try { return localStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { localStorage.setItem(k, v); } catch { /* private mode */ } } };
  const query = new URLSearchParams(location.search);
  let language = query.get('lang') || store.get('thane-lang') || (navigator.language.startsWith('zh') ? 'zh' : 'en');
  let theme = query.get('theme') || store.get('thane-theme') || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  const t = key => (words[language] || words.en)[key] ?? key;

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) key === 'style' ? Object.assign(element.style, value) : element.setAttribute(key, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
    return element;
  };
  const number = (x, digits = 3) => x === undefined || x === null ? '–' : Math.abs(x) >= 1000 ? Math.round(x).toLocaleString('en') : x !== 0 && Math.abs(x) < 1e-3 ? x.toExponential(1).replace('e-', 'e−') : Number(x.toPrecision(digits)).toString();
  const ms = x => x === undefined ? '–' : number(x * 1e3);
  const megabytes = x => x ? number(x / 1e6) : '–';
  const section = (title, note, ...content) => make('section', {}, make('h2', {}, title), note ? make('p', { class: 'soft' }, note) : null, ...content);
  const table = (head, rows) => make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, make('tr', {}, head.map(h => make('th', {}, h)))),
    make('tbody', {}, rows.map(row => make('tr', {}, row.map(cell => cell instanceof Node ? (cell.tagName === 'TD' ? cell : make('td', {}, cell)) : make('td', {}, String(cell))))))));

  const standings = data.standings || [];
  const measureOf = s => { const v = data.verdict && (data.verdict.values || []).find(v => v.label === s.label); return v ? v.value : s.latency ? s.latency.p50_s : Infinity; };
  const rank = s => (s.status === 'ok' ? 0 : 1);
  const ranked = [...standings].sort((a, b) => rank(a) - rank(b) || measureOf(a) - measureOf(b));
  const fit = ranked.filter(s => s.status === 'ok' && s.latency);
  const engines = [...new Set(standings.map(s => s.engine))];
  const nth = s => standings.filter(o => o.engine === s.engine).indexOf(s);
  const colourOf = s => { const dark = theme === 'dark', i = engines.indexOf(s.engine); return `hsl(${hues[i % hues.length]} ${dark ? 75 : 65}% ${(dark ? 66 : 42) + (dark ? -5 : 6) * (nth(s) % 5)}%)`; };
  const dashOf = s => [[], [8, 4], [2, 3], [10, 3, 2, 3], [4, 2], [14, 4]][nth(s) % 6];
  const swatch = s => make('i', { class: 'swatch', style: { background: colourOf(s) } });
  const legend = list => make('div', { class: 'legend' }, list.map(s => make('span', {}, swatch(s), s.label)));
  const wins = s => data.verdict && (data.verdict.champion === s.label || (data.verdict.tie || []).includes(s.label));

  const charts = [];
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Ticks of a logarithmic axis: 1, 2 and 5 of each decade, or evenly where there is less than one.
  const ticks = (u, index, low, high) => {
    const all = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); ++e) for (const m of [1, 2, 5]) all.push(m * 10 ** e);
    const inside = all.filter(v => v >= low && v <= high);
    return inside.length > 2 ? inside : [0, 1, 2, 3, 4].map(i => low * (high / low) ** (i / 4));
  };
  const axis = (label, values) => ({ label, filter: (u, splits) => splits, stroke: css('--soft'), grid: { stroke: css('--line') }, ticks: { stroke: css('--line') }, values, size: 56, labelSize: 22 });
  const chart = (options, columns) => {
    const holder = make('div', { class: 'chart' });
    charts.push(() => {
      const width = Math.max(260, holder.clientWidth);
      const plot = new uPlot({ width, height: Math.min(340, Math.max(220, width * 0.5)), legend: { show: false }, cursor: { show: false }, ...options }, columns, holder);
      addEventListener('resize', () => plot.setSize({ width: Math.max(260, holder.clientWidth), height: plot.height }));
    });
    return holder;
  };

  const verdict = () => {
    const v = data.verdict;
    if (!v) return null;
    const name = v.champion ? `${t('champion')}: ${v.champion}` : v.tie && v.tie.length ? `${t('tie')}: ${v.tie.join(', ')}` : t('none');
    return section(t('verdict'), null, make('div', { class: 'verdict' }, make('p', {}, make('strong', {}, name)), make('p', {}, `${t('needs')[data.need] || data.need} · ${t('measure')(v.measure || '')}`), v.margin && v.champion ? make('p', { class: 'soft' }, t('ahead')(number(v.margin.ratio), number(v.margin.low), number(v.margin.high), v.margin.over)) : null,
      data.floor && !['high-precision', 'cross-platform', 'fast-deploy'].includes(data.need) ? make('p', { class: 'soft' }, `${t('noise')}: ${number((data.floor.factor - 1) * 100)}% (${t('noiseNote')})`) : null,
      data.id ? make('p', { class: 'soft' }, `${t('repeat')}: `, make('code', {}, `thane replay ${data.id}`)) : null));
  };

  const standingsTable = () => {
    // What the need is decided by, where that is no column already.
    const measured = t('measured')[data.need], measure = s => number(data.need === 'rapid-iteration' ? measureOf(s) * 1e3 : measureOf(s));
    const energy = ranked.some(s => s.joules_per_inference !== undefined);
    const rows = ranked.map(s => {
      const head = [make('td', { class: wins(s) ? 'name wins' : 'name' }, swatch(s), s.label), make('td', { class: s.status === 'ok' ? 'good' : 'bad' }, t(s.status === 'ok' ? 'ok' : s.status))];
      if (s.status !== 'ok') return [...head, make('td', { class: 'words', colspan: 9 + energy + Boolean(measured) }, s.reason || '')];
      const c = (data.comparisons || []).find(c => c.theirs === s.label), l = s.latency || {};
      return [...head, ...(measured ? [measure(s)] : []), ms(l.p50_s), ms(l.p90_s), ms(l.p99_s), number(s.server_rate_per_s ?? s.throughput_per_s, 4), ms(s.cpu_seconds_per_inference), ...(energy ? [ms(s.joules_per_inference)] : []), megabytes(s.peak_bytes), megabytes(s.steady_bytes), megabytes(s.installed_bytes),
        s.label === data.baseline ? '1' : c ? make('td', {}, `${number(c.ratio)}× `, make('span', { class: 'soft' }, `[${number(c.low, 2)}, ${number(c.high, 2)}]${c.outcome === 'tie' ? ' ' + t('tie') : ''}`)) : ''];
    });
    return section(t('standings'), data.reference ? `${t('against')} ${data.reference.label} (${t('why')(data.reference.why)})` : null,
      table([t('engine'), t('gate'), ...(measured ? [measured] : []), t('p50'), t('p90'), t('p99'), t('rate'), t('cpu'), ...(energy ? [t('energy')] : []), t('peak'), t('steady'), t('size'), t('ratio')], rows));
  };

  // One line per engine on a common logarithmic axis: what a table of intervals says, at a glance.
  const spread = () => {
    if (fit.length < 2) return null;
    const at = (s, q) => { const p = s.latency.curve.find(p => p[0] === q); return p ? p[1] : null; };
    const values = fit.flatMap(s => [s.latency.p50_low_s, s.latency.p50_high_s, at(s, 0.05), at(s, 0.95)]).filter(x => x > 0);
    const low = Math.log(Math.min(...values)) - 0.05, high = Math.log(Math.max(...values)) + 0.05;
    const place = x => `${100 * (Math.log(x) - low) / Math.max(1e-9, high - low)}%`;
    const stretch = (from, to, name, s) => from && to ? make('span', { class: name, style: { left: place(from), width: `calc(${place(to)} - ${place(from)})`, background: colourOf(s) } }) : null;
    return section(t('spread'), t('spreadNote'), make('div', { class: 'spread' }, fit.flatMap(s => [make('div', { class: wins(s) ? 'name wins' : 'name' }, s.label),
      make('div', { class: 'track' }, stretch(at(s, 0.05) ?? s.latency.p50_low_s, at(s, 0.95) ?? s.latency.p50_high_s, 'thin', s), stretch(s.latency.p50_low_s, s.latency.p50_high_s, 'thick', s), make('b', { style: { left: place(s.latency.p50_s), background: colourOf(s) } })),
      make('div', { class: 'value' }, `${ms(s.latency.p50_s)} ${t('ms')}`)])));
  };

  const latency = () => {
    if (!fit.length) return null;
    // Drawn over -log10(1 - q), so that the tail has room.
    const grid = [...new Set(fit.flatMap(s => s.latency.curve.map(p => p[0])))].sort((a, b) => a - b);
    const columns = [grid.map(q => -Math.log10(1 - q)), ...fit.map(s => grid.map(q => { const p = s.latency.curve.find(p => p[0] === q); return p ? p[1] * 1e3 : null; }))];
    const marks = [0, 0.5, 0.9, 0.99, 0.999].map(q => -Math.log10(1 - q));
    return section(t('latency'), t('latencyNote'), legend(fit), chart({
      scales: { x: { time: false }, y: { distr: 3, range: (u, low, high) => [low * 0.85, high * 1.15] } },
      axes: [{ ...axis(t('quantile'), (u, splits) => splits.map(v => 'p' + number((1 - 10 ** -v) * 100, 4))), splits: () => marks }, { ...axis(t('ms'), (u, splits) => splits.map(v => v === null ? null : number(v, 2))), splits: ticks }],
      series: [{}, ...fit.map(s => ({ stroke: colourOf(s), dash: dashOf(s), width: 2, points: { show: true, size: 5 } }))],
    }, columns));
  };

  const turns = () => {
    const list = fit.filter(s => s.turns && s.turns.length > 1);
    if (!list.length) return null;
    const keys = [...new Set(list.flatMap(s => s.turns.map(p => p[0] * 1000 + p[1])))].sort((a, b) => a - b);
    const columns = [keys.map((_, i) => i + 1), ...list.map(s => keys.map(k => { const p = s.turns.find(p => p[0] * 1000 + p[1] === k); return p ? p[2] * 1e3 : null; }))];
    return section(t('turns'), t('turnsNote'), legend(list), chart({
      scales: { x: { time: false }, y: { distr: 3, range: (u, low, high) => [low * 0.85, high * 1.15] } }, axes: [axis(t('round'), (u, splits) => splits.map(v => Number.isInteger(v) ? v : '')), { ...axis(t('ms'), (u, splits) => splits.map(v => v === null ? null : number(v, 2))), splits: ticks }],
      series: [{}, ...list.map(s => ({ stroke: colourOf(s), dash: dashOf(s), width: 1.5, points: { show: true, size: 6 } }))],
    }, columns));
  };

  const pareto = () => {
    const list = fit.filter(s => s.peak_bytes);
    if (list.length < 2) return null;
    const sorted = [...list].sort((a, b) => a.latency.p50_s - b.latency.p50_s);
    const front = s => !list.some(o => o !== s && o.latency.p50_s <= s.latency.p50_s && o.peak_bytes <= s.peak_bytes);
    const xs = sorted.map(s => s.latency.p50_s * 1e3);
    const names = data.pareto && data.pareto.front ? make('p', { class: 'soft' }, `${t('front')} (${t('frontMeasures')}): ${data.pareto.front.join(', ')}`) : null;
    const logarithmic = { distr: 3, range: (u, low, high) => [low * 0.8, high * 1.25] };
    return section(t('pareto'), t('paretoNote'), names, legend(list), chart({
      scales: { x: { time: false, ...logarithmic }, y: logarithmic },
      axes: [{ ...axis('p50 ' + t('ms'), (u, splits) => splits.map(v => v === null ? null : number(v, 2))), splits: ticks }, { ...axis(t('memory'), (u, splits) => splits.map(v => number(v, 2))), splits: ticks }],
      series: [{}, ...sorted.map(s => ({ stroke: colourOf(s), paths: () => null, points: { show: true, size: 14, width: 2, fill: front(s) ? colourOf(s) : css('--ground') } }))],
    }, [xs, ...sorted.map((s, i) => xs.map((_, j) => i === j ? s.peak_bytes / 1e6 : null))]));
  };

  const phases = () => {
    const list = ranked.filter(s => s.status === 'ok' && (s.warm || s.cold)).sort((a, b) => (a.warm || a.cold).to_first_output_s - (b.warm || b.cold).to_first_output_s);
    if (!list.length) return null;
    const parts = [['start_s', 'start', '#8aa4d6'], ['open_s', 'open', '#2457c5'], ['bind_s', 'bind', '#1a8f66'], ['first_s', 'first', '#d1602e']];
    const most = Math.max(...list.map(s => (s.warm || s.cold).to_first_output_s));
    return section(t('phases'), t('phasesNote'), make('div', { class: 'legend' }, parts.map(([, name, colour]) => make('span', {}, make('i', { style: { background: colour } }), t(name)))),
      table([t('engine'), t('ms'), ''], list.map(s => { const p = s.warm || s.cold; return [s.label, ms(p.to_first_output_s),
        make('td', { style: { width: '60%' } }, make('div', { class: 'bar' }, parts.map(([key, , colour]) => make('span', { style: { width: `${100 * p[key] / most}%`, background: colour } }))))]; })));
  };

  const profile = () => {
    const p = data.profile;
    if (!p || !p.ops) return null;
    const total = p.total_s || 1;
    const nodes = [...p.nodes].sort((a, b) => b.seconds - a.seconds).slice(0, 15);
    const bar = (x, colour) => make('td', { style: { width: '30%' } }, make('div', { class: 'bar' }, make('span', { style: { width: `${Math.min(100, 100 * x)}%`, background: colour } })));
    return section(t('profile'), `${ms(total)} ${t('ms')} · ${number(p.peak_flops_per_s / 1e9)} GFLOP/s · ${number(p.bandwidth_bytes_per_s / 1e9)} GB/s`,
      table([t('op'), 'µs', t('share'), '', t('roof')], p.ops.map(o => [`${o.op} ×${o.count}`, number(o.seconds * 1e6), number(100 * o.seconds / total) + '%', bar(o.seconds / total, '#2457c5'), number(100 * o.roof) + '%'])),
      make('p', {}), table([t('node'), 'µs', t('share'), t('kernel'), t('roof')], nodes.map(n => [n.node, number(n.seconds * 1e6), number(100 * n.seconds / total) + '%', n.kernel, number(100 * n.roof) + '%'])));
  };

  const accuracy = () => {
    const task = ranked.some(s => s.task_accuracy !== undefined), percent = x => x === undefined ? '–' : number(100 * x, 4) + '%';
    const rows = ranked.flatMap(s => (s.outputs || []).map(o => [s.label, o.name, number(o.max_error), number(o.mean_error), o.cosine === undefined ? '–' : o.cosine.toFixed(6), percent(o.top1_agreement), ...(task ? [percent(s.task_accuracy)] : []), s.error64 ? number(s.error64.max) : '–']));
    return rows.length ? section(t('accuracy'), data.reference ? `${t('against')} ${data.reference.label}` : null, table([t('engine'), t('output'), t('maxError'), t('meanError'), t('cosine'), t('top1'), ...(task ? [t('task')] : []), t('exact')], rows)) : null;
  };

  const flips = () => {
    const list = data.flips || [], labels = [...new Set(list.flatMap(f => (f.times || []).map(x => x.label)))];
    return list.length ? section(t('flips'), `p50 ${t('ms')}`, table([t('threads'), t('batch'), ...labels], list.map(f => [f.threads, f.batch, ...labels.map(label => {
      const x = (f.times || []).find(x => x.label === label);
      return make('td', { class: (f.winners || []).includes(label) ? 'wins' : '' }, x ? ms(x.p50_s) : '–');
    })]))) : null;
  };

  // Which file runs where, and whether it agrees: the matrix behind "cross-platform", or the forms as thane itself reads them.
  const targets = () => {
    const list = data.targets || (data.forms || []).map(f => ({ file: f.file, target: 'native', agrees: f.agrees, reason: f.reason }));
    if (!list.length) return null;
    const files = [...new Set(list.map(x => x.file))], names = [...new Set(list.map(x => x.target))];
    const cell = (file, name) => { const x = list.find(x => x.file === file && x.target === name); return make('td', { class: x ? x.agrees ? 'good' : 'bad' : 'soft', title: (x && x.reason) || '' }, x ? x.agrees ? '✓' : '✗' : '–'); };
    const reasons = list.filter(x => !x.agrees && x.reason && !/does not open this kind/.test(x.reason)).map(x => make('li', {}, `${x.file.split('/').pop()} · ${x.target}: ${x.reason}`));
    return section(t('targets'), null, table([t('file'), ...names], files.map(file => [file.split('/').pop(), ...names.map(name => cell(file, name))])), reasons.length ? make('ul', { class: 'soft' }, reasons) : null);
  };

  const folklore = () => {
    const f = data.folklore;
    return f ? section(t('folklore'), null, make('p', {}, `“${t('claim')(f.claim)}” — `, make('strong', { class: f.held === true ? 'good' : f.held === false ? 'bad' : '' }, t(f.held === true ? 'held' : f.held === false ? 'notHeld' : 'untested')))) : null;
  };

  const tuned = () => {
    const list = (data.tuned && data.tuned.standings) || [];
    return list.length ? section(t('tuned'), data.tuned.verdict ? (data.tuned.verdict.champion ? `${t('champion')}: ${data.tuned.verdict.champion}` : `${t('tie')}: ${data.tuned.verdict.tie.join(', ')}`) : null, table([t('engine'), t('p50'), t('rate'), t('settings')],
      list.map(s => [s.label, s.latency ? ms(s.latency.p50_s) : t(s.status), number(s.throughput_per_s, 4), make('td', { class: 'words' }, make('code', {}, [`threads ${s.threads}`, ...Object.entries(s.options).filter(([key]) => !['scratch', 'shapes', 'seed', 'optimise', 'isa', 'precision_level', 'format', 'source', 'class'].includes(key)).map(([key, value]) => `${key} ${value}`)].join(', ')))]))) : null;
  };

  const notes = () => (data.remarks || []).length ? section(t('notes'), null, make('ul', { lang: 'en' }, data.remarks.filter(r => !r.startsWith('Guides say')).map(r => make('li', {}, r)))) : null;

  const manifest = () => {
    const m = data.manifest || {}, machine = m.machine || {}, rows = [];
    const row = (key, value) => value !== undefined && value !== '' && rows.push(make('dt', {}, key), make('dd', {}, value));
    row('id', data.id); row('time', data.time); row('thane', m.thane); row('command', make('code', {}, m.command || ''));
    row('CPU', machine.cpu ? `${machine.cpu}, ${machine.cores} cores, ${machine.isa}` : undefined); row('governor', machine.governor); row('load', machine.load === undefined ? undefined : number(machine.load));
    row(t('threads'), m.threads); row('precision', m.precision); row('seed', m.seed); row('scenario', data.scenario);
    for (const model of m.models || []) row(model.kind || 'model', make('span', {}, `${model.path}, ${number(model.bytes)} bytes `, model.sha256 ? make('code', {}, model.sha256) : ''));
    for (const input of m.inputs || []) row('input', `${input.name}: ${input.dtype} [${input.shape.join(', ')}]`);
    for (const s of standings) row(s.label, `${t('timed')}: ${s.timed || '–'}; ${Object.entries(s.versions || {}).map(v => v.join(' ')).join(', ')}`);
    return section(t('manifest'), null, make('dl', {}, rows));
  };

  const render = () => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
    document.documentElement.dataset.theme = theme;
    document.title = t('title');
    document.getElementById('title').textContent = t('title');
    document.getElementById('language').textContent = t('other');
    document.getElementById('theme').textContent = theme === 'dark' ? t('light') : t('dark');
    charts.length = 0;
    const main = document.getElementById('main');
    main.replaceChildren(...[verdict(), standingsTable(), spread(), folklore(), targets(), latency(), pareto(), phases(), accuracy(), flips(), tuned(), turns(), profile(), notes(), manifest()].filter(Boolean));
    for (const draw of charts) draw();
  };
  document.getElementById('language').onclick = () => { language = language === 'zh' ? 'en' : 'zh'; store.set('thane-lang', language); render(); };
  document.getElementById('theme').onclick = () => { theme = theme === 'dark' ? 'light' : 'dark'; store.set('thane-theme', theme); render(); };
  render();
})();
