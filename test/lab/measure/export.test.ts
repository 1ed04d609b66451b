// Exports, word for word: other programs read them (trace-formats.md §6.2, §6.6, §6.7).
import { describe, expect, it } from 'vitest';
import { gbenchText } from '../../../src/lab/measure/export-gbench.ts';
import { openMetricsText } from '../../../src/lab/measure/export-openmetrics.ts';
import { csvText, markdownText } from '../../../src/lab/measure/export-text.ts';
import { figure, someReport } from './some-report.ts';

describe('CSV', () => {
  it('has one row a sample, units in the head, LF, quotes doubled and no formulas', () => {
    const tail = `"Test ""GPU"" 1",false,2026-11-20T12:00:00.000Z`;
    expect(csvText(someReport())).toBe(
      [
        'case,counted,clock,sample,rate_per_s,time_ns,value,value_unit,adapter,software,created_at',
        `copy.up.2M,B,gpu,0,2147483648,,2147483648,B/s,${tail}`,
        `copy.up.2M,B,gpu,1,2147483648,,2147483648,B/s,${tail}`,
        `peer.copy,B,gpu,0,1073741824,,1073741824,B/s,${tail}`,
        `peer.copy,B,gpu,1,1073741824,,1073741824,B/s,${tail}`,
        `walk.random,walks,gpu,0,4000000,,4000000,walks/s,${tail}`,
        `walk.random,walks,gpu,1,5000000,,5000000,walks/s,${tail}`,
        `"'=fault,1",,wall,0,,412000,412,us,${tail}`,
        '',
      ].join('\n'),
    );
  });

  it('writes large numbers with all their digits', () => {
    const text = csvText(someReport({ metrics: [figure('a', 'B/s', [2 ** 60])] }));
    expect(text).toContain(',1152921504606846976,,1152921504606846976,B/s,');
  });
});

describe('Markdown', () => {
  it('is the table of the command line', () => {
    expect(markdownText(someReport())).toBe(
      [
        'adapter: Test "GPU" 1, vulkan. pageferry 0.1.0, 2026-11-20T12:00:00.000Z.',
        '',
        '| case | median | ± MAD | p05…p95 | n | clock | × peer | × limit |',
        '| --- | ---: | ---: | ---: | ---: | --- | --- | --- |',
        '| copy.up.2M \\* | 2.00 GiB/s | 0 | 2.00…2.00 | 2 | gpu | 2.00 1.50…2.50 (peer.copy) | ≈0.95 0.90…1.00 (limit.copy) |',
        '| peer.copy | 1.00 GiB/s | 0 | 1.00…1.00 | 2 | gpu |  |  |',
        '| walk.random | 4.50 M walks/s | 0.500 | 4.05…4.95 | 2 | gpu |  |  |',
        '| =fault,1 | 412 µs | 0 | 412…412 | 1 | wall |  |  |',
        '',
        '- bytes: 10 pages compared, all equal',
        '- × peer, × limit: median of the ratios of pairs from one round, 95 % interval; ≈: no difference shown. The report names both',
        '- \\* drift: The machine slowed down or sped up while measuring (heat, other load): run again on a quiet machine. \\[copy.up.2M\\]',
        '',
      ].join('\n'),
    );
  });

  it('keeps cells together and says when a run was stopped', () => {
    const text = markdownText(someReport({ metrics: [figure('a|b', 'ns', [1])], change: { partial: true } }));
    expect(text).toContain('| a\\|b | 1.00 ns |');
    expect(text).toContain('**partial**');
  });
});

describe('Google Benchmark JSON', () => {
  const read = JSON.parse(gbenchText(someReport())) as Record<'context' | 'benchmarks', unknown>;

  it('has a context that version 1 readers accept', () => {
    expect(read.context).toEqual({
      date: '2026-11-20T12:00:00.000+00:00',
      host_name: '',
      executable: 'pageferry run',
      num_cpus: 2,
      mhz_per_cpu: 0,
      caches: [],
      load_avg: [],
      library_version: '0.1.0',
      library_build_type: 'release',
      json_schema_version: 1,
      adapter: 'Test "GPU" 1',
      software: false,
      cpu_time: 'a copy of real_time: CPU time is not measured',
      real_time: 'of one chunk where bytes_per_iteration is given, else of one item',
      not_recorded: 'host_name, mhz_per_cpu',
    });
  });

  it('has one entry a sample, all times, and a median', () => {
    const entries = read.benchmarks as Record<string, unknown>[];
    const [first, second, median] = entries;
    // 2 MiB at 2 GiB/s take 1/1024 s.
    const common = {
      family_index: 0,
      per_family_instance_index: 0,
      run_name: 'copy.up.2M',
      repetitions: 2,
      threads: 1,
      real_time: 976562.5,
      cpu_time: 976562.5,
      time_unit: 'ns',
    };
    const own = {
      ...common,
      name: 'copy.up.2M',
      run_type: 'iteration',
      iterations: 8,
      bytes_per_second: 2 ** 31,
      bytes_per_iteration: 2 ** 21,
      chunkBytes: 2 ** 21,
      opsPerRegion: 8,
    };
    expect(first).toEqual({ ...own, repetition_index: 0 });
    expect(second).toEqual({ ...own, repetition_index: 1 });
    const aggregate = { run_type: 'aggregate', aggregate_name: 'median', aggregate_unit: 'time', iterations: 2 };
    expect(median).toEqual({ ...common, name: 'copy.up.2M_median', ...aggregate });
    expect(entries.map(({ name }) => name)).toEqual([
      'copy.up.2M',
      'copy.up.2M',
      'copy.up.2M_median',
      'peer.copy',
      'peer.copy',
      'peer.copy_median',
      'walk.random',
      'walk.random',
      'walk.random_median',
      '=fault,1',
    ]);
    expect(entries[6]).toMatchObject({ real_time: 250, time_unit: 'ns', items_per_second: 4e6 });
    expect(entries[9]).toMatchObject({ real_time: 412, cpu_time: 412, time_unit: 'us', repetitions: 1 });
  });
});

describe('OpenMetrics', () => {
  it('has families with base units, and ends with # EOF', () => {
    const statistics = (name: string, labels: string, values: readonly number[]): string[] =>
      ['median', 'p05', 'p95', 'mad', 'min'].map((one, i) => `${name}{${labels},statistic="${one}"} ${values[i]}`);
    const [rate, walks, time] = [
      'pageferry_rate_bytes_per_second',
      'pageferry_rate_walks_per_second',
      'pageferry_time_seconds',
    ];
    const [two, one] = [2 ** 31, 2 ** 30];
    expect(openMetricsText(someReport()).split('\n')).toEqual([
      '# TYPE pageferry_report info',
      '# HELP pageferry_report What ran the jobs.',
      'pageferry_report_info{adapter="Test \\"GPU\\" 1",software="false",driver="1.0",version="0.1.0",kind="bench",created_at="2026-11-20T12:00:00.000Z",partial="false"} 1',
      `# TYPE ${rate} gauge`,
      `# UNIT ${rate} bytes_per_second`,
      `# HELP ${rate} Benchmark figures in bytes_per_second.`,
      ...statistics(rate, 'case="copy.up.2M",clock="gpu"', [two, two, two, 0, two]),
      ...statistics(rate, 'case="peer.copy",clock="gpu"', [one, one, one, 0, one]),
      '# TYPE pageferry_samples gauge',
      '# HELP pageferry_samples Samples behind each figure.',
      'pageferry_samples{case="copy.up.2M"} 2',
      'pageferry_samples{case="peer.copy"} 2',
      'pageferry_samples{case="walk.random"} 2',
      'pageferry_samples{case="=fault,1"} 1',
      '# TYPE pageferry_peer_ratio gauge',
      '# UNIT pageferry_peer_ratio ratio',
      '# HELP pageferry_peer_ratio Figure over that of its peer, with a 95 % interval.',
      'pageferry_peer_ratio{case="copy.up.2M",peer="peer.copy",statistic="median"} 2',
      'pageferry_peer_ratio{case="copy.up.2M",peer="peer.copy",statistic="low"} 1.5',
      'pageferry_peer_ratio{case="copy.up.2M",peer="peer.copy",statistic="high"} 2.5',
      '# TYPE pageferry_limit_ratio gauge',
      '# UNIT pageferry_limit_ratio ratio',
      '# HELP pageferry_limit_ratio Figure over that of its limit, with a 95 % interval.',
      'pageferry_limit_ratio{case="copy.up.2M",limit="limit.copy",statistic="median"} 0.95',
      'pageferry_limit_ratio{case="copy.up.2M",limit="limit.copy",statistic="low"} 0.9',
      'pageferry_limit_ratio{case="copy.up.2M",limit="limit.copy",statistic="high"} 1',
      `# TYPE ${walks} gauge`,
      `# UNIT ${walks} walks_per_second`,
      `# HELP ${walks} Benchmark figures in walks_per_second.`,
      ...statistics(walks, 'case="walk.random",clock="gpu"', [4.5e6, 4.05e6, 4.95e6, 5e5, 4e6]),
      `# TYPE ${time} gauge`,
      `# UNIT ${time} seconds`,
      `# HELP ${time} Benchmark figures in seconds.`,
      ...statistics(time, 'case="=fault,1",clock="wall"', [0.000412, 0.000412, 0.000412, 0, 0.000412]),
      '# TYPE pageferry_verified_pages gauge',
      '# UNIT pageferry_verified_pages pages',
      '# HELP pageferry_verified_pages Pages compared after the run.',
      'pageferry_verified_pages{result="equal"} 10',
      'pageferry_verified_pages{result="wrong"} 0',
      '# TYPE pageferry_svm_device_copy_bytes counter',
      '# UNIT pageferry_svm_device_copy_bytes bytes',
      '# HELP pageferry_svm_device_copy_bytes Counter svm_device_copy_kb of the report.',
      'pageferry_svm_device_copy_bytes_total{counter="svm_device_copy_kb"} 6144',
      '# TYPE pageferry_x_bench_jobs counter',
      '# HELP pageferry_x_bench_jobs Counter x_bench_jobs of the report.',
      'pageferry_x_bench_jobs_total{counter="x_bench_jobs"} 3',
      '# EOF',
      '',
    ]);
  });
});
