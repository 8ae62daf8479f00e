using System.Collections.Immutable;
using Milvus.Coordinator.Segments;
using Milvus.Model;
using Milvus.Segments;
using Milvus.Storage.Objects;
using Milvus.StreamingNode;

namespace Milvus.DataNode;

/// <summary>The deletes that a compaction folds in.</summary>
/// <param name="Batches">At least all deletes up to <paramref name="Horizon"/> that may concern the sources.</param>
/// <param name="Horizon">Rows deleted at or before it are left out; later deletes must be applied to the result again.</param>
public sealed record CompactionDeletes(ImmutableArray<TombstoneBatch> Batches, Timestamp Horizon);

/// <summary>Rewrites sealed segments as one, without what was deleted. Nothing here commits; the sources stay as they are.</summary>
public static class SegmentCompactor
{
    /// <summary>
    /// Gathers the deletes for a plan: those in the committed tombstone files and those still in the log. No checkpoint of the channel may be
    /// committed meanwhile, or deletes could move from one to the other unseen.
    /// </summary>
    /// <param name="retained">Deletes after it are kept readable: the horizon is not later.</param>
    public static async Task<CompactionDeletes> GatherDeletesAsync(
        IChannelHost host, CompactionPlan plan, ISegmentCatalog segments, IObjectStore objects, ITimestampOracle oracle, Timestamp retained, CancellationToken cancellation)
    {
        var files = segments.GetCheckpoint(new ShardId(plan.Sources[0].CollectionId, plan.Shard))?.Tombstones ?? [];
        var batches = await ReadTombstonesAsync(files, plan.PartitionId, objects, cancellation).ConfigureAwait(false);
        var (logged, applied) = await host.PostAsync(channel => (channel.Deletes.Since(Timestamp.Zero), oracle.Current)).ConfigureAwait(false);
        return new CompactionDeletes([.. batches, .. Batches(logged, plan.PartitionId)], retained < applied ? retained : applied);
    }

    /// <summary>The tombstone files that apply to a partition.</summary>
    public static async Task<IReadOnlyList<TombstoneBatch>> ReadTombstonesAsync(
        ImmutableArray<TombstoneFile> files, long partitionId, IObjectStore objects, CancellationToken cancellation)
    {
        var batches = new List<TombstoneBatch>();
        foreach (var file in files)
            if (file.PartitionId == 0 || file.PartitionId == partitionId) batches.Add(await TombstoneFiles.ReadAsync(file, objects, cancellation).ConfigureAwait(false));
        return batches;
    }

    /// <summary>The logged deletes that apply to a partition.</summary>
    public static IEnumerable<TombstoneBatch> Batches(IEnumerable<LoggedDelete> deletes, long partitionId)
    {
        foreach (var d in deletes)
        {
            if (!d.AppliesTo(partitionId)) continue;
            var times = new Timestamp[d.Keys.Count];
            times.AsSpan().Fill(d.Timestamp);
            yield return new TombstoneBatch(d.Keys, times);
        }
    }

    /// <summary>
    /// Writes the merged segment, and its indexes when asked. Everything under <see cref="ObjectNames.Collection"/> is to be protected from
    /// the garbage collector until the commit.
    /// </summary>
    /// <param name="place">The new segment.</param>
    /// <param name="now">Decides which rows have outlived the collection's TTL.</param>
    /// <param name="indexes">Null to leave the indexes to be built later.</param>
    /// <param name="filler">Computes outputs of functions that rows of the sources lack; null to leave them out.</param>
    /// <returns>The manifest; without rows it names no objects and must not be added.</returns>
    /// <exception cref="IntegrityException">An object of a source is missing or damaged.</exception>
    public static async Task<SegmentManifest> MergeAsync(
        CompactionPlan plan, CollectionInfo collection, CompactionDeletes deletes, SegmentPlace place, Timestamp now, IObjectStore objects, IndexBuildOptions? indexes,
        CancellationToken cancellation, IFunctionFiller? filler = null)
    {
        var merged = await Compactor.MergeAsync(
            plan.Sources, collection.Schema, deletes.Batches, place, deletes.Horizon, objects, ExpireBefore(collection, now), Expiry(collection, now), filler, cancellation).ConfigureAwait(false);
        return merged.RowCount == 0 || indexes is null ? merged : await IndexBuilder.BuildAllAsync(merged, collection, indexes, objects, cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes a plan's segments: one, or as many as it has parts, divided by the collection's clustering key.</summary>
    /// <param name="places">As many as the plan has parts.</param>
    /// <returns>Those that have rows, without indexes.</returns>
    public static async Task<ImmutableArray<SegmentManifest>> WriteAsync(
        CompactionPlan plan, CollectionInfo collection, CompactionDeletes deletes, IReadOnlyList<SegmentPlace> places, Timestamp now, IObjectStore objects, IFunctionFiller? filler,
        CancellationToken cancellation)
    {
        ImmutableArray<SegmentManifest> written = places.Count > 1 && ClusteringKey(collection) is { } key
            ? await Compactor.DivideAsync(
                plan.Sources, collection.Schema, key, deletes.Batches, places, deletes.Horizon, objects, ExpireBefore(collection, now), Expiry(collection, now), filler, cancellation).ConfigureAwait(false)
            : [await MergeAsync(plan, collection, deletes, places[0], now, objects, indexes: null, cancellation, filler).ConfigureAwait(false)];
        return written.RemoveAll(w => w.RowCount == 0);
    }

    /// <summary>The field that a collection's rows are to be divided by; null without one.</summary>
    public static FieldSchema? ClusteringKey(CollectionInfo collection) => collection.Schema.Fields.FirstOrDefault(f => f.IsClusteringKey && ColumnOrder.IsDefinedFor(f.Type));

    /// <summary>The commit that puts what was written in its sources' place.</summary>
    /// <param name="written">Segments with rows.</param>
    public static SegmentChange Change(CompactionPlan plan, ImmutableArray<SegmentManifest> written) => new()
    {
        CollectionId = plan.Sources[0].CollectionId,
        Added = written,
        Removed = [.. plan.Sources.Select(s => s.SegmentId)],
    };

    /// <summary>How rows expire by the collection's TTL field; null without one.</summary>
    public static FieldExpiry? Expiry(CollectionInfo collection, Timestamp now) => collection.TtlField is { } field ? new FieldExpiry(field, now.PhysicalMs * 1000) : null;

    /// <summary>Rows written before this were truncated away or have outlived the collection's TTL.</summary>
    public static Timestamp ExpireBefore(CollectionInfo collection, Timestamp now)
    {
        var truncated = collection.TruncatedAt == Timestamp.Zero ? Timestamp.Zero : new Timestamp(collection.TruncatedAt.Value + 1);
        if (collection.TtlSeconds is not { } ttl) return truncated;
        var expired = Timestamp.FromMs(Math.Max(0, now.PhysicalMs - (ttl * 1000)));
        return expired > truncated ? expired : truncated;
    }

    /// <summary>Rows that have expired, by their age, by their TTL field or by a truncation, whether deleted or not.</summary>
    public static long Expired(SealedSegment segment, CollectionInfo collection, Timestamp now)
    {
        var before = ExpireBefore(collection, now);
        var all = new ReadPoint(Timestamp.Max);
        var old = before == Timestamp.Zero ? 0 : segment.CountVisible(all) - segment.CountVisible(all with { ExpireBefore = before });
        return Math.Min(segment.RowCount, Expiry(collection, now) is { } expiry ? old + ExpiredRows.Count(segment, expiry) : old);
    }

    /// <summary>As <see cref="Expired(SealedSegment, CollectionInfo, Timestamp)"/> for a segment that is not in memory, as far as its manifest tells.</summary>
    public static long ExpiredAtLeast(SegmentManifest manifest, CollectionInfo collection, Timestamp now) =>
        manifest.MaxTimestamp < ExpireBefore(collection, now) ? manifest.RowCount : 0;

    /// <summary>
    /// Deleted rows of a segment that is not in memory; only an upper bound is known: the keys in tombstone files that are newer than its files.
    /// </summary>
    public static long DeletedAtMost(SegmentManifest manifest, ImmutableArray<TombstoneFile> tombstones, Timestamp horizon) => Math.Min(
        manifest.RowCount, tombstones.Where(t => t.MinTimestamp > manifest.DeletesAppliedTo && t.MaxTimestamp <= horizon).Sum(t => (long)t.Count));
}
