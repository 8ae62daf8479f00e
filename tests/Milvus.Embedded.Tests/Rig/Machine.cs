using Microsoft.Extensions.Logging.Abstractions;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Wal;
using Milvus.StreamingNode;
using Milvus.TestKit.Disk;
using Milvus.TestKit.Meta;
using Milvus.TestKit.Objects;

namespace Milvus.Embedded.Tests.Rig;

/// <summary>A simulated machine that runs the library and can lose its power: its disks outlive the instance that runs on them.</summary>
internal sealed class Machine(int seed, EngineOptions? options = null) : IAsyncDisposable
{
    private readonly InMemoryMetaStore _meta = new();
    private EmbeddedMilvus? _running;
    private PowerSwitch _power = new();

    /// <summary>Small segments, quick maintenance, indexes over few rows: everything happens within a few hundred rows.</summary>
    public static EngineOptions Small { get; } = new()
    {
        Channel = new ChannelOptions { MaxSegmentRows = 60 },
        Wal = new WalOptions { SegmentBytes = WalOptions.MinSegmentBytes },
        MemoryLimitBytes = 1L << 30,
        MaintenanceIntervalMs = 20,
        MinIndexRows = 25,
        BuildThreads = 1,
        TombstoneRetentionMs = 0,
        AutoCompaction = false,
    };

    /// <summary>Asked by embedding functions; null for those that the options allow.</summary>
    public IModelGateway? Models { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public EngineOptions Options { get; set; } = options ?? Small;

    public InMemoryMetaStore Meta => _meta;

    public InMemoryObjectStore Objects { get; } = new();

    /// <summary>Between the instance and <see cref="Objects"/>.</summary>
    public FaultyObjectStore Faults => field ??= new FaultyObjectStore(Objects);

    public SimulatedDisk Disk { get; private set; } = new(seed);

    public EmbeddedMilvus Milvus => _running ?? throw new InvalidOperationException("the machine is off");

    public IMilvusProxy Proxy => Milvus.Proxy;

    public PowerSwitch Power => _power;

    public async Task StartAsync()
    {
        _power = new PowerSwitch();
        _running = await EmbeddedMilvus.OpenAsync(
            new SwitchedMetaStore(_meta, _power),
            new SwitchedObjectStore(Faults, _power),
            new FileWalStore("/wal", Options.Wal, Disk),
            Options, Time, NullLoggerFactory.Instance, models: Models);
    }

    /// <summary>Cuts the power and puts the disk into the state in which the next start finds it.</summary>
    public async Task CrashAsync(bool powerCut)
    {
        _power.Off();
        Disk = Disk.Restart(powerCut);
        await AbandonAsync();
    }

    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _running, null) is { } running) await running.DisposeAsync();
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _power.Off();
        await AbandonAsync();
    }

    public CollectionInfo Collection(string name) => Milvus.Coordinator.Catalog.GetCollection("", name);

    public Task ExecuteAsync(CoordinatorCommand command) => Proxy.ExecuteAsync(RequestContext.Default, command);

    public ValueTask<LoadProgress> ProgressAsync(string name) => Proxy.Maintenance.GetLoadProgressAsync(Collection(name), [], CancellationToken.None);

    public ValueTask<bool> IsFlushedAsync(string name, Timestamp timestamp) =>
        Proxy.Maintenance.IsFlushedAsync(Collection(name), timestamp, CancellationToken.None);

    public ValueTask LoadedAsync(string name) => Proxy.Maintenance.WaitLoadedAsync(Collection(name), CancellationToken.None);

    // Its tasks end with errors: nothing it does reaches a disk any more.
    private async Task AbandonAsync()
    {
        if (Interlocked.Exchange(ref _running, null) is not { } dead) return;
        try
        {
            await dead.DisposeAsync();
        }
        catch (Exception e) when (e is SimulatedCrashException or MilvusException or IOException)
        {
        }
    }
}
