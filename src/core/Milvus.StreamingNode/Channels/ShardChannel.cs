using System.Collections.Immutable;
using Milvus.Model;
using Milvus.Segments;

namespace Milvus.StreamingNode;

/// <summary>What preparing one write came to: a record to log, or why it is refused. Nothing has changed either way.</summary>
public readonly record struct PrepareOutcome(WriteRecord? Record, MilvusException? Rejection);

/// <summary>A sealed segment in memory.</summary>
/// <param name="DeletesAppliedTo">It lacks the channel's logged deletes after this.</param>
public readonly record struct LoadedSegment(SealedSegment Segment, Timestamp DeletesAppliedTo);

/// <summary>What the channel needs to know of the outside; immutable, replaced when the catalogue changes.</summary>
public sealed record ChannelContext(CollectionSchema Schema, ImmutableHashSet<long> PartitionIds, Timestamp TruncatedAt)
{
    public static ChannelContext Of(CollectionInfo collection) =>
        new(collection.Schema, [.. collection.Partitions.Select(p => p.Id)], collection.TruncatedAt);
}

/// <summary>
/// One shard channel: orders the writes of one shard and holds its growing segments. Split into prepare (decides, changes nothing) and apply
/// (deterministic); a driver makes records durable in between and acknowledges afterwards. All members are for the single writer, except
/// <see cref="View"/> and <see cref="Gate"/>, which any thread may use.
/// </summary>
public sealed class ShardChannel
{
    private readonly ITimestampOracle _oracle;
    private readonly ChannelOptions _options;
    private readonly Dictionary<long, GrowingExtent> _growing = [];
    private readonly Dictionary<long, GrowingExtent> _openByPartition = [];
    private readonly List<SealedExtent> _committed = [];
    private ShardView _view = ShardView.Empty;
    private long _askedSequence;
    private volatile bool _isCheckpointAsked;

    public ShardChannel(ShardId id, ChannelContext context, ITimestampOracle oracle, ChannelOptions options, ChannelCheckpoint? checkpoint)
    {
        Id = id;
        Context = context;
        _oracle = oracle;
        _options = options;
        Gate = new ReadGate(oracle);
        if (checkpoint is not null)
        {
            CheckpointSequence = checkpoint.LogSequence;
            AppliedSequence = checkpoint.LogSequence;
            Tombstones = checkpoint.Tombstones;
            _committed.AddRange(checkpoint.Sealed);
        }
    }

    public ShardId Id { get; }

    public ChannelContext Context { get; private set; }

    /// <summary>The segments readers see. Safe from any thread.</summary>
    public ShardView View => Volatile.Read(ref _view);

    /// <summary>Where readers wait for their guarantee timestamp. Safe from any thread.</summary>
    public ReadGate Gate { get; }

    public DeleteHistory Deletes { get; } = new();

    /// <summary>The last record applied.</summary>
    public long AppliedSequence { get; private set; }

    /// <summary>The last record the committed checkpoint covers.</summary>
    public long CheckpointSequence { get; private set; }

    /// <summary>Tombstone files of the committed checkpoint.</summary>
    public ImmutableArray<TombstoneFile> Tombstones { get; private set; } = [];

    public IEnumerable<GrowingExtent> Growing => _growing.Values;

    /// <summary>Decides the records for writes that arrived together; later writes count on the earlier ones being logged before them.</summary>
    public PrepareOutcome[] Prepare(IReadOnlyList<ShardWrite> writes)
    {
        var projected = new Dictionary<long, (long Segment, long Rows, long Bytes)>();
        var outcomes = new PrepareOutcome[writes.Count];
        for (var i = 0; i < writes.Count; i++) outcomes[i] = PrepareOne(writes[i], projected);
        return outcomes;
    }

    private PrepareOutcome PrepareOne(ShardWrite write, Dictionary<long, (long Segment, long Rows, long Bytes)> projected)
    {
        foreach (var part in write.Inserts)
            if (!Context.PartitionIds.Contains(part.PartitionId))
                return new PrepareOutcome(null, new MilvusException(ErrorCode.PartitionNotFound, $"partition not found[partition={part.PartitionId}]"));

        var inserts = ImmutableArray.CreateBuilder<SegmentRows>(write.Inserts.Length);
        foreach (var part in write.Inserts)
        {
            if (part.Rows.RowCount == 0) continue;
            var bytes = part.Rows.ByteSize;
            if (!projected.TryGetValue(part.PartitionId, out var target))
            {
                target = _openByPartition.TryGetValue(part.PartitionId, out var open)
                    ? (open.Segment.SegmentId, open.Segment.RowCount, open.PayloadBytes)
                    : (0, 0, 0);
            }
            var isFull = target.Rows > 0 && (target.Rows + part.Rows.RowCount > _options.MaxSegmentRows || target.Bytes + bytes > _options.MaxSegmentBytes);
            if (target.Segment == 0 || isFull) target = (_oracle.NextIds(), 0, 0);
            projected[part.PartitionId] = (target.Segment, target.Rows + part.Rows.RowCount, target.Bytes + bytes);
            inserts.Add(new SegmentRows(part.PartitionId, target.Segment, part.Rows));
        }
        return new PrepareOutcome(
            new WriteRecord { Timestamp = _oracle.Next(), Deletes = write.Deletes, DeletePartitions = write.DeletePartitions, Inserts = inserts.ToImmutable() },
            null);
    }

    /// <summary>Applies a durable record: live, or from the log after a restart. Deterministic.</summary>
    public void Apply(long sequence, WriteRecord record)
    {
        if (sequence != AppliedSequence + 1)
            throw new IntegrityException($"channel {Id}", $"record {sequence} follows {AppliedSequence}");
        AppliedSequence = sequence;
        if (record.Deletes is { Count: > 0 } keys) ApplyDeletes(new LoggedDelete(sequence, record.Timestamp, keys, record.DeletePartitions));
        foreach (var rows in record.Inserts) ApplyInsert(sequence, record.Timestamp, rows);
    }

    private void ApplyDeletes(LoggedDelete delete)
    {
        Deletes.Add(delete);
        var view = _view;
        foreach (var g in view.Growing)
            if (delete.AppliesTo(g.PartitionId)) g.Delete(delete.Keys, delete.Timestamp);
        foreach (var s in view.Sealed)
            if (delete.AppliesTo(s.PartitionId)) s.Delete(delete.Keys, delete.Timestamp);
    }

    private void ApplyInsert(long sequence, Timestamp timestamp, SegmentRows rows)
    {
        if (timestamp <= Context.TruncatedAt || !Context.PartitionIds.Contains(rows.PartitionId) || IsCommitted(rows.SegmentId)) return;
        if (!_growing.TryGetValue(rows.SegmentId, out var extent))
        {
            extent = new GrowingExtent(new GrowingSegment(rows.SegmentId, rows.PartitionId, Context.Schema), sequence, timestamp);
            _growing.Add(rows.SegmentId, extent);
            _openByPartition[rows.PartitionId] = extent;
            Publish(_view.Growing.Add(extent.Segment), _view.Sealed);
        }
        extent.Segment.Append(rows.Rows, timestamp);
        extent.PayloadBytes += rows.Rows.ByteSize;
        extent.LastSequence = sequence;
    }

    /// <summary>Growing segments worth sealing now: full, old, or holding back the log.</summary>
    /// <param name="now">The present, as a hybrid timestamp.</param>
    /// <param name="logBytes">Bytes the channel's log takes at present.</param>
    public IReadOnlyList<GrowingExtent> SealCandidates(Timestamp now, long logBytes)
    {
        var list = new List<GrowingExtent>();
        foreach (var g in _growing.Values)
        {
            if (g.IsSealing) continue;
            var isReplaced = !_openByPartition.TryGetValue(g.Segment.PartitionId, out var open) || open != g;
            var isFull = g.PayloadBytes >= _options.MaxSegmentBytes || g.Segment.RowCount >= _options.MaxSegmentRows;
            var isOld = now.PhysicalMs - g.OpenedAt.PhysicalMs >= _options.MaxGrowingAgeMs;
            // Outputs of functions that were added later are computed for sealed rows.
            if (isReplaced || isFull || isOld || logBytes >= _options.MaxLogBytes || g.Segment.LacksOutputs) list.Add(g);
        }
        return list;
    }

    /// <summary>Closes segments for new rows; they stay visible until <see cref="CommitSeal"/>.</summary>
    public void BeginSeal(IEnumerable<GrowingExtent> extents)
    {
        foreach (var g in extents)
        {
            g.IsSealing = true;
            g.Segment.Close();
            if (_openByPartition.TryGetValue(g.Segment.PartitionId, out var open) && open == g) _openByPartition.Remove(g.Segment.PartitionId);
        }
    }

    /// <summary>The checkpoint that holds once the given segments are committed.</summary>
    /// <param name="alsoSealed">Segments whose files are written and about to be committed.</param>
    /// <param name="timestamp">The present; the checkpoint's is earlier when records after it are.</param>
    public ChannelCheckpoint PlanCheckpoint(IReadOnlyCollection<GrowingExtent> alsoSealed, ImmutableArray<TombstoneFile> tombstones, Timestamp timestamp)
    {
        var safe = AppliedSequence;
        foreach (var g in _growing.Values)
        {
            if (alsoSealed.Contains(g) || g.FirstSequence > safe) continue;
            safe = g.FirstSequence - 1;
            // Deletes from here on are not covered: whoever counts on the timestamp must not take them for folded in.
            if (g.OpenedAt <= timestamp) timestamp = new Timestamp(g.OpenedAt.Value - 1);
        }
        var sealedExtents = _committed.Concat(alsoSealed.Select(g => new SealedExtent(g.Segment.SegmentId, g.LastSequence)))
            .Where(s => s.LastSequence > safe).ToImmutableArray();
        return new ChannelCheckpoint { Shard = Id, LogSequence = safe, Timestamp = timestamp, Tombstones = tombstones, Sealed = sealedExtents };
    }

    /// <summary>True while a client waits for a checkpoint of what was written so far. Safe from any thread.</summary>
    public bool IsCheckpointAsked => _isCheckpointAsked;

    /// <summary>Makes a checkpoint due, also when there are deletes only.</summary>
    public void AskCheckpoint()
    {
        _askedSequence = AppliedSequence;
        _isCheckpointAsked = _askedSequence > CheckpointSequence;
    }

    /// <summary>Takes over a committed checkpoint; the deletes it covers are forgotten.</summary>
    public void CommitCheckpoint(ChannelCheckpoint checkpoint)
    {
        if (checkpoint.LogSequence >= _askedSequence) _isCheckpointAsked = false;
        CheckpointSequence = checkpoint.LogSequence;
        Tombstones = checkpoint.Tombstones;
        _committed.Clear();
        _committed.AddRange(checkpoint.Sealed);
        Deletes.Trim(checkpoint.LogSequence);
    }

    /// <summary>Replaces a growing segment by its sealed form, or by nothing when that is not loaded.</summary>
    public void CommitSeal(GrowingExtent extent, LoadedSegment? loaded)
    {
        _growing.Remove(extent.Segment.SegmentId);
        var sealedSegments = _view.Sealed;
        if (loaded is { } l && !IsGone(l.Segment))
        {
            CatchUp(l);
            sealedSegments = sealedSegments.RemoveAll(s => s.SegmentId == l.Segment.SegmentId).Add(l.Segment);
        }
        Publish(_view.Growing.Remove(extent.Segment), sealedSegments, dropsDeleted: true);
    }

    /// <summary>
    /// Swaps loaded sealed segments in one view: <paramref name="removed"/> (by id) out, <paramref name="added"/> in, after giving the latter
    /// the deletes of the log that they lack.
    /// </summary>
    public void SwapSealed(IReadOnlyCollection<LoadedSegment> added, IReadOnlyCollection<long> removed)
    {
        foreach (var a in added) CatchUp(a);
        var kept = _view.Sealed.RemoveAll(s => removed.Contains(s.SegmentId) || added.Any(a => a.Segment.SegmentId == s.SegmentId));
        Publish(_view.Growing, kept.AddRange(added.Select(a => a.Segment).Where(s => !IsGone(s))), dropsDeleted: true);
    }

    /// <summary>Puts <paramref name="replacement"/>, which shares the tombstones of <paramref name="current"/>, in its place, if that is still in view.</summary>
    public bool ReplaceSealed(SealedSegment current, SealedSegment replacement)
    {
        if (!_view.Sealed.Contains(current)) return false;
        Publish(_view.Growing, _view.Sealed.Replace(current, replacement));
        return true;
    }

    private void CatchUp(LoadedSegment loaded)
    {
        // It was read under the catalogue of a moment ago.
        if (loaded.Segment.Schema != Context.Schema) loaded.Segment.UseSchema(Context.Schema);
        foreach (var d in Deletes.Since(loaded.DeletesAppliedTo))
            if (d.AppliesTo(loaded.Segment.PartitionId)) loaded.Segment.Delete(d.Keys, d.Timestamp);
    }

    /// <summary>Takes over a changed catalogue: drops segments of partitions that are gone and rows that were truncated away.</summary>
    public void Update(ChannelContext context)
    {
        Context = context;
        foreach (var g in _growing.Values.Where(g => IsGone(g.Segment) && !g.IsSealing).ToList())
        {
            _growing.Remove(g.Segment.SegmentId);
            if (_openByPartition.TryGetValue(g.Segment.PartitionId, out var open) && open == g) _openByPartition.Remove(g.Segment.PartitionId);
        }
        var view = _view;
        foreach (var g in view.Growing) g.UseSchema(context.Schema);
        foreach (var s in view.Sealed) s.UseSchema(context.Schema);
        Publish(view.Growing.RemoveAll(IsGone), view.Sealed.RemoveAll(IsGone));
    }

    private bool IsGone(Segment s) => !Context.PartitionIds.Contains(s.PartitionId) || (s.RowCount > 0 && s.MaxTimestamp <= Context.TruncatedAt);

    private bool IsCommitted(long segmentId)
    {
        foreach (var s in _committed)
            if (s.SegmentId == segmentId) return true;
        return false;
    }

    private void Publish(ImmutableArray<GrowingSegment> growing, ImmutableArray<SealedSegment> sealedSegments, bool dropsDeleted = false) =>
        Volatile.Write(ref _view, new ShardView(growing, sealedSegments, dropsDeleted ? _oracle.Current : _view.CompleteFrom));
}
