// Turns measurements into figures: medians, ratios, and a Markdown table.

/** The phases that are measured separately, in order. */
export const PHASES = ['authorize', 'exchange', 'refresh'];

const HEADINGS = { authorize: 'authorization', exchange: 'code exchange', refresh: 'refresh' };

/** The quantile `share` of `values`. */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

const median = (values) => quantile(values, 0.5);

/**
 * The figures of a row.
 *
 * @param {{ name: string, algorithm: string, turns: object[], server: object, engine?: object }} row
 */
export function summary({ name, algorithm, turns, server, engine }) {
  const phases = PHASES.map((phase) => {
    const of = (figure) => turns.map((turn) => turn[phase][figure]);
    const cpu = of('server');
    const quartiles = [quantile(cpu, 0.25), quantile(cpu, 0.75)];
    const figures = { cpu_ms: median(cpu), cpu_ms_quartiles: quartiles, p50_ms: median(of('latency')) };
    return [phase, { ...figures, ...(engine && { engine_cpu_ms: median(of('engine')) }) }];
  });
  const peak = { peak_mb: server.peak(), ...(engine && { engine_peak_mb: engine.peak() }) };
  return { name, algorithm, ...Object.fromEntries(phases), ...peak };
}

/** The figures as one table per algorithm; the first row of each table is the baseline. */
export function markdown(figures) {
  const algorithms = [...new Set(figures.map(({ algorithm }) => algorithm))];
  const of = (algorithm) => figures.filter((row) => row.algorithm === algorithm);
  return algorithms.map((algorithm) => table(algorithm, of(algorithm))).join('\n\n');
}

function table(algorithm, rows) {
  const head = [algorithm, ...PHASES.map((phase) => `${HEADINGS[phase]}, ms`), 'latency, ms', 'peak, MB'];
  const lines = rows.flatMap((row) => {
    const alone = line(row, rows[0]);
    return row.engine_peak_mb ? [alone, line(withEngine(row), rows[0])] : [alone];
  });
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A row that includes the cost of the engine behind it. */
function withEngine(row) {
  const phases = PHASES.map((phase) => {
    const { cpu_ms, engine_cpu_ms, ...figures } = row[phase];
    return [phase, { ...figures, cpu_ms: cpu_ms + engine_cpu_ms }];
  });
  const peak_mb = row.peak_mb + row.engine_peak_mb;
  return { ...row, name: `${row.name}, with the engine`, ...Object.fromEntries(phases), peak_mb };
}

function line(row, first) {
  const cells = PHASES.map((phase) => {
    const { cpu_ms: cost } = row[phase];
    const times = (cost / first[phase].cpu_ms).toFixed(1);
    return row === first ? cost.toFixed(3) : `${cost.toFixed(3)} (×${times})`;
  });
  const latency = PHASES.map((phase) => row[phase].p50_ms.toFixed(1)).join(' / ');
  return [row.name, ...cells, latency, row.peak_mb.toFixed(0)];
}
