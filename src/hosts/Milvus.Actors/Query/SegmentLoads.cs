using Microsoft.Extensions.Logging;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Coordinator;
using Milvus.Embedded.Collections;
using Milvus.Model;
using Milvus.QueryNode;
using Milvus.Segments;
using Milvus.Storage.Objects;

namespace Milvus.Actors.Query;

/// <summary>
/// Brings sealed segments into the node's <see cref="SegmentTable"/> and out of it again: a few loads at a time, within the memory budget, from object
/// storage. Replicas of one segment that meet on one node share its memory. Thread-safe.
/// </summary>
public sealed class SegmentLoads : IDisposable
{
    private readonly NodeServices _node;
    private readonly SegmentTable _table;
    private readonly IObjectStore _objects;
    private readonly SegmentFacts _facts;
    private readonly DamagedIndexes _damage;
    private readonly ILogger _logger;
    private readonly KeyedTurns _turns = new();
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _warming = new(1);
    private readonly CancellationTokenSource _stop = new();
    private int _loading;

    /// <param name="objects">Where segments are read from: the node's object store, or a cache in front of it.</param>
    public SegmentLoads(NodeServices node, SegmentTable table, IObjectStore objects, QueryOptions options)
    {
        _node = node;
        _table = table;
        _objects = objects;
        Options = options;
        _facts = new SegmentFacts(node.Meta, node.Time);
        _logger = node.Logging.CreateLogger<SegmentLoads>();
        _damage = new DamagedIndexes(_facts, node.Coordinator, _logger);
        _slots = new SemaphoreSlim(options.ConcurrentLoads);
        node.Catalog.Changed += Follow;
    }

    public QueryOptions Options { get; }

    /// <summary>Loads under way.</summary>
    public int Loading => Volatile.Read(ref _loading);

    /// <summary>Makes sure that the segment is here with the indexes asked for; answers <see cref="SegmentLoaded"/> or <see cref="SegmentLoadFailed"/>.</summary>
    internal async Task<IControlMessage> LoadAsync(LoadSegment wanted, SegmentHold hold, CancellationToken cancellation)
    {
        try
        {
            using var turn = await _turns.EnterAsync(wanted.SegmentId, cancellation).ConfigureAwait(false);
            var collection = await CollectionAsync(wanted.CollectionId, cancellation).ConfigureAwait(false);
            var replica = _table.Find(wanted.SegmentId);
            if (replica is not null && replica.TryHold(hold)) await RefreshAsync(replica, collection, wanted, cancellation).ConfigureAwait(false);
            else replica = await LoadAsync(collection, wanted, hold, cancellation).ConfigureAwait(false);
            return Describe(replica, wanted.Replica);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _logger.LogWarning(e, "Segment {Segment} of collection {Collection} could not be loaded", wanted.SegmentId, wanted.CollectionId);
            var code = (e as MilvusException)?.Code ?? ErrorCode.SegmentLoadFailed;
            return new SegmentLoadFailed(wanted.SegmentId, wanted.Replica, _node.Rpc.Self.ToString(), (int)code, e is MilvusException ? e.Message : $"segment load failed[segment={wanted.SegmentId}]: {e.Message}");
        }
    }

    /// <summary>Lets go of a segment, which leaves the memory after <paramref name="grace"/> unless somebody wants it again.</summary>
    internal void Release(long segmentId, SegmentHold hold, TimeSpan grace)
    {
        if (_table.Find(segmentId) is { } replica && replica.LetGo(hold) is { } generation) _ = RemoveLaterAsync(replica, generation, grace);
    }

    public void Dispose()
    {
        _node.Catalog.Changed -= Follow;
        _stop.Cancel();
        foreach (var replica in _table.Replicas)
            if (_table.Remove(replica)) _node.Memory.Release(replica.ReservedBytes);
    }

    private async Task<LoadedReplica> LoadAsync(CollectionInfo collection, LoadSegment wanted, SegmentHold hold, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        Interlocked.Increment(ref _loading);
        try
        {
            var (manifest, checkpoint) = await _facts.FindAsync(collection.Id, wanted.SegmentId, m => Covers(m, collection, wanted.IndexIds), cancellation).ConfigureAwait(false);
            var placement = SegmentPlacements.Resolve(manifest, collection, _node.Options.Placement, _node.Memory.AvailableBytes);
            var bytes = SealedSegmentReader.EstimateMemory(manifest, collection, placement);
            Reserve(bytes, $"segment {manifest.SegmentId} of collection {collection.Name}");
            try
            {
                // Of the moment before the reading: pushes that an earlier incarnation here acknowledged do not count for this one.
                var incarnation = (long)_node.Oracle.Next().Value;
                var segment = await ReadAsync(manifest, collection, checkpoint, placement, cancellation).ConfigureAwait(false);
                var replica = new LoadedReplica(segment, collection, checkpoint?.LogSequence ?? 0, incarnation, bytes);
                replica.TryHold(hold);
                _table.Add(replica);
                // The catalogue may have changed while the segment was not in the table yet.
                if (_node.Catalog.Catalog.FindCollection(collection.Id) is { } current && replica.Follow(current)) Recount(replica);
                _ = WarmTextsAsync(replica, collection);
                return replica;
            }
            catch
            {
                _node.Memory.Release(bytes);
                throw;
            }
        }
        finally
        {
            Interlocked.Decrement(ref _loading);
            _slots.Release();
        }
    }

    // One at a time, behind the readers: the first filter on words of the texts need not analyse them.
    private async Task WarmTextsAsync(LoadedReplica replica, CollectionInfo collection)
    {
        var segment = replica.Segment;
        if (!segment.ColdTexts().Any(f => CollectionTexts.IsWarmed(collection, f))) return;
        try
        {
            var takesTurns = !CollectionTexts.WaitsForService(segment);
            if (takesTurns) await _warming.WaitAsync(_stop.Token).ConfigureAwait(false);
            try
            {
                // Where memory is short a filter that asks has to wait.
                if (segment.ColdTexts().Where(f => CollectionTexts.IsWarmed(collection, f)).Sum(segment.EstimateTextBytes) > _node.Memory.AvailableBytes) return;
                var problem = await Task.Run(() => segment.WarmTextsAsync(_node.Objects, f => CollectionTexts.IsWarmed(collection, f), _stop.Token), _stop.Token).ConfigureAwait(false);
                if (problem is not null) _logger.LogWarning(problem, "Texts of segment {Segment} were analysed, their stored terms could not be used or written", segment.SegmentId);
                Recount(replica);
            }
            finally
            {
                if (takesTurns) _warming.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The node stops.
        }
        catch (Exception e)
        {
            _logger.LogWarning(e, "Texts of segment {Segment} are analysed when a filter asks", segment.SegmentId);
        }
    }

    // A segment that is here already: new indexes come in beside it, and deletes that only tombstone files still have.
    private async Task RefreshAsync(LoadedReplica replica, CollectionInfo collection, LoadSegment wanted, CancellationToken cancellation)
    {
        if (replica.Follow(collection)) Recount(replica);
        var lacks = wanted.IndexIds.Any(i => !Has(replica.Segment, i) && collection.Indexes.Any(x => x.Id == i));
        try
        {
            var (manifest, checkpoint) = await _facts.FindAsync(collection.Id, wanted.SegmentId, m => !lacks || Covers(m, collection, wanted.IndexIds), cancellation).ConfigureAwait(false);
            if (checkpoint is not null && checkpoint.LogSequence > replica.AppliedDeletes) await CatchUpAsync(replica, checkpoint, cancellation).ConfigureAwait(false);
            if (!lacks) return;
            foreach (var file in SealedSegmentReader.Current(manifest, collection).Indexes)
                if (!replica.Segment.HasIndex(file)) await AttachAsync(replica, file, cancellation).ConfigureAwait(false);
        }
        catch (MilvusException e) when (e.Code == ErrorCode.SegmentNotFound)
        {
            // Compacted away; it serves until it is released.
        }
        catch (Exception e) when (!lacks && e is not OperationCanceledException)
        {
            _logger.LogWarning(e, "Segment {Segment} stays as it is: its manifest could not be read", wanted.SegmentId);
        }
    }

    private async Task CatchUpAsync(LoadedReplica replica, ChannelCheckpoint checkpoint, CancellationToken cancellation)
    {
        var segment = replica.Segment;
        var deletes = new List<TombstoneBatch>();
        foreach (var file in checkpoint.Tombstones)
        {
            if (file.PartitionId != 0 && file.PartitionId != segment.PartitionId) continue;
            if (file.MaxTimestamp <= segment.Manifest.DeletesAppliedTo || file.MaxTimestamp <= segment.Manifest.MinTimestamp) continue;
            deletes.Add(await AgainIfDamagedAsync(file.ObjectKey, () => TombstoneFiles.ReadAsync(file, _objects, cancellation)).ConfigureAwait(false));
        }
        replica.CatchUp(deletes, checkpoint.LogSequence);
    }

    private async Task AttachAsync(LoadedReplica replica, SegmentIndexFile file, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation).ConfigureAwait(false);
        Interlocked.Increment(ref _loading);
        try
        {
            var bytes = AddedBytes(replica.Segment, file);
            Reserve(bytes, $"an index of segment {replica.SegmentId}");
            try
            {
                var attached = await AgainIfDamagedAsync(file.ObjectKey, () => replica.Segment.WithStoredIndexAsync(file, _objects, cancellation)).ConfigureAwait(false);
                if (attached.FindIndex(file) is { } index) replica.Change(segment => segment.WithIndex(index));
            }
            catch (IntegrityException e)
            {
                _logger.LogError(e, "Segment {Segment} goes on without index {Index}, whose file is damaged", replica.SegmentId, file.IndexId);
                _ = _damage.DiscardAsync(replica.Shard.CollectionId, replica.SegmentId, file);
            }
            finally
            {
                _node.Memory.Release(bytes);
                Recount(replica);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _loading);
            _slots.Release();
        }
    }

    // An index is derived data: a damaged one is left out, and its absence told to who asked.
    private async Task<SealedSegment> ReadAsync(SegmentManifest manifest, CollectionInfo collection, ChannelCheckpoint? checkpoint, SegmentPlacement placement, CancellationToken cancellation)
    {
        var reader = new SealedSegmentReader(_objects, placement);
        var readAgain = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            try
            {
                return await reader.LoadAsync(manifest, collection, checkpoint?.Tombstones ?? [], cancellation).ConfigureAwait(false);
            }
            catch (IntegrityException e) when (_objects is CachingObjectStore cache && readAgain.Add(e.DamagedSource))
            {
                // Perhaps only the copy is damaged.
                cache.Evict(e.DamagedSource);
            }
            catch (IntegrityException e) when (manifest.Indexes.Any(i => i.ObjectKey == e.DamagedSource))
            {
                _logger.LogError(e, "Segment {Segment} is loaded without a damaged index", manifest.SegmentId);
                foreach (var file in manifest.Indexes.Where(i => i.ObjectKey == e.DamagedSource)) _ = _damage.DiscardAsync(collection.Id, manifest.SegmentId, file);
                manifest = manifest with { Indexes = manifest.Indexes.RemoveAll(i => i.ObjectKey == e.DamagedSource) };
            }
        }
    }

    private async Task<T> AgainIfDamagedAsync<T>(string key, Func<Task<T>> read)
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (IntegrityException) when (_objects is CachingObjectStore cache)
        {
            cache.Evict(key);
            return await read().ConfigureAwait(false);
        }
    }

    private async Task<CollectionInfo> CollectionAsync(long id, CancellationToken cancellation)
    {
        if (_node.Catalog.Catalog.FindCollection(id) is { } known) return known;
        // Whoever asks may have heard of it earlier.
        await _node.Catalog.EnsureAsync(_node.Catalog.Catalog.Version + 1, cancellation).ConfigureAwait(false);
        return _node.Catalog.Catalog.FindCollection(id) ?? throw new MilvusException(ErrorCode.CollectionNotFound, $"collection not found[collection={id}]");
    }

    private void Reserve(long bytes, string what)
    {
        try
        {
            _node.Memory.Reserve(bytes, what);
        }
        catch (MilvusException e) when (e.Code == ErrorCode.MemoryLimitExceeded)
        {
            // What is only kept for late readers goes first; they find it elsewhere.
            var freed = 0L;
            foreach (var replica in _table.Replicas)
                if (replica.TryRetire()) freed += Remove(replica);
            if (freed == 0) throw;
            _node.Memory.Reserve(bytes, what);
        }
    }

    private async Task RemoveLaterAsync(LoadedReplica replica, long generation, TimeSpan grace)
    {
        try
        {
            await Task.Delay(grace, _node.Time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        if (!replica.TryRetire(generation)) return;
        var held = replica.Segment.HeldBytes;
        if (Remove(replica) > 0) MemoryReturn.After(held);
    }

    private long Remove(LoadedReplica replica)
    {
        if (!_table.Remove(replica)) return 0;
        lock (replica)
        {
            _node.Memory.Release(replica.ReservedBytes);
            var freed = replica.ReservedBytes;
            replica.ReservedBytes = 0;
            return freed;
        }
    }

    private void Follow(Catalog catalog)
    {
        foreach (var replica in _table.Follow(catalog)) Recount(replica);
        _facts.Keep(id => catalog.FindCollection(id) is not null);
    }

    // What an index takes once it is attached: its file, and codes that are made from the vectors.
    private static long AddedBytes(SealedSegment segment, SegmentIndexFile file) => Math.Max(
        0, SealedSegment.EstimateMemory(segment.Manifest.WithIndex(file), segment.Schema, segment.Placement) - SealedSegment.EstimateMemory(segment.Manifest, segment.Schema, segment.Placement));

    // Counts a segment again after an index came or went, or its texts were analysed.
    private void Recount(LoadedReplica replica)
    {
        var segment = replica.Segment;
        var bytes = SealedSegment.EstimateMemory(segment.Manifest, segment.Schema, segment.Placement) + segment.TextBytes;
        lock (replica)
        {
            if (replica.ReservedBytes == 0) return;
            _node.Memory.Add(bytes - replica.ReservedBytes);
            replica.ReservedBytes = bytes;
        }
    }

    private SegmentLoaded Describe(LoadedReplica replica, int number)
    {
        var segment = replica.Segment;
        return new SegmentLoaded(
            replica.SegmentId, number, _node.Rpc.Self.ToString(), replica.AppliedDeletes, replica.Incarnation,
            [.. segment.Indexes.Select(i => i.File.IndexId)], segment.RowCount, segment.Tombstones.Count, segment.MemoryBytes);
    }

    private static bool Has(SealedSegment segment, long indexId) => segment.Indexes.Any(i => i.File.IndexId == indexId);

    // Indexes that were dropped meanwhile are not waited for.
    private static bool Covers(SegmentManifest manifest, CollectionInfo collection, long[] indexIds) =>
        indexIds.All(i => manifest.Indexes.Any(f => f.IndexId == i) || collection.Indexes.All(x => x.Id != i));
}
