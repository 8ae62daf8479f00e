using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Milvus.Benchmarks;

// Runs in the current process: kernels need no isolation, and no project has to be generated and built per case.
// Examples: --filter *Kernel* ; --filter *Hnsw* ; --job short for a quick look.
IConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
    .AddColumn(new ThroughputColumn())
    .HideColumns(Column.Error, Column.StdDev, Column.RatioSD, Column.Median);
BenchmarkSwitcher.FromAssembly(typeof(KernelBenchmarks).Assembly).Run(args, config);
