using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Milvus.DataNode;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Storage.Wal;
using Milvus.StreamingNode;

namespace Milvus.Embedded.Collections;

/// <summary>A shard that runs, or why it does not.</summary>
public readonly record struct ShardSlot(ShardDriver? Driver, MilvusException? Failure)
{
    /// <exception cref="MilvusException">The shard could not be recovered.</exception>
    public ShardDriver Running => Driver ?? throw Failure!;
}

/// <summary>
/// One collection in this process: its shard channels, its loaded segments and the work on them. A fault in it stays in it: no other
/// collection waits for it.
/// </summary>
public sealed class CollectionRuntime : IAsyncDisposable
{
    private readonly EngineServices _services;
    private CollectionInfo _info;
    private bool _garbage;

    private CollectionRuntime(CollectionInfo info, EngineServices services, ImmutableArray<ShardSlot> shards)
    {
        _info = info;
        _services = services;
        Shards = shards;
        ForeignRoots = ObjectNames.ForeignRoots(info.Id, Keys(info, services));
        Structure = new SerialLane(services.Logger);
        Builds = new SerialLane(services.Logger);
        Asking = new SerialLane(services.Logger);
        Loader = new CollectionLoader(this, services);
        Sealer = new CollectionSealer(this, services);
        Indexer = new CollectionIndexer(this, services);
        Compactor = new CollectionCompactor(this, services);
        Texts = new CollectionTexts(this, services);
    }

    /// <summary>The collection as the catalogue last described it.</summary>
    public CollectionInfo Info => Volatile.Read(ref _info);

    public ImmutableArray<ShardSlot> Shards { get; }

    /// <summary>Short jobs that change which segments there are.</summary>
    public SerialLane Structure { get; }

    /// <summary>Long jobs whose results are committed through <see cref="Structure"/>.</summary>
    public SerialLane Builds { get; }

    /// <summary>Rewriting of segments with what models answer, however long they take; as <see cref="Builds"/> otherwise.</summary>
    public SerialLane Asking { get; }

    // Their unfinished files are protected.
    private bool IsBuilding => Builds.Pending + Asking.Pending > 0;

    public CollectionLoader Loader { get; }

    public CollectionSealer Sealer { get; }

    public CollectionIndexer Indexer { get; }

    public CollectionCompactor Compactor { get; }

    public CollectionTexts Texts { get; }

    /// <summary>Recovers the shards from checkpoint and log. A shard that cannot be recovered is set aside with its reason.</summary>
    public static CollectionRuntime Open(CollectionInfo info, EngineServices services)
    {
        var slots = ImmutableArray.CreateBuilder<ShardSlot>(info.ShardCount);
        for (var shard = 0; shard < info.ShardCount; shard++) slots.Add(OpenShard(info, new ShardId(info.Id, shard), services));
        return new CollectionRuntime(info, services, slots.MoveToImmutable());
    }

    /// <summary>Where objects lie that it began with, when it is made of a snapshot.</summary>
    public ImmutableArray<string> ForeignRoots { get; }

    public ShardSlot Shard(int shard) => Shards[shard];

    /// <summary>Takes over a changed description: schema, partitions, truncation reach the channels before this returns.</summary>
    public async Task UpdateAsync(CollectionInfo info)
    {
        Volatile.Write(ref _info, info);
        var context = ChannelContext.Of(info);
        foreach (var slot in Shards)
            if (slot.Driver is { } driver) await driver.PostAsync(channel => channel.Update(context)).ConfigureAwait(false);
    }

    /// <summary>One look at what there is to do; cheap when there is nothing.</summary>
    public void Maintain()
    {
        Sealer.Maintain();
        Loader.Maintain();
        Indexer.Maintain();
        Compactor.Maintain();
        Texts.Maintain();
        if (Volatile.Read(ref _garbage) && !IsBuilding) QueueGarbage();
        foreach (var slot in Shards) slot.Driver?.ReleaseWhenIdle();
    }

    /// <summary>Removes in the background what nothing refers to any more; waits for builds, whose unfinished files are protected.</summary>
    public void QueueGarbage()
    {
        Volatile.Write(ref _garbage, true);
        if (IsBuilding) return;
        Structure.Start($"Removing dropped data of collection {Info.Name}", async cancellation =>
        {
            if (IsBuilding) return;
            Volatile.Write(ref _garbage, false);
            await CollectGarbageAsync(cancellation).ConfigureAwait(false);
            if (IsBuilding) Volatile.Write(ref _garbage, true);
        });
    }

    /// <summary>Removes what is stored of the collection and nothing refers to.</summary>
    public async Task CollectGarbageAsync(CancellationToken cancellation)
    {
        await _services.Garbage.CollectAsync(ObjectNames.Collection(Info.Id), cancellation).ConfigureAwait(false);
        await _services.Garbage.CollectAsync(ObjectNames.CollectionTombstones(Info.Id), cancellation).ConfigureAwait(false);
        foreach (var root in ForeignRoots) await _services.Garbage.CollectAsync(root, cancellation).ConfigureAwait(false);
    }

    /// <summary>What can be given back once nobody refers to the collection: memory and files.</summary>
    public long HeldBytes()
    {
        long bytes = 0;
        foreach (var slot in Shards)
        {
            if (slot.Driver is not { } driver) continue;
            var view = driver.Channel.View;
            foreach (var g in view.Growing) bytes += g.MemoryBytes;
            foreach (var s in view.Sealed) bytes += s.HeldBytes;
        }
        return bytes;
    }

    public async ValueTask DisposeAsync()
    {
        await Asking.DisposeAsync().ConfigureAwait(false);
        await Builds.DisposeAsync().ConfigureAwait(false);
        await Structure.DisposeAsync().ConfigureAwait(false);
        foreach (var slot in Shards)
            if (slot.Driver is { } driver) await driver.DisposeAsync().ConfigureAwait(false);
        Loader.ReleaseBudget();
    }

    private static IEnumerable<string> Keys(CollectionInfo info, EngineServices services)
    {
        foreach (var manifest in services.Segments.GetSegments(info.Id))
        {
            foreach (var column in manifest.Columns) yield return column.ObjectKey;
            foreach (var index in manifest.Indexes) yield return index.ObjectKey;
        }
        for (var shard = 0; shard < info.ShardCount; shard++)
            foreach (var file in services.Segments.GetCheckpoint(new ShardId(info.Id, shard))?.Tombstones ?? []) yield return file.ObjectKey;
    }

    private static ShardSlot OpenShard(CollectionInfo info, ShardId id, EngineServices services)
    {
        IChannelLog? log = null;
        try
        {
            var channel = new ShardChannel(id, ChannelContext.Of(info), services.Oracle, services.Options.Channel, services.Segments.GetCheckpoint(id));
            log = services.Wal.Open(id.ToString(), channel.CheckpointSequence);
            if (log.Recovery is { } cut)
                services.Logger.LogWarning("Channel {Channel}: cut {Bytes} unacknowledged bytes off {File}: {Reason}", id, cut.TruncatedBytes, cut.File, cut.Reason);
            ChannelRecovery.Replay(channel, log);
            return new ShardSlot(new ShardDriver(channel, log, () => services.Wal.Open(id.ToString(), channel.AppliedSequence), services.Logger), null);
        }
        catch (Exception e)
        {
            // Whatever it is, it stays with this shard: the other collections open.
            log?.Dispose();
            services.Logger.LogError(e, "Channel {Channel} of collection {Collection} could not be recovered", id, info.Name);
            return new ShardSlot(null, new MilvusException(ErrorCode.ChannelNotAvailable, $"channel not available[channel={id}]: {e.Message}", e));
        }
    }
}
