using Milvus.Model;
using Milvus.Segments;
using Milvus.StreamingNode;

namespace Milvus.Actors.Query;

/// <summary>
/// A sealed segment in this node's memory, whichever replicas of it the node was asked to hold. Readers take <see cref="Segment"/> as it is;
/// everything that changes it goes through here, one at a time.
/// </summary>
public sealed class LoadedReplica
{
    private readonly Lock _lock = new();
    private readonly HashSet<SegmentHold> _holds = [];
    private SealedSegment _segment;
    private CollectionInfo _collection;
    private long _applied;
    private long _generation;
    private bool _isRetired;

    /// <param name="applied">Log sequence up to which the segment has the channel's deletes.</param>
    public LoadedReplica(SealedSegment segment, CollectionInfo collection, long applied, long incarnation, long reservedBytes)
    {
        _segment = segment;
        _collection = collection;
        _applied = applied;
        Shard = new ShardId(collection.Id, segment.Manifest.Shard);
        Incarnation = incarnation;
        ReservedBytes = reservedBytes;
    }

    public long SegmentId => _segment.SegmentId;

    public ShardId Shard { get; }

    /// <summary>Differs for every time the segment is read anew.</summary>
    public long Incarnation { get; }

    /// <summary>The segment as it is now; indexes come and go with new instances over the same rows and deletes.</summary>
    public SealedSegment Segment => Volatile.Read(ref _segment);

    /// <summary>Every delete of the channel up to this log sequence is applied.</summary>
    public long AppliedDeletes => Interlocked.Read(ref _applied);

    /// <summary>What the memory budget counts for it. Guarded by whoever loads.</summary>
    internal long ReservedBytes { get; set; }

    /// <summary>Numbers of the replicas that this node was asked to hold.</summary>
    public int[] Replicas
    {
        get
        {
            lock (_lock) return [.. _holds.Select(h => h.Replica).Distinct()];
        }
    }

    /// <summary>Applies deletes of the channel in the order given. Applying any of them again changes nothing.</summary>
    /// <param name="after">The deletes between this and <paramref name="upTo"/> are all there.</param>
    /// <returns>False when deletes before <paramref name="after"/> are missing here.</returns>
    public bool Push(IReadOnlyList<LoggedDelete> deletes, long after, long upTo)
    {
        lock (_lock)
        {
            foreach (var d in deletes)
                if (d.Sequence > _applied && d.AppliesTo(_segment.PartitionId)) _segment.Delete(d.Keys, d.Timestamp);
            if (after > _applied) return false;
            if (upTo > _applied) Interlocked.Exchange(ref _applied, upTo);
            return true;
        }
    }

    /// <summary>Applies what tombstone files hold, which together with them is every delete up to a checkpoint.</summary>
    internal void CatchUp(IReadOnlyList<TombstoneBatch> deletes, long checkpoint)
    {
        lock (_lock)
        {
            foreach (var batch in deletes) _segment.Delete(batch);
            if (checkpoint > _applied) Interlocked.Exchange(ref _applied, checkpoint);
        }
    }

    /// <summary>Puts a form of the segment with other indexes in place; it shares rows and deletes with the present one.</summary>
    internal void Change(Func<SealedSegment, SealedSegment> change)
    {
        lock (_lock) Volatile.Write(ref _segment, change(_segment));
    }

    /// <summary>Follows the catalogue: a new schema, indexes that were dropped. True when indexes left.</summary>
    internal bool Follow(CollectionInfo collection)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_collection, collection)) return false;
            _collection = collection;
            if (_segment.Schema != collection.Schema) _segment.UseSchema(collection.Schema);
            var kept = _segment;
            foreach (var index in _segment.Indexes)
                if (collection.Indexes.All(i => i.Id != index.File.IndexId)) kept = kept.WithoutIndex(index.File);
            if (ReferenceEquals(kept, _segment)) return false;
            Volatile.Write(ref _segment, kept);
            return true;
        }
    }

    /// <summary>Keeps the segment here for as long as the hold is not let go of; false when it is leaving already.</summary>
    internal bool TryHold(SegmentHold hold)
    {
        lock (_lock)
        {
            if (_isRetired) return false;
            _holds.Add(hold);
            _generation++;
            return true;
        }
    }

    /// <summary>When that was the last hold, a number for <see cref="TryRetire"/>.</summary>
    internal long? LetGo(SegmentHold hold)
    {
        lock (_lock)
        {
            if (!_holds.Remove(hold) || _holds.Count > 0) return null;
            return ++_generation;
        }
    }

    /// <summary>True, once, when nobody holds the segment and nobody has since <paramref name="generation"/>; from then on nobody can.</summary>
    internal bool TryRetire(long? generation = null)
    {
        lock (_lock)
        {
            if (_isRetired || _holds.Count > 0 || (generation is { } g && g != _generation)) return false;
            return _isRetired = true;
        }
    }
}

/// <summary>That a node was asked to keep a replica; one per asking, told apart by identity.</summary>
internal sealed class SegmentHold(int replica)
{
    public int Replica { get; } = replica;
}
