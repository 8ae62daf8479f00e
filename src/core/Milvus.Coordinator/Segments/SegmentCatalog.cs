using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Milvus.Coordinator.Persistence;
using Milvus.Coordinator.Service;
using Milvus.Coordinator.Snapshots;
using Milvus.Model;
using Milvus.Storage.Meta;

namespace Milvus.Coordinator.Segments;

/// <summary>
/// The sealed segments as stored in the meta store, held in memory. Follows the catalogue: what belongs to dropped collections, partitions
/// and indexes or was truncated goes by itself.
/// </summary>
/// <remarks>
/// What is garbage follows from the catalogue alone. So memory forgets it at once, and if the store fails to, the next start forgets it again.
/// </remarks>
public sealed partial class SegmentCatalog : ISegmentCatalog, ICatalogObserver, IAsyncDisposable
{
    private readonly MetaWriter _writer;
    private readonly Func<Catalog> _catalog;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _observersGate = new();

    private ImmutableArray<Action<SegmentChange>> _observers = [];
    private ImmutableDictionary<long, CollectionSegments> _collections;
    private ImmutableDictionary<long, SnapshotContent> _snapshots;

    // Collections with a commit of unknown outcome: they are read again before the next change. The objects that such commits name may be in use.
    private ImmutableDictionary<long, ImmutableArray<string>> _uncertain = ImmutableDictionary<long, ImmutableArray<string>>.Empty;
    private bool _disposed;

    private SegmentCatalog(MetaWriter writer, Func<Catalog> catalog, ImmutableDictionary<long, CollectionSegments> collections, ImmutableDictionary<long, SnapshotContent> snapshots, ILogger logger)
    {
        _writer = writer;
        _catalog = catalog;
        _collections = collections;
        _snapshots = snapshots;
        _logger = logger;
    }

    internal static async Task<SegmentCatalog> LoadAsync(MetaWriter writer, Func<Catalog> catalog, ILogger logger, CancellationToken cancellationToken)
    {
        var loaded = ImmutableDictionary.CreateBuilder<long, CollectionSegments>();
        var manifests = await LoadManifestsAsync(writer.Store, MetaLayout.Segments, cancellationToken).ConfigureAwait(false);
        foreach (var group in manifests.GroupBy(m => m.CollectionId))
            loaded[group.Key] = CollectionSegments.Empty.Apply(new SegmentChange { CollectionId = group.Key, Added = [.. group] });
        foreach (var checkpoint in await LoadCheckpointsAsync(writer.Store, MetaLayout.Channels, cancellationToken).ConfigureAwait(false))
        {
            var id = checkpoint.Shard.CollectionId;
            loaded[id] = loaded.GetValueOrDefault(id, CollectionSegments.Empty).Apply(new SegmentChange { CollectionId = id, Checkpoint = checkpoint });
        }
        foreach (var group in (await LoadImportedAsync(writer.Store, MetaLayout.Imported, cancellationToken).ConfigureAwait(false)).GroupBy(i => i.CollectionId))
            loaded[group.Key] = loaded.GetValueOrDefault(group.Key, CollectionSegments.Empty) with { Imports = [.. group.Select(i => i.JobId)] };
        var mutations = new List<MetaMutation>();
        foreach (var (id, segments) in loaded.ToArray())
        {
            if (catalog().FindCollection(id) is not { } collection)
            {
                loaded.Remove(id);
                mutations.AddRange(Forget(id));
            }
            else if (segments.Prune(collection) is { } garbage)
            {
                loaded[id] = segments.Apply(garbage);
                mutations.AddRange(Mutations(garbage));
            }
        }
        if (mutations.Count > 0) await writer.CommitAsync(mutations, cancellationToken).ConfigureAwait(false);
        var snapshots = SnapshotContents.Decode(await writer.Store.LoadAsync(MetaLayout.Snapshots, cancellationToken).ConfigureAwait(false));
        return new SegmentCatalog(writer, catalog, loaded.ToImmutable(), snapshots, logger);
    }

    public ImmutableArray<SegmentManifest> GetSegments(long collectionId) => Find(collectionId).Segments;

    public SegmentManifest? FindSegment(long collectionId, long segmentId) => Find(collectionId).Find(segmentId);

    public ChannelCheckpoint? GetCheckpoint(ShardId shard) => Find(shard.CollectionId).Checkpoints.GetValueOrDefault(shard.Shard);

    public Task CommitAsync(SegmentChange change, CancellationToken cancellationToken = default) =>
        UpdateAsync(change.CollectionId, _ => change, cancellationToken);

    public async Task UpdateAsync(long collectionId, Func<ImmutableArray<SegmentManifest>, SegmentChange?> decide, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _writer.ThrowIfFenced();
            if (_uncertain.ContainsKey(collectionId)) await ReloadAsync(collectionId).ConfigureAwait(false);
            var collection = _catalog().GetCollection(collectionId);
            if (decide(Find(collectionId).Segments) is not { } wanted) return;
            if (wanted.ImportId != 0 && IsImported(collectionId, wanted.ImportId)) return;
            if (wanted.CollectionId != collectionId) throw new ArgumentException("the change is about another collection", nameof(decide));
            await CommitAsync(Find(collectionId).Check(collection, wanted)).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public bool IsImported(long collectionId, long importId) => Find(collectionId).Imports.Contains(importId);

    public IEnumerable<string> LiveObjectKeys()
    {
        // First: what is certain by now is among the segments when they are looked at.
        foreach (var keys in Volatile.Read(ref _uncertain).Values)
            foreach (var key in keys) yield return key;
        foreach (var segments in Volatile.Read(ref _collections).Values)
        {
            foreach (var segment in segments.Segments)
            {
                foreach (var column in segment.Columns) yield return column.ObjectKey;
                foreach (var index in segment.Indexes) yield return index.ObjectKey;
            }
            foreach (var checkpoint in segments.Checkpoints.Values)
                foreach (var file in checkpoint.Tombstones) yield return file.ObjectKey;
        }
        foreach (var snapshot in Volatile.Read(ref _snapshots).Values)
            foreach (var key in snapshot.ObjectKeys) yield return key;
    }

    /// <summary>What a snapshot is made of; null for an unknown one.</summary>
    public SnapshotContent? FindSnapshot(long snapshotId)
    {
        if (Volatile.Read(ref _snapshots).GetValueOrDefault(snapshotId) is { } content) return content;
        // Of a collection that never had rows nothing is stored. The content of a dropped snapshot goes after the catalogue has forgotten the snapshot.
        return _catalog().FindSnapshot(snapshotId) is null ? null : new SnapshotContent([], []);
    }

    public IDisposable Subscribe(Action<SegmentChange> observer)
    {
        lock (_observersGate) _observers = _observers.Add(observer);
        return new Subscription(this, observer);
    }

    public async ValueTask OnCatalogChangedAsync(CatalogChange change)
    {
        foreach (var e in change.Events)
        {
            if (e is CollectionDropped dropped) await ForgetAsync(dropped.Collection).ConfigureAwait(false);
            else if (e is CollectionAltered { Aspect: CollectionAspect.Partitions or CollectionAspect.Content or CollectionAspect.Indexes } altered)
                await PruneAsync(altered.Collection).ConfigureAwait(false);
            else if (e is ImportRemoved import) await ForgetImportAsync(import).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        _disposed = true;
        _turn.Release();
    }

    private CollectionSegments Find(long collectionId) => Volatile.Read(ref _collections).GetValueOrDefault(collectionId, CollectionSegments.Empty);

    private void Publish(SegmentChange change)
    {
        Volatile.Write(ref _collections, _collections.SetItem(change.CollectionId, Find(change.CollectionId).Apply(change)));
        Notify(change);
    }

    private void Notify(SegmentChange change)
    {
        foreach (var observer in _observers)
        {
            try
            {
                observer(change);
            }
            catch (Exception e)
            {
                LogObserverFailure(_logger, e, change.CollectionId);
            }
        }
    }

    private async Task CommitAsync(SegmentChange change)
    {
        var mutations = Mutations(change);
        try
        {
            if (mutations.Count > 0) await _writer.CommitAsync(mutations).ConfigureAwait(false);
        }
        catch (MilvusException e) when (MetaWriter.IsUncertain(e))
        {
            Volatile.Write(ref _uncertain, _uncertain.SetItem(change.CollectionId, [.. _uncertain.GetValueOrDefault(change.CollectionId, []), .. Keys(change)]));
            if (!await TryConfirmAsync(change).ConfigureAwait(false)) throw;
            return;
        }
        Publish(change);
    }

    private static IEnumerable<string> Keys(SegmentChange change) =>
    [
        .. change.Added.Concat(change.Replaced).SelectMany(s => s.Columns.Select(c => c.ObjectKey).Concat(s.Indexes.Select(i => i.ObjectKey))),
        .. change.Checkpoint?.Tombstones.Select(t => t.ObjectKey) ?? [],
    ];

    // True when the store holds the change after all; memory then equals the store.
    private async Task<bool> TryConfirmAsync(SegmentChange change)
    {
        try
        {
            await ReloadAsync(change.CollectionId).ConfigureAwait(false);
        }
        catch (MilvusException)
        {
            return false;
        }
        var now = Find(change.CollectionId);
        var happened = change.Removed.All(id => now.Find(id) is null)
            && change.Added.Concat(change.Replaced).All(s => now.Find(s.SegmentId) is { } stored && SegmentCodec.Encode(stored).AsSpan().SequenceEqual(SegmentCodec.Encode(s)))
            && (change.ImportId == 0 || now.Imports.Contains(change.ImportId))
            && (change.Checkpoint is not { } c || (now.Checkpoints.GetValueOrDefault(c.Shard.Shard) is { } p && SegmentCodec.Encode(p).AsSpan().SequenceEqual(SegmentCodec.Encode(c))));
        if (happened) Notify(change);
        return happened;
    }

    private async Task ReloadAsync(long collectionId)
    {
        try
        {
            await _writer.CommitAsync([]).ConfigureAwait(false);
            var manifests = await LoadManifestsAsync(_writer.Store, MetaLayout.SegmentsOf(collectionId), CancellationToken.None).ConfigureAwait(false);
            var checkpoints = await LoadCheckpointsAsync(_writer.Store, MetaLayout.ChannelsOf(collectionId), CancellationToken.None).ConfigureAwait(false);
            var imported = await LoadImportedAsync(_writer.Store, MetaLayout.ImportedInto(collectionId), CancellationToken.None).ConfigureAwait(false);
            var segments = new CollectionSegments([.. manifests.OrderBy(m => m.SegmentId)], checkpoints.ToImmutableSortedDictionary(c => c.Shard.Shard, c => c))
            {
                Imports = [.. imported.Select(i => i.JobId)],
            };
            if (_catalog().FindCollection(collectionId) is { } collection && segments.Prune(collection) is { } garbage) segments = segments.Apply(garbage);
            Volatile.Write(ref _collections, _collections.SetItem(collectionId, segments));
            Volatile.Write(ref _uncertain, _uncertain.Remove(collectionId));
        }
        catch (IOException e)
        {
            throw new MilvusException(ErrorCode.IoFailed, $"cannot read metadata: {e.Message}: IO failed", e);
        }
    }

    private async Task ForgetAsync(CollectionInfo collection)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            // The keys went with the collection's own commit.
            var gone = Find(collection.Id);
            Volatile.Write(ref _collections, _collections.Remove(collection.Id));
            Volatile.Write(ref _uncertain, _uncertain.Remove(collection.Id));
            if (!gone.Segments.IsEmpty) Notify(new SegmentChange { CollectionId = collection.Id, Removed = [.. gone.Segments.Select(s => s.SegmentId)] });
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task ForgetImportAsync(ImportRemoved import)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            // The key went with the job's.
            if (_collections.TryGetValue(import.CollectionId, out var segments))
                Volatile.Write(ref _collections, _collections.SetItem(import.CollectionId, segments with { Imports = segments.Imports.Remove(import.Id) }));
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task PruneAsync(CollectionInfo collection)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Find(collection.Id).Prune(collection) is not { } garbage) return;
            Publish(garbage);
            await _writer.CommitAsync(Mutations(garbage)).ConfigureAwait(false);
        }
        catch (MilvusException e)
        {
            LogPruneFailure(_logger, e, collection.Id);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static List<MetaMutation> Mutations(SegmentChange change)
    {
        var mutations = new List<MetaMutation>();
        foreach (var id in change.Removed) mutations.Add(MetaMutation.Delete(MetaLayout.Segment(change.CollectionId, id)));
        foreach (var segment in change.Added.Concat(change.Replaced))
            mutations.Add(MetaMutation.Put(MetaLayout.Segment(change.CollectionId, segment.SegmentId), SegmentCodec.Encode(segment)));
        if (change.Checkpoint is { } checkpoint) mutations.Add(MetaMutation.Put(MetaLayout.Channel(checkpoint.Shard), SegmentCodec.Encode(checkpoint)));
        if (change.ImportId != 0) mutations.Add(MetaMutation.Put(MetaLayout.ImportedBy(change.CollectionId, change.ImportId), RecordWriter.Write(_ => { })));
        return mutations;
    }

    private static MetaMutation[] Forget(long collectionId) =>
        [MetaMutation.DeletePrefix(MetaLayout.SegmentsOf(collectionId)), MetaMutation.DeletePrefix(MetaLayout.ChannelsOf(collectionId)), MetaMutation.DeletePrefix(MetaLayout.ImportedInto(collectionId))];

    private static async Task<List<SegmentManifest>> LoadManifestsAsync(IMetaStore store, string prefix, CancellationToken cancellationToken) =>
        [.. (await store.LoadAsync(prefix, cancellationToken).ConfigureAwait(false)).Select(e => SegmentCodec.DecodeSegment(e.Key, e.Value))];

    private static async Task<List<ChannelCheckpoint>> LoadCheckpointsAsync(IMetaStore store, string prefix, CancellationToken cancellationToken) =>
        [.. (await store.LoadAsync(prefix, cancellationToken).ConfigureAwait(false)).Select(e => SegmentCodec.DecodeCheckpoint(e.Key, e.Value))];

    private static async Task<List<(long CollectionId, long JobId)>> LoadImportedAsync(IMetaStore store, string prefix, CancellationToken cancellationToken)
    {
        var found = new List<(long, long)>();
        foreach (var entry in await store.LoadAsync(prefix, cancellationToken).ConfigureAwait(false))
        {
            var parts = entry.Key[MetaLayout.Imported.Length..].Split('/');
            if (parts.Length != 2 || !long.TryParse(parts[0], CultureInfo.InvariantCulture, out var collection) || !long.TryParse(parts[1], CultureInfo.InvariantCulture, out var job)) throw new IntegrityException(entry.Key, "not the key of an import");
            found.Add((collection, job));
        }
        return found;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "An observer of segments failed at a change of collection {CollectionId}")]
    private static partial void LogObserverFailure(ILogger logger, Exception exception, long collectionId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Dropped segments of collection {CollectionId} stay in the meta store until the next start")]
    private static partial void LogPruneFailure(ILogger logger, Exception exception, long collectionId);

    private sealed class Subscription(SegmentCatalog catalog, Action<SegmentChange> observer) : IDisposable
    {
        public void Dispose()
        {
            lock (catalog._observersGate) catalog._observers = catalog._observers.Remove(observer);
        }
    }
}
